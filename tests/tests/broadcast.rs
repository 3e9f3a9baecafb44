//! Broadcast and multicast: once each, and through the member that is nominated.

use std::net::{IpAddr, SocketAddr};

use ipmp_tests::{
    Capture, Netns, Rig, Topology,
    datagrams::{Inbox, Outbox},
    eventually::{SOON, eventually, holds},
    packet_socket::Direction,
    packets::{Packet, Protocol},
    topology::port,
};

const PORT: u16 = 9000;
const COUNT: usize = 50;
const GROUPS: [&str; 3] = ["10.9.0.255", "239.9.9.9", "ff15::909"];

fn addresses() -> impl Iterator<Item = IpAddr> {
    GROUPS.iter().map(|group| group.parse().expect("they are addresses"))
}

/// What is sent to `group` by `from` arrives at `to` exactly once.
fn assert_once(from: (&Netns, &str), to: (&Netns, &str), group: IpAddr) {
    let inbox = Inbox::open(to.0, to.1, group, PORT);
    let sent = Outbox::open(from.0, from.1, SocketAddr::new(group, PORT)).send_numbered(COUNT);
    assert_eq!(inbox.collect(COUNT), sent, "to {group}");
}

#[test]
fn the_host_hears_broadcast_and_multicast_once() {
    let rig = Rig::new(Topology::new().members(3));
    for group in addresses() {
        assert_once((rig.peer(), "eth0"), (rig.host(), "ipmp0"), group);
    }
}

#[test]
fn peers_hear_the_hosts_broadcast_and_multicast_once() {
    let rig = Rig::new(Topology::new().members(3));
    for group in addresses() {
        assert_once((rig.host(), "ipmp0"), (rig.peer(), "eth0"), group);
    }
}

#[test]
fn all_is_heard_once_after_the_nominated_member_fails_and_returns() {
    heard_once_after_failure_and_repair(&Rig::new(Topology::new().members(3)));
}

#[test]
fn all_is_heard_once_by_clsact_filters_too() {
    let rig = Rig::with_arguments(Topology::new().members(3), &["--attach", "clsact"]);
    heard_once_after_failure_and_repair(&rig);
}

fn heard_once_after_failure_and_repair(rig: &Rig) {
    let first = rig.nominee();
    rig.fail(first);
    assert_ne!(rig.nominee(), first);
    for group in addresses() {
        assert_once((rig.peer(), "eth0"), (rig.host(), "ipmp0"), group);
        assert_once((rig.host(), "ipmp0"), (rig.peer(), "eth0"), group);
    }
    rig.repair(first);
    for group in addresses() {
        assert_once((rig.peer(), "eth0"), (rig.host(), "ipmp0"), group);
    }
}

#[test]
fn the_host_does_not_hear_itself_through_the_switch() {
    let rig = Rig::new(Topology::new().members(3));
    let group_mac = rig.host().mac("ipmp0");
    let own: Vec<_> = (0..3).map(|member| rig.host().mac(&format!("e{member}"))).chain([group_mac]).collect();
    let heard = Capture::start(rig.host(), "ipmp0", move |packet: &Packet| {
        packet.ethernet().is_some_and(|header| own.contains(&header.source))
    });
    let peer = Capture::start(rig.peer(), "eth0", |packet: &Packet| {
        packet.udp().is_some_and(|udp| udp.destination == PORT)
    });
    for group in addresses() {
        Outbox::open(rig.host(), "ipmp0", SocketAddr::new(group, PORT)).send_numbered(COUNT);
    }
    eventually("everything at the peer", SOON, || {
        let count = peer.count(|_| true);
        holds(count == 3 * COUNT, || count)
    });
    let heard: Vec<_> = heard.seen().into_iter().filter(|frame| frame.direction == Direction::In).collect();
    assert!(heard.is_empty(), "{heard:?}");
}

#[test]
fn exactly_one_member_is_nominated() {
    let rig = Rig::new(Topology::new().members(3));
    for failed in [None, Some(rig.nominee())] {
        if let Some(member) = failed {
            rig.fail(member);
        }
        let shown = rig.daemon.json(&["stat", "-i"]);
        for flag in ["m", "b", "M"] {
            let rows = shown["interfaces"].as_array().unwrap();
            let count = rows.iter().filter(|row| row["flags"].as_str().unwrap().contains(flag)).count();
            assert_eq!(count, 1, "flag {flag}: {shown}");
        }
    }
}

#[test]
fn memberships_are_reported_through_the_new_nominated_member() {
    let rig = Rig::new(Topology::new().members(3));
    let (v4, v6): (IpAddr, IpAddr) = ("239.9.9.9".parse().unwrap(), "ff15::909".parse().unwrap());
    let _joined =
        [Inbox::open(rig.host(), "ipmp0", v4, PORT), Inbox::open(rig.host(), "ipmp0", v6, PORT + 1)];
    let captures: Vec<_> = (0..3)
        .map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), is_report))
        .collect();
    // The joins themselves are reported twice; those reports leave by the nominated member of now.
    let first = rig.nominee();
    rig.fail(first);
    let second = rig.nominee();
    for wanted in [Protocol::Igmp, Protocol::Icmpv6] {
        captures[second].until(&format!("a membership report of {wanted:?}"), |packet| {
            packet.control().is_some_and(|control| control.protocol == wanted) && names_group(packet)
        });
    }
}

/// Whether it is an `IGMPv2`, `IGMPv3` or `MLDv2` report.
fn is_report(packet: &Packet) -> bool {
    packet.control().is_some_and(|control| match control.protocol {
        Protocol::Igmp => matches!(control.kind, 0x16 | 0x22),
        Protocol::Icmpv6 => control.kind == 143,
        Protocol::Icmpv4 => false,
    })
}

/// Whether the report speaks of one of the two groups that the test has joined.
fn names_group(packet: &Packet) -> bool {
    let bytes = packet.build();
    let v6: [u8; 16] = GROUPS[2].parse::<std::net::Ipv6Addr>().expect("it is an address").octets();
    bytes.windows(4).any(|part| part == [239, 9, 9, 9]) || bytes.windows(16).any(|part| part == v6)
}
