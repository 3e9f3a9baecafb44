//! States of members as they follow from events.

use super::{super::*, SECOND};
use crate::engine::{
    action::Notice,
    fixture::{Rig, failed, group, net, notices, repaired, v4},
    view::{GroupState, ShownState},
};

#[test]
fn a_cut_cable_moves_what_was_on_it_and_purges_its_queue() {
    let mut rig = Rig::start(config::Group { addresses: (1..=3).map(net).collect(), ..group("aaa") });
    let actions = rig.down(0);
    let expected = [
        Action::Install(Box::new(rig.engine.assignment().clone())),
        Action::PurgeQueue(0),
        Action::Announce(vec![(v4(1), 1)]),
        Action::ReportMemberships,
        Action::Notify(Notice::LinkDown(0)),
        Action::Notify(failed(0)),
        Action::Notify(Notice::Moved { address: v4(1), from: Some(0), to: 1 }),
        Action::Notify(Notice::Nominated(1)),
    ];
    assert_eq!(actions, expected);
    assert_eq!(rig.shares(), [0, 512, 512]);
    assert_eq!(rig.down(0), [], "told again, nothing happens again");
}

#[test]
fn a_mended_cable_brings_everything_but_the_nomination_back() {
    let mut rig = Rig::start(config::Group { addresses: (1..=3).map(net).collect(), ..group("aaa") });
    rig.down(0);
    let actions = rig.up(0);
    let expected = [
        Action::Install(Box::new(rig.engine.assignment().clone())),
        Action::Announce(vec![(v4(1), 0)]),
        Action::Notify(Notice::LinkUp(0)),
        Action::Notify(repaired(0)),
        Action::Notify(Notice::Moved { address: v4(1), from: Some(1), to: 0 }),
    ];
    assert_eq!(actions, expected);
    assert_eq!(rig.shares(), [342, 341, 341]);
    assert!(rig.engine.view().members[1].nominated);
}

#[test]
fn a_member_taken_down_by_hand_counts_as_cut() {
    let mut rig = Rig::start(group("aa"));
    rig.change(0, |link| link.admin_up = false);
    let view = &rig.engine.view().members[0];
    assert!(view.admin_down);
    assert_eq!((view.state, rig.active()), (ShownState::Failed, vec![1]));
    rig.change(0, |link| link.admin_up = true);
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn a_standby_stands_in_and_steps_down() {
    let mut rig = Rig::start(group("aas"));
    assert_eq!(rig.active(), [0, 1]);
    assert_eq!(rig.engine.view().state, GroupState::Ok, "an idle standby does not degrade a group");
    let before = rig.shares();
    let actions = rig.down(0);
    assert!(notices(&actions).contains(&Notice::Activated(2)));
    assert_eq!(rig.shares(), [0, before[1], before[0]]);
    let actions = rig.up(0);
    assert!(notices(&actions).contains(&Notice::Deactivated(2)));
    assert_eq!(rig.shares(), before);
    rig.wait(SECOND);
    assert_eq!(
        rig.down(2).len(),
        3,
        "an idle standby that fails changes its backups, and two lines of the log"
    );
    assert_eq!(rig.engine.view().state, GroupState::Degraded);
}

#[test]
fn without_failback_a_repaired_member_waits_until_it_is_needed() {
    let addresses = (1..=4).map(net).collect();
    let mut rig = Rig::start(config::Group { failback: false, addresses, ..group("aaa") });
    rig.down(0);
    let before = rig.engine.assignment().clone();
    let actions = rig.up(0);
    assert_eq!(notices(&actions), [Notice::LinkUp(0), repaired(0), Notice::Deactivated(0)]);
    assert_eq!(rig.active(), [1, 2]);
    assert_eq!(rig.engine.assignment().usable, before.usable);
    let actions = rig.down(2);
    assert!(notices(&actions).contains(&Notice::Activated(0)));
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn when_all_are_cut_nothing_is_rewritten() {
    let mut rig = Rig::start(config::Group { addresses: (1..=2).map(net).collect(), ..group("aa") });
    rig.down(0);
    let before = rig.engine.assignment().clone();
    let actions = rig.down(1);
    let expected = Assignment { usable: ipmp_common::SlotSet::EMPTY, ..before };
    assert_eq!(*rig.engine.assignment(), expected);
    assert!(actions.contains(&Action::SetGroupLink { limits: Some(rig.links[&0].limits), running: false }));
    assert_eq!(notices(&actions), [Notice::LinkDown(1), failed(1), Notice::GroupUnusable]);
    assert!(!rig.wait(30 * SECOND).iter().any(|action| matches!(action, Action::Announce(_))));

    let actions = rig.up(1);
    assert!(
        actions.contains(&Action::Announce(vec![(v4(1), 1), (v4(2), 1)])),
        "nobody may remember: {actions:?}"
    );
    assert_eq!(notices(&actions), [Notice::LinkUp(1), repaired(1), Notice::GroupUsable(1)]);
}

fn flapping(roles: &str) -> Rig {
    let mut rig = Rig::start(config::Group { link_ups_per_minute: 2, ..group(roles) });
    for _ in 0..2 {
        rig.down(0);
        rig.wait(SECOND);
        rig.up(0);
    }
    rig.down(0);
    rig.wait(SECOND);
    rig
}

#[test]
fn a_flapping_member_is_repaired_when_the_minute_is_over() {
    let mut rig = flapping("aa");
    let actions = rig.up(0);
    assert_eq!(notices(&actions), [Notice::LinkUp(0), Notice::Flapping { member: 0, retry_in: 58 * SECOND }]);
    assert_eq!(rig.active(), [1]);
    assert_eq!(notices(&rig.wait(57 * SECOND)), []);
    assert_eq!(notices(&rig.wait(SECOND)), [repaired(0)]);
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn a_flapping_member_is_repaired_at_once_if_there_is_no_other() {
    let mut rig = flapping("a");
    assert_eq!(notices(&rig.up(0)), [Notice::LinkUp(0), repaired(0), Notice::GroupUsable(0)]);

    let mut rig = flapping("aa");
    rig.up(0);
    assert_eq!(rig.active(), [1]);
    rig.down(1);
    assert_eq!(rig.active(), [0]);
}

#[test]
fn a_link_of_another_index_is_another_link() {
    let mut rig = Rig::start(config::Group { addresses: (1..=2).map(net).collect(), ..group("aa") });
    let actions = rig.change(0, |link| link.ifindex = 50);
    assert_eq!(notices(&actions), [Notice::Absent(0), Notice::Appeared(0), Notice::Nominated(1)]);
    assert_eq!(rig.engine.view().members[0].slot, Some(2));
    assert_eq!(rig.host(v4(1)), Some(0));
    assert_eq!(rig.shares(), [512, 512]);
}

#[test]
fn a_new_mac_address_gets_a_new_slot_and_is_announced() {
    let mut rig = Rig::start(config::Group { addresses: (1..=2).map(net).collect(), ..group("aa") });
    let actions = rig.change(0, |link| link.mac.bytes[5] = 99);
    assert_eq!(actions[1..], [Action::Announce(vec![(v4(1), 0)]), Action::ReportMemberships]);
    assert_eq!(rig.engine.view().members[0].slot, Some(2));
    let moved = |bucket: &&ipmp_common::Choice| bucket.slot == 2;
    assert_eq!(rig.engine.assignment().buckets.iter().filter(moved).count(), 512);
    assert_eq!(rig.shares(), [512, 512]);
}

#[test]
fn a_new_mac_address_is_announced_though_every_slot_is_taken() {
    let mut rig = Rig::start(config::Group { addresses: vec![net(1)], ..group(&"a".repeat(64)) });
    let slot = rig.engine.view().members[0].slot;
    let actions = rig.change(0, |link| link.mac.bytes[5] = 99);
    assert_eq!(rig.engine.view().members[0].slot, slot);
    assert_eq!(actions[1..], [Action::Announce(vec![(v4(1), 0)]), Action::ReportMemberships]);
}

#[test]
fn of_two_members_with_one_mac_address_the_later_is_offline() {
    let mut rig = Rig::start(config::Group { addresses: (1..=3).map(net).collect(), ..group("aas") });
    let mac = rig.links[&1].mac;
    let actions = rig.change(0, |link| link.mac = mac);
    let told = notices(&actions);
    assert_eq!(told[..2], [Notice::Activated(2), Notice::DuplicateMac { member: 0, holder: 1 }]);
    let view = rig.engine.view();
    assert!(view.members[0].duplicate_mac);
    assert_eq!((view.members[0].state, view.state), (ShownState::Offline, GroupState::Degraded));
    assert_eq!(rig.active(), [1, 2]);

    let actions = rig.gone(1);
    assert_eq!(notices(&actions)[..2], [Notice::Absent(1), Notice::UniqueMac(0)]);
    assert_eq!(rig.active(), [0, 2]);
    rig.change(1, |_| {});
    assert_eq!(rig.active(), [0, 2], "the first to have the address keeps it");
    rig.change(0, |link| link.mac.bytes[5] = 77);
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn a_member_offline_for_its_mac_address_is_judged_by_its_link_when_it_is_back() {
    let mut rig = Rig::start(group("aa"));
    let (own, mac) = (rig.links[&1].mac, rig.links[&0].mac);
    rig.change(1, |link| link.mac = mac);
    rig.down(1);
    let actions = rig.change(1, |link| link.mac = own);
    assert_eq!(notices(&actions), [Notice::UniqueMac(1), failed(1)]);
    rig.up(1);
    assert_eq!(rig.active(), [0, 1]);
}

#[test]
fn shares_follow_the_speed_and_weights_that_are_set_win() {
    let mut rig = Rig::start(group("aa"));
    rig.change(0, |link| link.speed_mbps = Some(2500));
    assert_eq!(rig.shares(), [512, 512], "an unknown speed counts as the slowest known one");
    rig.change(1, |link| link.speed_mbps = Some(1000));
    assert_eq!(rig.shares(), [731, 293]);
    rig.down(1);
    rig.change(1, |link| link.speed_mbps = None);
    rig.up(1);
    assert_eq!(rig.shares(), [731, 293], "a link that is down has not become slower");

    let mut config = group("aa");
    (config.members[0].weight, config.members[1].weight) = (Some(11), Some(45));
    let mut rig = Rig::start(config);
    rig.change(0, |link| link.speed_mbps = Some(100_000));
    assert_eq!(rig.shares(), [201, 823]);
}
