//! Link and probes together.

use super::SECOND;
use crate::engine::{
    action::{Action, Notice},
    fixture::{
        lan::{Lan, probed, with_targets},
        notices,
    },
    member::MemberState::{Failed, NoTargets, Running},
};

#[test]
fn a_cut_link_stops_the_probes_and_a_mended_one_starts_them_afresh() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.down(0);
    let from = lan.sent.len();
    lan.wait(10 * SECOND);
    assert!(lan.sent[from..].iter().all(|sent| sent.probe.member == 1));
    lan.up(0);
    let from = lan.sent.len();
    lan.wait(5 * SECOND);
    assert!(lan.sent[from..].iter().any(|sent| sent.probe.member == 0));
}

#[test]
fn a_reply_that_arrives_while_the_link_is_down_counts_for_nothing() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.slow.insert(crate::engine::fixture::v4(1), SECOND / 2);
    lan.wait_for(2 * SECOND, |action| matches!(action, Action::SendProbe { probe, .. } if probe.member == 0));
    lan.down(0);
    lan.up(0);
    lan.slow.clear();
    lan.wait(9 * SECOND);
    assert_eq!(lan.states(), [Failed, Running], "nine answers after the link came back");
}

#[test]
fn with_a_test_address_ten_answers_are_damping_enough() {
    let mut lan = Lan::start(crate::config::Group { link_ups_per_minute: 2, ..with_targets("aa", 1) });
    for _ in 0..4 {
        lan.down(0);
        lan.up(0);
    }
    let told = notices(&lan.wait(15 * SECOND));
    assert!(matches!(told[..], [Notice::Repaired { member: 0, .. }]), "{told:?}");
}

#[test]
fn without_targets_a_link_that_flaps_is_damped() {
    let mut lan = Lan::start(crate::config::Group { link_ups_per_minute: 2, ..probed("aa") });
    for _ in 0..3 {
        lan.down(0);
        lan.up(0);
    }
    assert_eq!(lan.states(), [Failed, NoTargets]);
    lan.wait(61 * SECOND);
    assert_eq!(lan.states(), [NoTargets, NoTargets]);
}

#[test]
fn members_whose_links_return_carry_traffic_before_their_probes_agree() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.down(0);
    lan.down(1);
    assert!(lan.carrying().is_empty());
    lan.up(0);
    assert_eq!((lan.states(), lan.carrying()), (vec![Failed, Failed], vec![0]));
    lan.up(1);
    lan.wait(30 * SECOND);
    assert_eq!((lan.states(), lan.carrying()), (vec![Running, Running], vec![0, 1]));
}

#[test]
fn the_last_member_with_link_carries_though_it_is_silent() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.silence(0);
    lan.wait(10 * SECOND);
    assert_eq!(lan.carrying(), [1]);
    let actions = lan.down(1);
    assert_eq!((lan.states(), lan.carrying()), (vec![Failed, Failed], vec![0]));
    assert!(!actions.iter().any(|action| matches!(action, Action::SetGroupLink { running: false, .. })));
}

#[test]
fn standby_members_come_and_go_with_the_probes() {
    let mut lan = Lan::start(with_targets("aas", 1));
    lan.silence(0);
    lan.wait(10 * SECOND);
    assert_eq!(lan.carrying(), [1, 2]);
    lan.silence(1);
    lan.silence(2);
    lan.wait(10 * SECOND);
    assert_eq!((lan.states(), lan.carrying()), (vec![Failed; 3], vec![1, 2]));
    for member in 0..3 {
        lan.heal(member);
    }
    lan.wait(30 * SECOND);
    assert_eq!((lan.states(), lan.carrying()), (vec![Running; 3], vec![0, 1]));
}

#[test]
fn without_failback_those_that_carried_still_do_after_a_failure_of_the_group() {
    let mut lan = Lan::start(crate::config::Group { failback: false, ..with_targets("aaa", 1) });
    for member in 0..3 {
        lan.silence(member);
    }
    lan.wait(10 * SECOND);
    for member in 0..3 {
        lan.heal(member);
    }
    let before = lan.rig.engine.assignment().clone();
    lan.wait(30 * SECOND);
    assert_eq!(lan.states(), [Running; 3]);
    assert_eq!(*lan.rig.engine.assignment(), before);
}
