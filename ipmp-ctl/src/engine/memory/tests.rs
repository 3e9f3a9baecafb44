use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{
    config,
    engine::{
        action::{Action, Notice},
        event::Event,
        fixture::{
            group,
            lan::{Lan, with_targets},
            link, net, notices, v4,
        },
    },
};

const SECOND: Duration = Duration::from_secs(1);

fn addressed(roles: &str, addresses: u8) -> config::Group {
    config::Group { addresses: (1..=addresses).map(net).collect(), ..group(roles) }
}

fn host(lan: &Lan, n: u8) -> Option<MemberIndex> {
    lan.rig.host(v4(n))
}

#[test]
fn a_member_that_probes_failed_stays_failed_and_needs_its_ten_answers() {
    let config = with_targets("aaa", 2);
    let mut lan = Lan::start(config.clone());
    lan.silence(1);
    lan.wait(20 * SECOND);
    assert_eq!(lan.states()[1], MemberState::Failed);
    lan.heal(1);
    lan.wait(4 * SECOND);
    let before = lan.rig.engine.assignment().clone();
    let actions = lan.restart(config, SECOND);
    assert_eq!(notices(&actions), []);
    assert_eq!(*lan.rig.engine.assignment(), before);
    let is_repair = |action: &Action| matches!(action, Action::Notify(Notice::Repaired { member: 1, .. }));
    let restarted = lan.rig.now;
    let sent = lan.sent.len();
    assert!(lan.wait_for(20 * SECOND, is_repair).iter().any(is_repair));
    let asked = lan.sent[sent..].iter().filter(|sent| sent.probe.member == 1).count();
    assert!(
        (5..=8).contains(&asked),
        "{asked} more probes after about four answers, {:?}",
        lan.rig.now - restarted
    );
}

#[test]
fn a_silent_member_fails_as_soon_as_it_would_have() {
    let config = with_targets("aaa", 1);
    for losses in 1..5 {
        let mut lan = Lan::start(config.clone());
        lan.silence(2);
        let lost = |action: &Action| matches!(action, Action::ProbeDone(record) if record.probe.member == 2 && record.arrival.is_none());
        for _ in 0..losses {
            assert!(lan.wait_for(5 * SECOND, lost).iter().any(lost));
        }
        lan.restart(config.clone(), SECOND);
        let failed = |action: &Action| matches!(action, Action::Notify(Notice::Failed { member: 2, .. }));
        let actions = lan.wait_for(20 * SECOND, failed);
        let more = actions.iter().filter(|action| lost(action)).count();
        assert_eq!((losses, more), (losses, 5 - losses), "losses before and after the restart");
    }
}

#[test]
fn the_quiet_period_is_over_for_who_was_known() {
    let config = with_targets("aaa", 1);
    let mut lan = Lan::start(config.clone());
    lan.restart(config, SECOND);
    lan.silence(0);
    lan.wait(9 * SECOND);
    assert_eq!(lan.states(), [MemberState::Failed, MemberState::Running, MemberState::Running]);
}

#[test]
fn a_silent_group_keeps_its_flows() {
    let config = with_targets("aa", 1);
    let mut lan = Lan::start(config.clone());
    (0..2).for_each(|member| lan.silence(member));
    lan.wait(20 * SECOND);
    assert_eq!((lan.states(), lan.carrying()), (vec![MemberState::Failed; 2], vec![0, 1]));
    let before = lan.rig.engine.assignment().clone();
    assert_eq!(notices(&lan.restart(config, SECOND)), []);
    assert_eq!(*lan.rig.engine.assignment(), before);
    assert_eq!((lan.states(), lan.carrying()), (vec![MemberState::Failed; 2], vec![0, 1]));
}

#[test]
fn a_raised_failure_detection_time_and_the_round_trips_stay() {
    let config = with_targets("aa", 1);
    let mut lan = Lan::start(config.clone());
    lan.slow.insert(v4(1), 2 * SECOND);
    lan.wait(60 * SECOND);
    let before = lan.rig.engine.view();
    assert!(before.fdt > Some(config.failure_detection_time));
    lan.restart(config.clone(), SECOND);
    let after = lan.rig.engine.view();
    assert_eq!(after.fdt, before.fdt);
    let trips = |view: &crate::engine::view::GroupView| -> Vec<_> {
        view.targets
            .iter()
            .flat_map(|targets| &targets.targets)
            .map(|target| (target.address, target.rtt))
            .collect()
    };
    assert_eq!(trips(&after), trips(&before));
    let asked_anew = config::Group { failure_detection_time: SECOND * 14, ..config };
    lan.restart(asked_anew, SECOND);
    assert_eq!(lan.rig.engine.view().fdt, Some(SECOND * 14));
}

#[test]
fn hosts_that_answered_multicast_are_asked_again() {
    let config = with_targets("aa", 0);
    let mut lan = Lan::begin(config.clone());
    lan.hosts = vec![v4(7), v4(8)];
    lan.wait(30 * SECOND);
    assert_eq!(lan.active_targets(0).len(), 2);
    lan.hosts.clear();
    lan.restart(config, SECOND);
    let mut targets = lan.active_targets(0);
    targets.sort();
    assert_eq!(targets, [v4(7), v4(8)]);
}

#[test]
fn what_changed_while_nobody_looked_is_caught_up_with() {
    let config = config::Group { failback: false, ..addressed("aas", 2) };
    let mut lan = Lan::begin(config.clone());
    lan.down(0);
    assert_eq!(lan.carrying(), [1, 2]);
    // The first is repaired meanwhile, the second cut.
    lan.rig.links.insert(0, link(0));
    lan.rig.links.get_mut(&1).unwrap().carrier = false;
    let actions = lan.restart(config.clone(), SECOND);
    assert_eq!((lan.states()[0], lan.states()[1]), (MemberState::Running, MemberState::Failed));
    assert_eq!(lan.carrying(), [0, 2]);
    assert!(notices(&actions).contains(&Notice::Failed { member: 1, cause: Cause::Link }));
    // And all of them are gone, and an address with them.
    lan.rig.links.clear();
    let actions = lan.restart(config, SECOND);
    assert!(lan.carrying().is_empty());
    assert!(notices(&actions).contains(&Notice::Absent(2)));
}

#[test]
fn another_interface_of_the_same_name_is_not_what_was_known() {
    let config = with_targets("aa", 1);
    let mut lan = Lan::start(config.clone());
    lan.silence(0);
    lan.wait(20 * SECOND);
    assert_eq!(lan.states()[0], MemberState::Failed);
    lan.rig.links.get_mut(&0).unwrap().ifindex = 99;
    lan.restart(config, SECOND);
    assert_eq!(lan.states()[0], MemberState::Running);
}

#[test]
fn a_link_that_flaps_waits_on() {
    let config = config::Group { link_ups_per_minute: 1, ..group("aa") };
    let mut lan = Lan::begin(config.clone());
    for _ in 0..2 {
        lan.down(0);
        lan.up(0);
    }
    assert_eq!(lan.states()[0], MemberState::Failed);
    let actions = lan.restart(config, 10 * SECOND);
    assert_eq!(notices(&actions), []);
    assert_eq!(lan.states()[0], MemberState::Failed);
    lan.wait(49 * SECOND);
    assert_eq!(lan.states()[0], MemberState::Failed);
    lan.wait(2 * SECOND);
    assert_eq!(lan.states()[0], MemberState::Running);
}

#[test]
fn homes_stay_and_those_of_addresses_set_by_hand_too() {
    let config = addressed("aaa", 2);
    let mut lan = Lan::begin(config.clone());
    for n in 10..14 {
        lan.tell(Event::AddressAdded(v4(n)));
    }
    // Unbalanced: only a change of the members makes homes move.
    lan.tell(Event::AddressRemoved(v4(10)));
    lan.tell(Event::AddressRemoved(v4(13)));
    lan.down(1);
    let homes = lan.rig.engine.memory().homes;
    lan.restart(config, SECOND);
    assert_eq!(lan.rig.engine.memory().homes, homes);
    lan.up(1);
    for (address, home) in homes {
        assert_eq!(lan.rig.host(address), home[1..].parse().ok(), "{address} is not at home");
    }
}

#[test]
fn a_new_member_takes_as_many_homes_as_level_the_counts() {
    let mut lan = Lan::begin(addressed("aa", 6));
    lan.rig.links.insert(2, link(2));
    lan.restart(addressed("aaa", 6), SECOND);
    let hosts: Vec<_> = (1..=6).map(|n| host(&lan, n).unwrap()).collect();
    assert_eq!(hosts, [0, 1, 0, 1, 2, 2], "two have moved, no more");
}

#[test]
fn a_member_that_leaves_the_configuration_is_emptied_and_nothing_else_moves() {
    let mut lan = Lan::begin(addressed("aaa", 6));
    let before = lan.rig.engine.assignment().clone();
    lan.rig.links.remove(&2);
    lan.restart(addressed("aa", 6), SECOND);
    let after = lan.rig.engine.assignment();
    assert_eq!(lan.carrying(), [0, 1]);
    for (was, is) in before.buckets.iter().zip(&after.buckets).filter(|(was, _)| was.slot != 2) {
        assert_eq!(was.slot, is.slot);
    }
    assert!(after.buckets.iter().all(|bucket| bucket.slot != 2));
    let hosts: Vec<_> = (1..=6).map(|n| host(&lan, n).unwrap()).collect();
    assert_eq!((hosts[0], hosts[1], hosts[3], hosts[4]), (0, 1, 0, 1));
}

#[test]
fn a_change_of_roles_is_a_change_of_the_active_set() {
    let mut lan = Lan::begin(group("aaa"));
    lan.restart(group("aas"), SECOND);
    lan.wait(3 * SECOND);
    assert_eq!(lan.carrying(), [0, 1]);
    lan.restart(group("saa"), SECOND);
    lan.wait(3 * SECOND);
    assert_eq!(lan.carrying(), [1, 2]);
    lan.down(1);
    assert_eq!(lan.carrying(), [0, 2]);
    lan.restart(group("aaa"), SECOND);
    lan.wait(3 * SECOND);
    assert_eq!(lan.carrying(), [0, 2]);
    lan.up(1);
    assert_eq!(lan.carrying(), [0, 1, 2]);
}

#[test]
fn with_failback_switched_on_those_that_were_kept_back_return() {
    let without = config::Group { failback: false, ..group("aaa") };
    let mut lan = Lan::begin(without);
    lan.down(1);
    lan.up(1);
    assert_eq!(lan.carrying(), [0, 2]);
    lan.restart(group("aaa"), SECOND);
    assert_eq!(lan.carrying(), [0, 1, 2]);
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Down(MemberIndex),
    Up(MemberIndex),
    Silence(MemberIndex),
    Heal(MemberIndex),
    Wait(u8),
    Gone(MemberIndex),
    Back(MemberIndex),
}

fn step() -> impl Strategy<Value = Step> {
    let member = 0..4_usize;
    prop_oneof![
        member.clone().prop_map(Step::Down),
        member.clone().prop_map(Step::Up),
        member.clone().prop_map(Step::Silence),
        member.clone().prop_map(Step::Heal),
        member.clone().prop_map(Step::Gone),
        member.prop_map(Step::Back),
        (1..30_u8).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Wherever a daemon ends, the next one goes on as if it had not: nothing moves, nothing is news, and what follows is
    /// the same.
    #[test]
    fn a_new_engine_is_the_old_one(
        steps in proptest::collection::vec(step(), 0..12),
        roles in prop_oneof![Just("aaaa"), Just("aass"), Just("saas")],
        failback: bool,
        probed: bool,
    ) {
        let base = if probed { with_targets(roles, 2) } else { group(roles) };
        let config = config::Group { failback, addresses: (20..25).map(net).collect(), ..base };
        let mut lan = Lan::start(config.clone());
        for step in steps {
            match step {
                Step::Down(member) => drop(lan.down(member)),
                Step::Up(member) => drop(lan.up(member)),
                Step::Silence(member) => lan.silence(member),
                Step::Heal(member) => lan.heal(member),
                Step::Wait(seconds) => drop(lan.wait(SECOND * seconds.into())),
                Step::Gone(member) => {
                    lan.rig.links.remove(&member);
                    lan.tell(Event::LinkGone { member });
                }
                Step::Back(member) => {
                    lan.rig.links.insert(member, link(member));
                    lan.tell(Event::Link { member, link: link(member) });
                }
            }
        }
        let before = lan.rig.engine.clone();
        let (states, carrying) = (lan.states(), lan.carrying());
        let actions = lan.restart(config, Duration::ZERO);
        prop_assert_eq!(lan.rig.engine.assignment(), before.assignment());
        prop_assert_eq!(lan.carrying(), carrying);
        prop_assert_eq!(lan.states(), states);
        let news: Vec<_> = notices(&actions).into_iter().filter(|notice| !matches!(notice, Notice::Absent(_) | Notice::Missing { .. })).collect();
        prop_assert_eq!(news, []);
        let (old, new) = (before.memory(), lan.rig.engine.memory());
        prop_assert_eq!(new.homes, old.homes);
    }
}
