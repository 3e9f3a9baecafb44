//! What the administrator commands: members offline and back, standby and not, preferred and not.

use super::{super::*, SECOND};
use crate::engine::{
    action::{Cause, Notice},
    fixture::{
        Rig, group,
        lan::{Lan, with_targets},
        net, notices, v4,
    },
    member::MemberState::{self, Failed, Running},
    offline::Refusal,
    view::{GroupState, ProbeShown, ShownState},
};

const OFFLINE: MemberState = MemberState::Offline(member::OfflineBy::Administrator);

fn with_addresses(roles: &str, count: u8) -> config::Group {
    config::Group { addresses: (1..=count).map(net).collect(), ..group(roles) }
}

fn hosts(rig: &Rig, count: u8) -> Vec<MemberIndex> {
    (1..=count).map(|n| rig.host(v4(n)).unwrap()).collect()
}

#[test]
fn a_member_taken_offline_carries_nothing_and_comes_back_to_all_that_it_had() {
    let mut rig = Rig::start(with_addresses("aaa", 3));
    let before = rig.engine.assignment().clone();
    let actions = rig.offline(0, false).unwrap();
    assert_eq!(
        notices(&actions),
        [Notice::Offlined(0), Notice::Moved { address: v4(1), from: Some(0), to: 1 }, Notice::Nominated(1)]
    );
    assert!(actions.contains(&Action::Announce(vec![(v4(1), 1)])), "{actions:?}");
    assert_eq!((rig.active(), rig.shares()), (vec![1, 2], vec![0, 512, 512]));
    let view = rig.engine.view();
    assert_eq!((view.state, view.members[0].state), (GroupState::Degraded, ShownState::Offline));
    assert!(view.members[0].retired && !view.members[0].duplicate_mac && !view.members[0].admin_down);
    assert_eq!(rig.engine.assignment().slots, before.slots, "its program stays: what arrives is received");

    let actions = rig.online(0).unwrap();
    assert_eq!(
        notices(&actions),
        [Notice::Onlined(0), Notice::Moved { address: v4(1), from: Some(1), to: 0 }]
    );
    assert_eq!(rig.engine.assignment().bindings, before.bindings);
    assert_eq!(rig.shares(), [342, 341, 341]);
}

#[test]
fn only_an_active_member_that_goes_offline_needs_somebody_in_its_place() {
    let mut rig = Rig::start(with_addresses("aas", 4));
    let actions = rig.offline(1, false).unwrap();
    assert!(notices(&actions).contains(&Notice::Activated(2)));
    assert_eq!((rig.active(), hosts(&rig, 4)), (vec![0, 2], vec![0, 2, 0, 2]));
    let actions = rig.online(1).unwrap();
    assert!(notices(&actions).contains(&Notice::Deactivated(2)));
    assert_eq!((rig.active(), hosts(&rig, 4)), (vec![0, 1], vec![0, 1, 0, 1]));
    assert_eq!(notices(&rig.offline(2, false).unwrap()), [Notice::Offlined(2)]);
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn commands_are_refused_for_a_reason_and_then_change_nothing() {
    let mut rig = Rig::start(group("aa"));
    rig.gone(1);
    let before = rig.clone();
    for (member, force, refusal) in
        [(0, false, Refusal::NoOther), (1, true, Refusal::Absent), (7, true, Refusal::Absent)]
    {
        assert_eq!(rig.offline(member, force), Err(refusal), "{member}");
    }
    assert_eq!(rig.online(0), Err(Refusal::NotOffline));
    assert_eq!(rig.engine.view(), before.engine.view());
    assert_eq!(rig.engine.assignment(), before.engine.assignment());

    let actions = rig.offline(0, true).unwrap();
    assert!(notices(&actions).contains(&Notice::GroupUnusable));
    assert_eq!(rig.engine.view().state, GroupState::Failed);
    assert!(actions.iter().any(|action| matches!(action, Action::SetGroupLink { running: false, .. })));
    assert_eq!(rig.offline(0, true), Err(Refusal::AlreadyOffline));
    rig.online(0).unwrap();
    assert_eq!(rig.active(), [0]);
}

#[test]
fn in_a_failed_group_another_member_that_is_not_offline_is_enough() {
    let mut rig = Rig::start(group("aaa"));
    (0..3).for_each(|member| drop(rig.down(member)));
    rig.offline(0, false).unwrap();
    rig.offline(1, false).unwrap();
    assert_eq!(rig.offline(2, false), Err(Refusal::NoOther));
    rig.up(0);
    assert_eq!(rig.active(), [0; 0], "its link is seen, and it stays offline");
    rig.online(0).unwrap();
    rig.online(1).unwrap();
    let states = rig.engine.view().members.iter().map(|member| member.state).collect::<Vec<_>>();
    assert_eq!(states, [ShownState::Ok, ShownState::Failed, ShownState::Failed]);
}

#[test]
fn a_member_put_back_is_used_whatever_the_failback_policy_says() {
    let mut rig = Rig::start(config::Group { failback: false, ..with_addresses("aa", 2) });
    rig.offline(0, false).unwrap();
    rig.online(0).unwrap();
    assert_eq!((rig.active(), hosts(&rig, 2)), (vec![0, 1], vec![0, 1]));
}

#[test]
fn the_mark_outlives_the_interface_until_it_is_taken_back() {
    let mut rig = Rig::start(group("aa"));
    rig.offline(1, false).unwrap();
    rig.down(1);
    rig.up(1);
    rig.gone(1);
    assert_eq!(rig.engine.view().members[1].state, ShownState::Offline);
    rig.change(1, |_| {});
    rig.change(1, |link| link.ifindex = 99);
    assert_eq!((rig.active(), rig.engine.is_retired(1)), (vec![0], true));
    rig.gone(1);
    assert_eq!(notices(&rig.online(1).unwrap()), [Notice::Onlined(1)]);
    rig.change(1, |_| {});
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn one_that_is_offline_hides_nobody_with_its_mac_address_and_cannot_come_back_to_it() {
    let mut rig = Rig::start(group("aaa"));
    let mac = rig.links[&0].mac;
    rig.change(1, |link| link.mac = mac);
    assert_eq!(rig.active(), [0, 2]);
    assert_eq!(rig.offline(1, true), Err(Refusal::AlreadyOffline));
    assert_eq!(rig.online(1), Err(Refusal::NotOffline), "that is not the administrator's doing");
    let actions = rig.offline(0, false).unwrap();
    assert!(notices(&actions).contains(&Notice::UniqueMac(1)), "{actions:?}");
    assert_eq!(rig.active(), [1, 2]);
    assert_eq!(rig.online(0), Err(Refusal::DuplicateMac { holder: 1 }));
    rig.change(1, |link| link.mac.bytes[5] = 77);
    rig.online(0).unwrap();
    assert_eq!(rig.active(), [0, 1, 2]);
}

#[test]
fn one_that_is_offline_is_neither_announced_nor_kept_alive() {
    let mut rig = Rig::start(with_addresses("aa", 2));
    rig.offline(0, false).unwrap();
    for action in rig.wait(180 * SECOND) {
        match action {
            Action::Announce(all) => assert!(all.iter().all(|(_, member)| *member == 1), "{all:?}"),
            action => assert_ne!(action, Action::KeepAlive(0)),
        }
    }
}

#[test]
fn one_that_is_offline_is_not_probed_and_has_its_quiet_period_when_it_is_back() {
    let mut lan = Lan::start(with_targets("aa", 1));
    let now = lan.rig.now;
    lan.rig.engine.offline(0, false, now).unwrap();
    lan.wait(SECOND);
    assert_eq!(lan.states(), [OFFLINE, Running]);
    assert_eq!(lan.rig.engine.view().members[0].probe, ProbeShown::Disabled);
    let from = lan.sent.len();
    lan.wait(20 * SECOND);
    assert!(lan.sent[from..].iter().all(|sent| sent.probe.member == 1));

    lan.silence(0);
    let now = lan.rig.now;
    lan.rig.engine.online(0, now).unwrap();
    lan.wait(30 * SECOND);
    assert_eq!(lan.states(), [Running, Running], "nobody is failed in the quiet period");
    assert!(lan.sent[from..].iter().any(|sent| sent.probe.member == 0));
    lan.wait(30 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
}

#[test]
fn one_that_was_silent_when_it_went_offline_has_to_answer_before_it_is_used() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.silence(0);
    lan.wait(60 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
    let now = lan.rig.now;
    lan.rig.engine.offline(0, false, now).unwrap();
    lan.wait(5 * SECOND);
    let now = lan.rig.now;
    lan.rig.engine.online(0, now).unwrap();
    let actions: Vec<_> = std::iter::from_fn(|| lan.rig.engine.poll_action()).collect();
    assert!(notices(&actions).contains(&Notice::Failed { member: 0, cause: Cause::Probes }), "{actions:?}");
    lan.carry_out(actions);
    lan.wait(5 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
    lan.silent.clear();
    lan.wait(20 * SECOND);
    assert_eq!(lan.states(), [Running, Running]);
}

#[test]
fn an_offline_that_cannot_be_carried_out_leaves_everything_as_it_was() {
    for (roles, failback, cut, member) in
        [("aa", true, None, 0), ("aas", false, None, 1), ("aas", true, None, 2), ("aas", true, Some(0), 1)]
    {
        let mut rig = Rig::start(config::Group { failback, ..with_addresses(roles, 5) });
        cut.map(|cut| rig.down(cut));
        let members = |rig: &Rig| -> Vec<_> {
            let members = rig.engine.view().members.into_iter();
            members.map(|member| (member.state, member.active, member.inactive)).collect()
        };
        let before = (members(&rig), rig.engine.assignment().usable, hosts(&rig, 5), rig.shares());
        rig.offline(member, false).unwrap();
        rig.engine.undo_offline(member, rig.now);
        rig.tell(Event::InstallFailed);
        rig.wait(5 * SECOND);
        let after = (members(&rig), rig.engine.assignment().usable, hosts(&rig, 5), rig.shares());
        assert_eq!(after, before, "{roles} {failback} {member}");
        rig.engine.undo_offline(member, rig.now);
        assert_eq!(rig.engine.poll_action(), None, "there is nothing more to be undone");
    }
}

#[test]
fn a_member_made_standby_hands_over_and_one_that_is_none_any_more_takes_its_part() {
    let mut rig = Rig::start(with_addresses("aaa", 3));
    let actions = rig.set_standby(2, true);
    assert_eq!(notices(&actions)[0], Notice::Deactivated(2));
    assert_eq!((rig.active(), rig.shares()[2], hosts(&rig, 3)), (vec![0, 1], 0, vec![0, 1, 0]));
    assert_eq!(rig.engine.view().state, GroupState::Ok);
    rig.set_standby(1, true);
    assert_eq!(rig.active(), [0]);
    rig.set_standby(0, true);
    assert_eq!(rig.active(), [0], "somebody has to be active");
    rig.set_standby(0, false);
    let actions = rig.set_standby(2, false);
    assert_eq!(notices(&actions)[0], Notice::Activated(2));
    assert_eq!((rig.active(), hosts(&rig, 3)), (vec![0, 2], vec![0, 0, 2]), "homes are as they were dealt");
}

#[test]
fn the_highest_priority_is_activated_and_nominated_first_and_pushes_nobody_out() {
    let mut config = group("aasss");
    for (member, priority) in config.members.iter_mut().zip([100, 200, 50, 150, 150]) {
        member.priority = priority;
    }
    let mut rig = Rig::start(config.clone());
    let nominee = |rig: &Rig| rig.engine.view().members.iter().position(|member| member.nominated);
    assert_eq!(nominee(&rig), Some(1));
    rig.down(1);
    assert_eq!((rig.active(), nominee(&rig)), (vec![0, 3], Some(0)), "a standby is nominated last");
    rig.down(0);
    assert_eq!((rig.active(), nominee(&rig)), (vec![3, 4], Some(3)));
    rig.down(3);
    assert_eq!(rig.active(), [2, 4]);
    rig.up(3);
    assert_eq!(rig.active(), [2, 4], "nobody is pushed out");
    rig.up(1);
    assert_eq!(rig.active(), [1, 4], "the lowest priority steps down first");
    assert_eq!(nominee(&rig), Some(4), "nor is the nominee pushed out");

    let links = rig.links.iter().map(|(&member, &link)| (member, link)).filter(|(member, _)| *member > 1);
    let (rig, _) = Rig::start_with(config, None, links.collect(), vec![]);
    assert_eq!(rig.active(), [3, 4], "the first two by priority, though another one comes before them");
}

#[test]
fn a_member_that_joins_takes_the_part_of_others_that_are_still_away() {
    let mut rig = Rig::start(with_addresses("aaa", 6));
    rig.down(0);
    rig.down(1);
    assert_eq!(hosts(&rig, 6), [2; 6]);
    rig.up(0);
    let hosts_now = hosts(&rig, 6);
    assert_eq!(hosts_now.iter().filter(|member| **member == 0).count(), 3, "{hosts_now:?}");
    assert_eq!([hosts_now[0], hosts_now[3]], [0, 0], "its own are among them");
    assert_eq!([hosts_now[2], hosts_now[5]], [2, 2], "nobody loses its own");
    rig.up(1);
    assert_eq!(hosts(&rig, 6), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn a_member_that_a_new_configuration_makes_a_standby_hands_over() {
    let mut config = with_addresses("aaa", 3);
    let rig = Rig::start(config.clone());
    config.members[2].standby = true;
    let adopted = Some(rig.engine.assignment().clone());
    let (mut rig, _) = Rig::start_with(config, adopted, rig.links.clone(), (1..=3).map(v4).collect());
    assert_eq!((rig.active(), hosts(&rig, 3)), (vec![0, 1], vec![0, 1, 0]));
    rig.wait(5 * SECOND);
    assert_eq!((rig.shares(), rig.engine.carries(2)), (vec![512, 512, 0], false));
}
