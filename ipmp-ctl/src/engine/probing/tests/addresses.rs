//! Test addresses and sockets.

use super::SECOND;
use crate::{
    config::TestAddresses,
    engine::{
        action::{Action, Notice},
        event::{Event, Family},
        fixture::{
            lan::{Lan, local, of_both_families, with_targets},
            notices, v4,
        },
        member::{
            MemberState::{Failed, Offline, Running},
            OfflineBy,
        },
        view::ProbeShown,
    },
};

#[test]
fn a_member_that_is_present_gets_a_socket_on_its_first_test_address() {
    let mut lan = Lan::begin(with_targets("aa", 1));
    lan.rig.gone(0);
    let actions = lan.rig.change(0, |_| {});
    let listen = |source| Action::Listen { member: 0, family: Family::V4, source };
    assert!(actions.contains(&listen(Some(v4(100)))));
    let actions = lan.rig.change(0, |link| link.ifindex = 77);
    assert!(actions.contains(&listen(Some(v4(100)))), "another link needs another socket");
    assert!(lan.rig.gone(0).contains(&listen(None)));
}

#[test]
fn a_socket_that_is_refused_is_asked_for_each_second_and_its_member_judged_by_link() {
    let mut lan = Lan::begin(with_targets("aa", 1));
    lan.refused.insert(0);
    lan.tell(Event::Listening { member: 0, family: Family::V4, source: None });
    assert_eq!(lan.rig.engine.view().members[0].probe, ProbeShown::Disabled);
    let actions = lan.wait(10 * SECOND);
    let asked = actions.iter().filter(|action| matches!(action, Action::Listen { .. })).count();
    assert_eq!(asked, 10);
    assert_eq!(notices(&lan.wait(15 * SECOND)), [Notice::NoTestAddress(0)], "told once");
    lan.refused.clear();
    assert_eq!(notices(&lan.wait(2 * SECOND)), [Notice::TestAddressConfigured(0)]);
    assert_eq!(lan.rig.engine.view().members[0].probe, ProbeShown::Ok);
}

#[test]
fn nobody_hears_of_a_member_that_shall_have_no_test_address() {
    let mut config = with_targets("aa", 1);
    config.members[0].test_addresses = TestAddresses::None;
    let mut lan = Lan::begin(config);
    assert_eq!(notices(&lan.wait(60 * SECOND)), []);
}

#[test]
fn of_two_members_with_one_test_address_the_later_is_not_probed() {
    let mut config = with_targets("aa", 1);
    config.members[1].test_addresses = config.members[0].test_addresses.clone();
    let mut lan = Lan::begin(config);
    let view = lan.rig.engine.view();
    assert_eq!([view.members[0].probe, view.members[1].probe], [ProbeShown::Ok, ProbeShown::Disabled]);
    let actions = lan.rig.gone(0);
    assert!(notices(&actions).contains(&Notice::UniqueTestAddress { member: 1, address: v4(100) }));
    let actions = lan.rig.change(0, |_| {});
    assert!(notices(&actions).contains(&Notice::DuplicateTestAddress { member: 1, address: v4(100) }));
}

#[test]
fn a_changed_test_address_is_used_at_once() {
    let mut config = of_both_families("aa");
    config.targets = vec![local(1)];
    let mut lan = Lan::start(config);
    let change =
        |lan: &mut Lan, n, present| lan.tell(Event::TestAddress { member: 0, address: local(n), present });
    change(&mut lan, 500, true);
    let actions = change(&mut lan, 100, false);
    let listen = Action::Listen { member: 0, family: Family::V6, source: Some(local(500)) };
    assert!(actions.contains(&listen), "{actions:?}");
    assert_eq!(lan.states(), [Running, Running]);
}

#[test]
fn losing_every_test_address_leaves_the_judgement_to_the_link() {
    let mut config = of_both_families("aa");
    config.targets = vec![local(1)];
    let mut lan = Lan::start(config);
    lan.silence(0);
    lan.wait(10 * SECOND);
    assert_eq!(lan.states(), [Failed, Running]);
    lan.tell(Event::TestAddress { member: 0, address: local(100), present: false });
    assert_eq!(lan.states(), [Running, Running]);
}

#[test]
fn a_member_that_is_offline_is_not_probed() {
    let mut lan = Lan::start(with_targets("aa", 1));
    let mac = lan.rig.links[&0].mac;
    let actions = lan.rig.change(1, |link| link.mac = mac);
    assert!(actions.contains(&Action::Listen { member: 1, family: Family::V4, source: None }));
    assert_eq!(lan.states(), [Running, Offline(OfflineBy::DuplicateMac)]);
    let from = lan.sent.len();
    lan.wait(5 * SECOND);
    assert!(lan.sent[from..].iter().all(|sent| sent.probe.member == 0));
}
