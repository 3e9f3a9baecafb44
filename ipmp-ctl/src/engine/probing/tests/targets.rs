//! Whom the members ask.

use std::net::IpAddr;

use super::SECOND;
use crate::{
    config,
    engine::{
        action::{Action, Notice},
        event::{Event, Family, ProbeKind, RouteTargets},
        fixture::{
            data,
            lan::{Lan, local, of_both_families, probed, with_targets},
            net, notices, v4, v6,
        },
        member::MemberState::{Failed, NoTargets, Running},
        view::{TargetMode, TargetState},
    },
};

const DISCOVERY: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(224, 0, 0, 1));

/// The targets of the probes of detection of member 0, in their order, since `from` many were sent.
fn asked(lan: &Lan, from: usize) -> Vec<IpAddr> {
    let of = |sent: &&crate::engine::fixture::lan::Sent| {
        sent.probe.member == 0 && sent.probe.kind == ProbeKind::Detection
    };
    lan.sent[from..].iter().filter(of).map(|sent| sent.target).collect()
}

fn discoveries(lan: &Lan, from: usize) -> usize {
    lan.sent[from..].iter().filter(|sent| sent.target == DISCOVERY && sent.probe.member == 0).count()
}

fn mode(lan: &Lan) -> TargetMode {
    lan.rig.engine.view().targets[0].mode
}

#[test]
fn routers_of_the_test_prefix_are_asked_in_turn_and_nobody_else() {
    let mut lan = Lan::begin(probed("aa"));
    lan.tell(Event::Routes(RouteTargets {
        hosts: vec![],
        next_hops: vec![v4(1), "198.51.100.1".parse().unwrap(), v4(2), v4(101), local(1), v4(3), v4(4)],
    }));
    lan.wait(13 * SECOND);
    let asked = asked(&lan, 0);
    let expected: Vec<_> = [1, 2, 3, 4].map(v4).into_iter().cycle().take(asked.len()).collect();
    assert_eq!(asked, expected);
    assert!(asked.len() >= 12);
    assert_eq!((discoveries(&lan, 0), mode(&lan)), (0, TargetMode::Routes));
}

#[test]
fn host_routes_come_before_next_hops_and_named_targets_before_both() {
    let routes = RouteTargets { hosts: vec![v4(7), v4(8)], next_hops: vec![v4(1)] };
    let mut lan = Lan::begin(probed("a"));
    lan.tell(Event::Routes(routes.clone()));
    assert_eq!(lan.active_targets(0), [v4(7), v4(8)]);
    lan.tell(Event::Routes(RouteTargets { hosts: vec!["198.51.100.7".parse().unwrap()], ..routes.clone() }));
    assert_eq!(lan.active_targets(0), [v4(1)], "one that is off the link does not count");

    let mut lan = Lan::begin(with_targets("a", 2));
    lan.tell(Event::Routes(routes));
    lan.hosts = vec![v4(9)];
    lan.dead = [v4(1), v4(2)].into();
    lan.wait(60 * SECOND);
    let mut known: Vec<_> = lan.targets(0, Family::V4).into_iter().map(|target| target.address).collect();
    known.sort();
    assert_eq!(known, [v4(1), v4(2)]);
    assert_eq!(discoveries(&lan, 0), 0, "exactly those that are named");
}

#[test]
fn five_are_probed_and_the_others_are_spare() {
    let mut lan = Lan::begin(with_targets("a", 7));
    lan.wait(20 * SECOND);
    let states: Vec<_> = lan.targets(0, Family::V4).iter().map(|target| target.state).collect();
    assert_eq!(states.iter().filter(|&&state| state == TargetState::Active).count(), 5);
    assert_eq!(states[5..], [TargetState::Unused; 2]);
    lan.dead.insert(v4(2));
    let told = notices(&lan.wait(60 * SECOND));
    assert_eq!(told, [Notice::TargetDead { member: 0, target: v4(2) }]);
    assert!(lan.active_targets(0).contains(&v4(6)), "a spare one takes its turn");
    assert_eq!(lan.active_targets(0).len(), 5);
}

#[test]
fn routes_are_followed_but_not_away_while_the_group_is_failed() {
    let mut lan = Lan::begin(probed("aa"));
    lan.routers([1, 2]);
    lan.wait(20 * SECOND);
    lan.routers([2, 3]);
    assert_eq!(lan.targets(0, Family::V4).len(), 2);
    assert!(lan.active_targets(0).contains(&v4(3)));
    lan.silence(0);
    lan.silence(1);
    lan.wait(10 * SECOND);
    assert_eq!(lan.states(), [Failed, Failed]);
    lan.routers([4]);
    assert_eq!(lan.active_targets(0).len(), 3, "routes may be gone for the same reason");
    lan.heal(0);
    lan.wait(30 * SECOND);
    assert_eq!((lan.states(), lan.active_targets(0)), (vec![Running, Failed], vec![v4(4)]));
}

#[test]
fn without_routers_hosts_are_looked_for_shared_and_at_most_five() {
    let mut lan = Lan::begin(probed("aa"));
    lan.wait(5 * SECOND);
    assert_eq!((lan.states(), mode(&lan)), (vec![NoTargets, NoTargets], TargetMode::Multicast));
    let before = discoveries(&lan, 0);
    assert!((3..=6).contains(&before), "one for each interval: {before}");
    for host in 1..=7 {
        let event = Event::Responder { member: 1, family: Family::V4, address: v4(host) };
        lan.tell(event);
    }
    for stranger in [v4(100), "198.51.100.1".parse().unwrap(), local(5)] {
        lan.tell(Event::Responder { member: 1, family: Family::V4, address: stranger });
    }
    assert_eq!((lan.active_targets(0).len(), lan.active_targets(1).len()), (5, 5));
    assert_eq!(lan.states(), [Running, Running]);
    lan.wait(20 * SECOND);
    assert_eq!(discoveries(&lan, 0), before, "with more than one there is nothing to look for");
}

#[test]
fn with_one_host_every_probe_is_accompanied_by_a_search() {
    let mut lan = Lan::begin(probed("a"));
    lan.hosts = vec![v4(9)];
    lan.wait(5 * SECOND);
    let from = lan.sent.len();
    lan.wait(10 * SECOND);
    assert_eq!(asked(&lan, from).len(), discoveries(&lan, from));
}

#[test]
fn a_silent_host_is_dropped_and_another_one_looked_for() {
    let mut lan = Lan::begin(probed("aa"));
    lan.hosts = vec![v4(5), v4(6)];
    lan.wait(10 * SECOND);
    lan.dead.insert(v4(5));
    lan.hosts = vec![v4(6), v4(7)];
    let told = notices(&lan.wait(15 * SECOND));
    assert!(told.contains(&Notice::TargetDead { member: 0, target: v4(5) }), "{told:?}");
    assert_eq!(lan.states(), [Running, Running]);
    assert!(lan.active_targets(0).contains(&v4(7)), "{:?}", lan.active_targets(0));
}

#[test]
fn the_first_router_makes_all_hosts_go_and_the_last_one_brings_the_search_back() {
    let mut lan = Lan::begin(probed("a"));
    lan.hosts = vec![v4(5), v4(6)];
    lan.wait(10 * SECOND);
    assert_eq!(lan.active_targets(0).len(), 2);
    lan.routers([1]);
    assert_eq!((lan.active_targets(0), mode(&lan)), (vec![v4(1)], TargetMode::Routes));
    lan.wait(10 * SECOND);
    lan.routers([]);
    assert_eq!((lan.states(), mode(&lan)), (vec![NoTargets], TargetMode::Multicast));
    lan.wait(5 * SECOND);
    assert_eq!((lan.states(), lan.active_targets(0).len()), (vec![Running], 2));
}

#[test]
fn when_all_hosts_die_the_group_fails_forgets_them_and_finds_others() {
    let mut lan = Lan::begin(config::Group { addresses: vec![net(10)], ..probed("aa") });
    lan.hosts = vec![v4(5), v4(6)];
    lan.wait(20 * SECOND);
    let installed = lan.rig.engine.assignment().clone();
    lan.dead = [v4(5), v4(6)].into();
    let from = lan.sent.len();
    lan.wait(15 * SECOND);
    assert_eq!((lan.states(), lan.active_targets(0)), (vec![Failed, Failed], vec![]));
    assert!(discoveries(&lan, from) > 3);
    lan.hosts = vec![v4(8)];
    lan.wait(15 * SECOND);
    assert_eq!(lan.states(), [Running, Running]);
    assert_eq!(*lan.rig.engine.assignment(), installed);
}

#[test]
fn the_last_routers_are_asked_though_all_are_silent() {
    let mut lan = Lan::begin(with_targets("a", 3));
    lan.wait(20 * SECOND);
    lan.silence(0);
    lan.wait(30 * SECOND);
    let from = lan.sent.len();
    lan.wait(10 * SECOND);
    assert!((9..=11).contains(&asked(&lan, from).len()));
}

#[test]
fn a_family_without_a_named_target_is_not_probed() {
    let mut config = of_both_families("a");
    config.targets = vec![local(1)];
    let lan = Lan::start(config);
    assert!(lan.targets(0, Family::V4).is_empty());
    assert_eq!(lan.rig.engine.view().targets.len(), 1);
    assert!(lan.sent.iter().all(|sent| sent.target == local(1)));
}

#[test]
fn ipv6_is_probed_only_in_a_group_with_an_ipv6_address_and_only_link_local() {
    let mut config = probed("a");
    config.addresses.push(data(ipnet::IpNet::new(v6(1), 64).unwrap()));
    let mut lan = Lan::start(config);
    let routes = RouteTargets { hosts: vec![], next_hops: vec![v6(9), local(1)] };
    lan.tell(Event::Routes(routes.clone()));
    let addresses: Vec<_> = lan.targets(0, Family::V6).into_iter().map(|target| target.address).collect();
    assert_eq!(addresses, [local(1)]);

    let mut lan = Lan::start(probed("a"));
    let address = local(100);
    assert_eq!(lan.tell(Event::TestAddress { member: 0, address, present: true }).len(), 1);
    let listens = lan.tell(Event::AddressAdded(v6(1)));
    let listen = Action::Listen { member: 0, family: Family::V6, source: Some(address) };
    assert!(listens.contains(&listen), "{listens:?}");
}
