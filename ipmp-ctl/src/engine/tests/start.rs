//! The first moments of a daemon, and the chores that need no event.

use std::{collections::BTreeMap, time::Duration};

use super::{super::*, SECOND};
use crate::engine::{
    action::Notice,
    fixture::{Rig, failed, group, link, mac, net, notices, v4},
};

fn three_with_addresses() -> config::Group {
    config::Group { addresses: (1..=3).map(net).collect(), ..group("aaa") }
}

fn links(members: impl IntoIterator<Item = MemberIndex>) -> BTreeMap<MemberIndex, Link> {
    members.into_iter().map(|index| (index, link(index))).collect()
}

/// Ends the daemon and starts another one on what it leaves.
fn restart(rig: &Rig, config: config::Group) -> (Rig, Vec<Action>) {
    let addresses = config.addresses.iter().map(|data| data.net.addr()).collect();
    Rig::start_with(config, Some(rig.engine.assignment().clone()), rig.links.clone(), addresses)
}

#[test]
fn nothing_happens_before_the_first_snapshot() {
    let now = Instant::now();
    let mut engine = Engine::new(group("aa"), None, 0, now);
    engine.handle(Event::Link { member: 0, link: link(0) }, now);
    engine.handle(Event::AddressAdded(v4(1)), now);
    engine.handle(Event::InstallFailed, now);
    engine.handle_timeout(now + SECOND, &BTreeMap::new());
    assert_eq!(engine.poll_action(), None);
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn a_start_installs_then_brings_the_interface_up_then_announces() {
    let (rig, actions) =
        Rig::start_with(three_with_addresses(), None, links(0..3), (1..=3).map(v4).collect());
    let expected = [
        Action::Install(Box::new(rig.engine.assignment().clone())),
        Action::SetGroupLink { limits: Some(link(0).limits), running: true },
        Action::Announce(vec![(v4(1), 0), (v4(2), 1), (v4(3), 2)]),
        Action::ReportMemberships,
    ];
    assert_eq!(actions[..4], expected);
    let moved = |n, to| Notice::Moved { address: v4(n), from: None, to };
    assert_eq!(notices(&actions), [moved(1, 0), moved(2, 1), moved(3, 2), Notice::Nominated(0)]);
    assert_eq!(rig.shares(), [342, 341, 341]);
}

#[test]
fn a_link_that_is_down_at_the_start_goes_down_like_any_other() {
    let mut links = links(0..2);
    links.get_mut(&0).unwrap().carrier = false;
    let (rig, actions) = Rig::start_with(group("aa"), None, links, vec![]);
    assert_eq!(notices(&actions), [Notice::LinkDown(0), failed(0), Notice::Nominated(1)]);
    assert_eq!(rig.active(), [1]);
}

#[test]
fn a_group_that_starts_without_members_says_so_and_waits() {
    let (mut rig, actions) = Rig::start_with(group("aa"), None, links([]), vec![v4(1)]);
    assert!(actions.contains(&Action::SetGroupLink { limits: None, running: false }));
    let missing = Notice::Missing { address: v4(1), home: 0, to: None };
    assert_eq!(notices(&actions), [Notice::Absent(0), Notice::Absent(1), missing, Notice::GroupUnusable]);
    let actions = rig.change(1, |_| {});
    assert_eq!(
        notices(&actions),
        [
            Notice::Appeared(1),
            Notice::Moved { address: v4(1), from: None, to: 1 },
            Notice::Nominated(1),
            Notice::GroupUsable(1),
        ]
    );
}

#[test]
fn nothing_moves_when_the_daemon_starts_again() {
    // Who is cut before the restart, with and without failback.
    for failback in [true, false] {
        for history in [
            &[][..],
            &[(0, false)],
            &[(0, false), (0, true)],
            &[(1, false), (0, false), (1, true)],
            &[(0, false), (0, true), (2, false)],
        ] {
            for roles in ["aaa", "aas", "saass"] {
                let config =
                    config::Group { failback, addresses: (1..=5).map(net).collect(), ..group(roles) };
                let mut rig = Rig::start(config.clone());
                for &(member, up) in history {
                    if up {
                        rig.up(member)
                    } else {
                        rig.down(member)
                    };
                }
                let (after, actions) = restart(&rig, config);
                let case = format!("{roles}, failback {failback}, {history:?}");
                assert_eq!(after.engine.assignment(), rig.engine.assignment(), "{case}");
                assert!(!notices(&actions).iter().any(|n| matches!(n, Notice::Moved { .. })), "{case}");
            }
        }
    }
}

#[test]
fn a_cable_that_was_cut_between_two_daemons_fails_over_to_who_was_idle() {
    let config = config::Group { failback: false, ..group("aaa") };
    let mut rig = Rig::start(config.clone());
    rig.down(0);
    rig.up(0);
    assert_eq!(rig.active(), [1, 2]);
    rig.links.get_mut(&1).unwrap().carrier = false;
    let (after, actions) = restart(&rig, config);
    assert_eq!(after.active(), [0, 2]);
    assert_eq!(notices(&actions)[..3], [Notice::LinkDown(1), failed(1), Notice::Activated(0)]);
}

#[test]
fn who_keeps_a_mac_address_does_not_change_with_the_daemon() {
    let mut rig = Rig::start(three_with_addresses());
    let mac = rig.links[&1].mac;
    rig.change(0, |link| link.mac = mac);
    assert_eq!(rig.active(), [1, 2]);
    let (after, _) = restart(&rig, three_with_addresses());
    assert_eq!(after.active(), [1, 2]);
    assert!(after.engine.view().members[0].duplicate_mac);
}

#[test]
fn a_link_that_was_replaced_between_two_daemons_gets_another_slot() {
    let config = three_with_addresses();
    let mut rig = Rig::start(config.clone());
    rig.links.get_mut(&1).unwrap().ifindex = 77;
    let before = rig.engine.assignment().clone();
    let (after, _) = restart(&rig, config);
    let slots = &after.engine.assignment().slots;
    assert_eq!(slots.get(&0), before.slots.get(&0));
    assert_eq!(slots.get(&1), None);
    assert_eq!(slots.get(&3).map(|slot| slot.ifindex), Some(77));
    assert_eq!(after.host(v4(2)), Some(1));
}

#[test]
fn a_failed_installation_is_tried_again() {
    let mut rig = Rig::start(group("aa"));
    rig.wait(10 * SECOND);
    assert_eq!(rig.tell(Event::InstallFailed), []);
    let actions = rig.wait(INSTALL_AGAIN);
    assert_eq!(actions, [Action::Install(Box::new(rig.engine.assignment().clone()))]);
}

#[test]
fn every_member_shows_a_sign_of_life_each_minute() {
    let mut rig = Rig::start(config::Group { addresses: vec![net(1)], ..group("aass") });
    rig.down(1);
    rig.change(3, |link| link.mac = mac(0));
    rig.wait(10 * SECOND);
    for _ in 0..5 {
        let actions = rig.wait(60 * SECOND);
        assert!(actions.contains(&Action::Announce(vec![(v4(1), 0)])), "{actions:?}");
        assert!(actions.contains(&Action::KeepAlive(2)), "a member without address too: {actions:?}");
        assert!(!actions.contains(&Action::KeepAlive(1)), "not a dead one: {actions:?}");
        assert!(
            !actions.contains(&Action::KeepAlive(3)),
            "not one whose MAC address another has: {actions:?}"
        );
    }
}

#[test]
fn the_interface_follows_the_smallest_member_and_min_active() {
    let mut rig = Rig::start(config::Group { min_active: 2, ..group("aaa") });
    let small = Limits { mtu: 1400, ..link(0).limits };
    let actions = rig.change(2, |link| link.limits = small);
    assert_eq!(actions, [Action::SetGroupLink { limits: Some(small), running: true }]);
    rig.down(0);
    let actions = rig.gone(2);
    assert!(actions.contains(&Action::SetGroupLink { limits: Some(link(0).limits), running: false }));
    assert_eq!(rig.active(), [1]);
}

#[test]
fn test_addresses_stay_with_their_member() {
    let mut config = group("aa");
    config.members[1].test_addresses = config::TestAddresses::V4(vec![config::TestAddress {
        net: "192.0.2.21/24".parse().unwrap(),
        line: 1,
    }]);
    let mut rig = Rig::start(config);
    let local: IpAddr = "fe80::1".parse().unwrap();
    rig.tell(Event::TestAddress { member: 0, address: local, present: true });
    rig.down(1);
    let expected = BTreeMap::from([(v4(21), 1), (local, 0)]);
    assert_eq!(rig.engine.assignment().test_addresses, expected);
    rig.gone(1);
    rig.tell(Event::TestAddress { member: 0, address: local, present: false });
    assert!(rig.engine.assignment().test_addresses.is_empty());
}

#[test]
fn a_snapshot_catches_up_with_what_was_missed() {
    let mut rig = Rig::start(three_with_addresses());
    rig.links.get_mut(&0).unwrap().carrier = false;
    rig.links.remove(&1);
    let actions = rig.tell(Event::Snapshot { links: rig.links.clone(), addresses: vec![v4(1), v4(9)] });
    assert_eq!(rig.active(), [2]);
    assert_eq!([v4(1), v4(2), v4(9)].map(|address| rig.host(address)), [Some(2), None, Some(2)]);
    assert!(actions.contains(&Action::Announce(vec![(v4(1), 2), (v4(9), 2)])));
    assert_eq!(rig.wait(Duration::ZERO), []);
}

#[test]
fn addresses_of_a_missing_member_are_told_where_they_are_and_a_standby_stands_in() {
    let mut config = three_with_addresses();
    config.members[1].standby = true;
    let (mut rig, actions) = Rig::start_with(config, None, links([0, 1]), (1..=3).map(v4).collect());
    assert_eq!(rig.active(), [0, 1], "the standby stands in");
    let said = notices(&actions);
    // Homes are those of the members that are not standby: 0, 2, 0.
    let at = rig.host(v4(2)).expect("it is bound");
    assert!(said.contains(&Notice::Missing { address: v4(2), home: 2, to: Some(at) }), "{said:?}");
    let count = said.iter().filter(|notice| matches!(notice, Notice::Missing { .. })).count();
    assert_eq!(count, 1, "{said:?}");
    let actions = rig.change(2, |_| {});
    assert_eq!(rig.host(v4(2)), Some(2), "at home");
    assert_eq!(rig.active(), [0, 2], "the standby steps down");
    assert!(!notices(&actions).iter().any(|notice| matches!(notice, Notice::Missing { .. })));
}
