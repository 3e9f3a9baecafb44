//! What the link is told: which MAC address each data address has.

use std::net::IpAddr;

use ipmp_tests::{
    Capture, Ping, Rig, Topology,
    eventually::{SOON, eventually, holds},
    packet_socket::Direction,
    packets::Packet,
    plan,
    topology::port,
};

fn all_data(count: usize) -> Vec<IpAddr> {
    (0..count).flat_map(plan::data).collect()
}

/// Waits until the peer has for `address` the MAC of the member that the address is bound to.
fn until_peer_follows(rig: &Rig, address: IpAddr) {
    eventually(&format!("the peer knows the bound member's MAC for {address}"), SOON, || {
        let bound = rig.daemon.inbound(address);
        let wanted = bound.as_ref().map(|member| rig.host().mac(member).to_string());
        let known = rig.peer().neighbour("eth0", address).map(|mac| mac.to_string());
        holds(wanted.is_some() && known == wanted, || (bound, wanted, known))
    });
}

#[test]
fn bindings_are_level_over_the_members_from_the_start() {
    let rig = Rig::new(Topology::new().members(3));
    for pick in [0, 1] {
        let mut members: Vec<_> = (0..3).map(|index| rig.bound(plan::data(index)[pick])).collect();
        members.sort_unstable();
        assert_eq!(members, [0, 1, 2]);
    }
}

#[test]
fn arp_and_nd_answers_carry_the_bound_members_mac() {
    answers_carry_the_bound_members_mac(&Rig::new(Topology::new().members(3)));
}

#[test]
fn arp_and_nd_answers_carry_the_bound_members_mac_by_clsact_filters_too() {
    let rig = Rig::with_arguments(Topology::new().members(3), &["--attach", "clsact"]);
    answers_carry_the_bound_members_mac(&rig);
}

fn answers_carry_the_bound_members_mac(rig: &Rig) {
    for address in all_data(3) {
        rig.peer().ip("neigh flush dev eth0");
        Ping::to(address).until_answered(rig.peer());
        until_peer_follows(rig, address);
    }
}

#[test]
fn peers_caches_follow_on_failover_and_failback_by_themselves() {
    let rig = Rig::new(Topology::new().members(3));
    for address in all_data(3) {
        Ping::to(address).until_answered(rig.peer());
    }
    for member in 0..3 {
        rig.fail(member);
        for address in all_data(3) {
            until_peer_follows(&rig, address);
        }
        rig.repair(member);
        for address in all_data(3) {
            until_peer_follows(&rig, address);
        }
    }
}

#[test]
fn each_address_returns_to_its_home() {
    let rig = Rig::new(Topology::new().members(3));
    let homes: Vec<_> = all_data(3).into_iter().map(|address| rig.bound(address)).collect();
    rig.fail(1);
    for (&address, &home) in all_data(3).iter().zip(&homes) {
        let bound = rig.bound(address);
        assert!(bound != 1 && (home == 1 || bound == home), "{address} of member {home} is at {bound}");
    }
    rig.repair(1);
    for (address, home) in all_data(3).into_iter().zip(homes) {
        eventually(&format!("{address} at home"), SOON, || {
            let bound = rig.bound(address);
            holds(bound == home, || (bound, home))
        });
    }
}

#[test]
fn bindings_are_announced_at_start() {
    let topology = Topology::new().members(2).build();
    let capture = Capture::start(topology.peer(), "eth0", |packet: &Packet| {
        packet.arp().is_some() || packet.nd().is_some_and(|nd| nd.kind == 136)
    });
    let daemon = ipmp_tests::Daemon::start(topology.host(), &topology.hosts[0].group());
    let rig = Rig { daemon, topology };
    rig.until_settled();
    for address in all_data(2) {
        let mac = rig.host().mac(&rig.daemon.until_bound(address));
        let seen = capture.until(&format!("an announcement of {address} at {mac}"), |packet| match address {
            IpAddr::V4(address) => packet.arp().is_some_and(|arp| {
                (arp.operation, arp.sender, arp.target, arp.sender_mac) == (1, address, address, mac)
            }),
            IpAddr::V6(address) => packet.nd().is_some_and(|nd| {
                nd.target() == Some(address) && nd.link_address(2) == Some(mac) && nd.flags[0] & 0x20 != 0
            }),
        });
        assert_eq!(seen.ethernet().map(|header| header.source), Some(mac), "{seen}");
        assert!(seen.is_sound(), "{seen}");
    }
}

#[test]
fn a_moved_address_is_announced_four_times() {
    let rig = Rig::new(Topology::new().members(2));
    let address = plan::data_v4(0, 0);
    let home = rig.bound(address.into());
    let capture = Capture::start(rig.peer(), "eth0", move |packet: &Packet| {
        packet.arp().is_some_and(|arp| (arp.operation, arp.sender, arp.target) == (1, address, address))
    });
    rig.fail(home);
    let mac = rig.host().mac(&format!("e{}", 1 - home));
    eventually("four announcements", SOON, || {
        let count = capture.count(|packet| packet.arp().is_some_and(|arp| arp.sender_mac == mac));
        holds(count >= 4, || count)
    });
}

#[test]
fn every_question_of_the_group_leaves_by_the_member_it_speaks_for() {
    let rig = Rig::new(Topology::new().members(3));
    let captures: Vec<_> = (0..3)
        .map(|member| {
            Capture::start(&rig.topology.switch.netns, &port(0, member), |packet: &Packet| {
                packet.arp().is_some() || packet.nd().is_some_and(|nd| nd.kind == 135)
            })
        })
        .collect();
    for (index, address) in (0..3).flat_map(|index| plan::data(index).map(|address| (index, address))) {
        let peer = plan::peer(0)[usize::from(address.is_ipv6())];
        rig.host().ip("neigh flush dev ipmp0");
        Ping::to(peer).from(address).until_answered(rig.host());
        let bound = rig.bound(address);
        let mac = rig.host().mac(&format!("e{bound}"));
        let seen =
            captures[bound].until(&format!("a question of {address} ({index})"), |packet| match address {
                IpAddr::V4(address) => {
                    packet.arp().is_some_and(|arp| arp.sender == address && arp.target == peer)
                }
                IpAddr::V6(address) => packet.ipv6().is_some_and(|ip| ip.source == address),
            });
        let told = seen.arp().map(|arp| arp.sender_mac).or_else(|| seen.nd()?.link_address(1));
        assert_eq!((seen.ethernet().map(|header| header.source), told), (Some(mac), Some(mac)), "{seen}");
        assert!(seen.is_sound(), "{seen}");
    }
}

#[test]
fn a_members_own_mac_is_the_source_of_all_it_sends_for_the_group() {
    let rig = Rig::new(Topology::new().members(3));
    let captures: Vec<_> = (0..3)
        .map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), |_: &Packet| true))
        .collect();
    rig.until_reachable();
    for (member, capture) in captures.iter().enumerate() {
        let mac = rig.host().mac(&format!("e{member}"));
        for frame in capture.seen().iter().filter(|frame| frame.direction == Direction::In) {
            assert_eq!(frame.packet.ethernet().map(|header| header.source), Some(mac), "{}", frame.packet);
        }
    }
}

#[test]
fn an_address_added_by_hand_works() {
    let rig = Rig::new(Topology::new().members(3));
    for (address, length) in [("10.9.0.40", 24), ("fd09::40", 64)] {
        rig.host().ip(&format!("addr add {address}/{length} dev ipmp0"));
        let address: IpAddr = address.parse().unwrap();
        rig.until_settled();
        Ping::to(address).until_answered(rig.peer());
        Ping::to(plan::peer(0)[usize::from(address.is_ipv6())]).from(address).until_answered(rig.host());
        let bound = rig.bound(address);
        rig.fail(bound);
        Ping::to(address).until_answered(rig.peer());
        until_peer_follows(&rig, address);
        rig.repair(bound);
    }
}

#[test]
fn an_address_removed_by_hand_is_forgotten() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip(&format!("addr del {}/24 dev ipmp0", plan::data_v4(0, 1)));
    eventually("the address is no longer up", SOON, || {
        let row = ipmp_tests::daemon::stat::address(&rig.daemon, plan::data_v4(0, 1).into());
        holds(row.as_ref().is_none_or(|row| row["state"] == "down"), || row)
    });
}

#[test]
fn the_groups_link_local_address_is_reachable() {
    let rig = Rig::new(Topology::new().members(3));
    let group = eventually("a link-local address", SOON, || {
        rig.host().link_local("ipmp0").ok_or_else(|| rig.host().ip("addr show dev ipmp0"))
    });
    let peer = eventually("a link-local address", SOON, || rig.peer().link_local("eth0").ok_or(()));
    Ping::to(group.into()).by("eth0").until_answered(rig.peer());
    Ping::to(peer.into()).by("ipmp0").until_answered(rig.host());
}
