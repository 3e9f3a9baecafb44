//! Failure and repair.

use super::SECOND;
use crate::engine::{
    action::{Action, Cause, Notice},
    event::{Family, MemberIndex},
    fixture::{
        failed,
        lan::{Lan, of_both_families, probed, with_targets},
        net, notices, v4,
    },
    member::MemberState::{Failed, NoTargets, Running},
    view::{GroupState, ProbeShown},
};

fn silent(member: MemberIndex) -> Notice {
    Notice::Failed { member, cause: Cause::Probes }
}

fn answers(member: MemberIndex) -> Notice {
    Notice::Repaired { member, cause: Cause::Probes }
}

#[test]
fn a_silent_member_fails_within_the_time_and_returns_after_ten_answers() {
    let mut lan = Lan::start(with_targets("aa", 2));
    let before = lan.rig.now;
    lan.silence(0);
    let actions = lan.wait_for(20 * SECOND, |action| *action == Action::Notify(silent(0)));
    let took = lan.rig.now - before;
    assert!(took > 4 * SECOND && took < 8 * SECOND, "{took:?}");
    assert_eq!(notices(&actions)[0], silent(0));
    assert_eq!((lan.states(), lan.carrying()), (vec![Failed, Running], vec![1]));
    assert_eq!(lan.rig.engine.view().members[0].probe, ProbeShown::Failed);

    lan.wait(30 * SECOND);
    let before = lan.rig.now;
    lan.heal(0);
    let actions = lan.wait_for(30 * SECOND, |action| *action == Action::Notify(answers(0)));
    let took = lan.rig.now - before;
    assert!(took > 9 * SECOND && took < 12 * SECOND, "{took:?}");
    assert_eq!(notices(&actions)[0], answers(0));
    assert_eq!(lan.carrying(), [0, 1]);
}

#[test]
fn the_whole_group_silent_fails_but_flows_stay() {
    let mut lan = Lan::start(crate::config::Group { addresses: vec![net(10)], ..with_targets("aa", 2) });
    let assignment = lan.rig.engine.assignment().clone();
    lan.silence(0);
    lan.silence(1);
    let actions = lan.wait(10 * SECOND);
    assert_eq!(notices(&actions), [Notice::GroupSilent, silent(0), silent(1), Notice::GroupUnusable]);
    assert_eq!(*lan.rig.engine.assignment(), assignment);
    assert!(!actions.iter().any(|action| matches!(action, Action::Install(_) | Action::SetGroupLink { .. })));
    let view = lan.rig.engine.view();
    assert_eq!((view.state, view.addresses[0].inbound.clone()), (GroupState::Failed, None));

    lan.heal(0);
    lan.heal(1);
    let actions = lan.wait(30 * SECOND);
    let told = notices(&actions);
    assert_eq!(told.iter().filter(|notice| matches!(notice, Notice::Moved { .. })).count(), 0, "{told:?}");
    assert_eq!(*lan.rig.engine.assignment(), assignment, "nothing has ever moved");
    assert_eq!(lan.states(), [Running, Running]);
}

#[test]
fn who_stays_silent_when_the_group_recovers_leaves_after_one_failure_detection_time() {
    let mut lan = Lan::start(with_targets("aa", 2));
    lan.silence(0);
    lan.silence(1);
    lan.wait(20 * SECOND);
    lan.heal(1);
    lan.wait_for(30 * SECOND, |action| *action == Action::Notify(answers(1)));
    assert_eq!(lan.carrying(), [0, 1]);
    lan.wait(6 * SECOND);
    assert_eq!(lan.carrying(), [0, 1]);
    lan.wait(2 * SECOND);
    assert_eq!((lan.carrying(), lan.states()), (vec![1], vec![Failed, Running]));
}

#[test]
fn both_families_must_fail_and_either_repairs() {
    let mut lan = Lan::start(of_both_families("aa"));
    assert_eq!(lan.targets(0, Family::V6).len(), 1);
    lan.silent.insert((0, Family::V4));
    assert_eq!(notices(&lan.wait(30 * SECOND)), []);
    lan.silent.insert((0, Family::V6));
    assert_eq!(notices(&lan.wait(8 * SECOND))[0], silent(0));
    lan.silent.remove(&(0, Family::V6));
    assert_eq!(notices(&lan.wait(13 * SECOND))[0], answers(0));
}

#[test]
fn a_member_without_test_address_is_witness_enough() {
    let mut config = with_targets("aa", 2);
    config.members[1].test_addresses = crate::config::TestAddresses::None;
    let mut lan = Lan::start(config);
    lan.silence(0);
    lan.wait(10 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
}

#[test]
fn repair_needs_link_and_probes() {
    let mut lan = Lan::start(with_targets("aa", 2));
    let actions = lan.down(0);
    assert_eq!(notices(&actions)[..2], [Notice::LinkDown(0), failed(0)]);
    lan.wait(10 * SECOND);
    assert_eq!(notices(&lan.up(0)), [Notice::LinkUp(0)]);
    let told = notices(&lan.wait(9 * SECOND));
    assert_eq!(told, [], "earlier answers do not count");
    assert_eq!(notices(&lan.wait(4 * SECOND))[0], answers(0));
}

#[test]
fn without_anybody_to_probe_a_member_works_and_its_link_alone_repairs() {
    let mut lan = Lan::start(probed("aa"));
    assert_eq!(lan.states(), [NoTargets, NoTargets]);
    assert_eq!(lan.rig.engine.view().members[0].probe, ProbeShown::Unknown);
    assert_eq!(lan.rig.engine.view().state, GroupState::Ok);
    lan.down(0);
    lan.wait(SECOND);
    lan.up(0);
    assert_eq!(lan.states(), [NoTargets, NoTargets]);
}

#[test]
fn losses_count_after_forty_seconds_or_the_first_answer() {
    let mut lan = Lan::begin(with_targets("aa", 1));
    lan.silence(0);
    lan.wait(39 * SECOND);
    assert_eq!(lan.states(), [Running, Running]);
    lan.wait(3 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);

    let mut lan = Lan::begin(with_targets("aa", 1));
    lan.wait(3 * SECOND);
    lan.silence(0);
    lan.wait(8 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
}

#[test]
fn one_dead_target_among_others_is_left_out_and_comes_back_in_two_minutes() {
    let mut lan = Lan::start(with_targets("aa", 3));
    lan.dead.insert(v4(2));
    let told = notices(&lan.wait(40 * SECOND));
    assert_eq!(told.iter().filter(|n| matches!(n, Notice::TargetDead { member: 0, .. })).count(), 1);
    assert_eq!(lan.states(), [Running, Running]);
    assert!(!lan.active_targets(0).contains(&v4(2)));
    lan.dead.clear();
    lan.wait(60 * SECOND);
    assert!(!lan.active_targets(0).contains(&v4(2)));
    lan.wait(60 * SECOND);
    assert!(lan.active_targets(0).contains(&v4(2)));
}
