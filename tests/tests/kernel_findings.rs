//! Behaviour of the kernel that breaks a plausible packet path. Each test failed on a sketch before the design was mended.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use ipmp_common::{Reason, member::Mac};
use ipmp_tests::{
    Capture, Daemon, Netns, Ping, Rig, Topology,
    counters::reason,
    datagrams::{Inbox, Outbox},
    eventually::{A_WHILE, SOON, always, eventually, holds},
    packet_socket::{Direction, PacketSocket},
    packets::{BROADCAST, Packet, arp, arp_request, ethernet, ipv4, payload, udp, vlan},
    plan,
    topology::port,
};

const PORT: u16 = 9000;

fn is_test_packet(packet: &Packet) -> bool {
    packet.udp().is_some_and(|udp| udp.destination == PORT)
}

/// The switch floods a frame for a MAC that nobody has; a host that routes must not take it for its own.
#[test]
fn unicast_to_a_foreign_mac_is_not_forwarded() {
    let rig = Rig::new(Topology::new().peers(2));
    rig.host().set("ipv4/ip_forward", "1");
    rig.until_reachable();
    let captures: Vec<_> = (0..3)
        .map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), is_test_packet))
        .collect();
    let foreign = Mac { bytes: [2, 0xff, 0, 0, 0, 1] };
    let flooded = ethernet(rig.peer().mac("eth0"), foreign)
        / ipv4(plan::peer_v4(0), plan::peer_v4(1))
        / udp(1, PORT)
        / payload(b"not for the host");
    PacketSocket::open(rig.peer(), "eth0").send(&flooded);
    captures[0].until("the flooded frame at the host", |_| true);
    always("the host sends nothing on", A_WHILE, || {
        let sent: Vec<_> =
            captures.iter().flat_map(Capture::seen).filter(|seen| seen.direction == Direction::In).collect();
        holds(sent.is_empty(), || sent)
    });
}

#[test]
fn promiscuous_members_do_not_multiply_what_arrives() {
    let rig = Rig::new(Topology::new());
    for member in &rig.topology.hosts[0].members {
        rig.host().ip(&format!("link set {member} promisc on"));
    }
    for data in rig.data() {
        // The switch must flood: a frame to a MAC whose port it has forgotten reaches every member.
        let inbox = Inbox::open(rig.host(), "ipmp0", data, PORT);
        Ping::to(data).until_answered(rig.peer());
        rig.topology.switch.netns.ip("link set sw type bridge fdb_flush");
        let sent = Outbox::open(rig.peer(), "eth0", SocketAddr::new(data, PORT)).send_numbered(20);
        assert_eq!(inbox.collect(20), sent, "{data}");
    }
}

fn with_test_addresses() -> Rig {
    Rig::with(Topology::new(), |group| {
        (0..3).fold(group, |group, member| {
            let address = plan::test_v4(0, member);
            group.member(&format!("e{member}"), &[&format!("test-addresses = [\"{address}\"]")])
        })
    })
}

#[test]
fn arp_for_a_test_address_is_answered_once_by_its_member() {
    let rig = with_test_addresses();
    for member in 0..3 {
        let (address, peer) = (plan::test_v4(0, member), plan::peer_v4(0));
        let answers = Capture::start(rig.peer(), "eth0", move |packet: &Packet| {
            packet.arp().is_some_and(|arp| arp.operation == 2 && arp.sender == address)
        });
        let own = rig.peer().mac("eth0");
        PacketSocket::open(rig.peer(), "eth0").send(&arp_request(own, peer, address));
        answers.until(&format!("an answer for {address}"), |_| true);
        always("only one answer", A_WHILE, || {
            let seen = answers.seen();
            holds(seen.len() == 1, || seen)
        });
        let mac = rig.host().mac(&format!("e{member}"));
        assert_eq!(answers.seen()[0].packet.arp().map(|arp| arp.sender_mac), Some(mac));
    }
}

/// A neighbour that moves to another MAC says so by broadcast; every member's own stack must hear it.
#[test]
fn members_hear_that_a_neighbour_has_moved() {
    let rig = with_test_addresses();
    let (peer, moved) = (plan::peer_v4(0), Mac { bytes: [2, 9, 9, 9, 9, 9] });
    for member in ["e0", "e1", "e2"] {
        let mac = rig.peer().mac("eth0");
        rig.host().ip(&format!("neigh replace {peer} lladdr {mac} nud stale dev {member}"));
    }
    PacketSocket::open(rig.peer(), "eth0")
        .send(&(ethernet(rig.peer().mac("eth0"), BROADCAST) / arp(1, (moved, peer), (Mac::default(), peer))));
    for member in ["e0", "e1", "e2", "ipmp0"] {
        if member == "ipmp0" && rig.host().neighbour(member, peer.into()).is_none() {
            continue;
        }
        eventually(&format!("{member} knows the new MAC"), SOON, || {
            let known = rig.host().neighbour(member, peer.into());
            holds(known == Some(moved), || known)
        });
    }
}

#[test]
fn what_a_test_address_says_leaves_by_its_member() {
    let rig = with_test_addresses();
    let captures: Vec<_> = (0..3)
        .map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), |_: &Packet| true))
        .collect();
    for member in 0..3 {
        let address = plan::test_v4(0, member);
        rig.host().ip("neigh flush dev ipmp0");
        Ping::to(address.into()).until_answered(rig.peer());
        for (other, capture) in captures.iter().enumerate().filter(|(other, _)| *other != member) {
            let spoke = capture.seen().into_iter().find(|seen| {
                let packet = &seen.packet;
                seen.direction == Direction::In
                    && (packet.ipv4().is_some_and(|ip| ip.source == address)
                        || packet.arp().is_some_and(|arp| arp.sender == address))
            });
            assert!(spoke.is_none(), "{address} of e{member} spoke by e{other}: {spoke:?}");
        }
        let mac = rig.host().mac(&format!("e{member}"));
        assert_eq!(rig.peer().neighbour("eth0", address.into()), Some(mac));
    }
}

#[test]
fn two_hosts_in_namespaces_share_a_pin_directory() {
    let topology = Topology::new().hosts(2).members(2).build();
    let first = Daemon::start(topology.host(), &topology.hosts[0].group());
    let second = &topology.hosts[1];
    let mut other = Daemon::prepare_with_pins(&second.netns, &second.group(), first.pins().to_owned());
    other.restart();
    for (data, peer) in [(plan::data_v4(0, 0), 0), (plan::data_v4(1, 0), 0)] {
        Ping::to(data.into()).until_answered(&topology.peers[peer].netns);
    }
    Ping::to(plan::data_v4(1, 1).into()).from(plan::data_v4(0, 1).into()).until_answered(topology.host());
    topology.cut(0);
    first.until_state("e0", "failed");
    other.until_state("e0", "ok");
    assert!(first.down("ipmp0").status.success());
    Ping::to(plan::data_v4(1, 0).into()).until_answered(topology.peer());
    Ping::to(plan::data_v6(1, 0).into()).until_answered(topology.peer());
}

fn limit(netns: &Netns, interface: &str, name: &str) -> u64 {
    netns.link(interface)[name].as_u64().unwrap_or_else(|| panic!("ip does not show {name} of {interface}"))
}

#[test]
fn the_group_interface_takes_the_smallest_segmentation_limits() {
    let topology = Topology::new().members(2).build();
    let host = topology.host();
    host.ip("link set e0 gso_max_size 60000 gso_max_segs 40");
    let rig = Rig { daemon: Daemon::start(host, &topology.hosts[0].group()), topology };
    let until = |size: u64, segments: u64| {
        // The kernel announces this change to nobody: it is found when settings are read again on a slow timer.
        eventually("limits of the group interface", 3 * SOON, || {
            let seen = ["gso_max_size", "gso_max_segs"].map(|name| limit(rig.host(), "ipmp0", name));
            holds(seen == [size, segments], || seen)
        });
    };
    until(60000, 40);
    rig.host().ip("link set e1 gso_max_size 50000");
    until(50000, 40);
    rig.until_reachable();
}

#[test]
fn a_member_moved_to_another_namespace_works_there() {
    let rig = Rig::new(Topology::new());
    let elsewhere = Netns::new("elsewhere");
    rig.host().ip(&format!("link set e1 netns {}", elsewhere.name()));
    elsewhere.ip_batch("addr add 10.9.0.200/24 dev e1\nlink set e1 up\n");
    Ping::to(plan::peer_v4(0).into()).until_answered(&elsewhere);
    let elsewhere_address: IpAddr = "10.9.0.200".parse().expect("it is an address");
    Ping::to(elsewhere_address).until_answered(rig.peer());
    rig.until_reachable();
}

#[test]
fn priority_tagged_frames_are_received() {
    let rig = Rig::new(Topology::new());
    let (own, data) = (rig.peer().mac("eth0"), plan::data_v4(0, 0));
    let socket = PacketSocket::open(rig.peer(), "eth0");
    let answers = Capture::start(rig.peer(), "eth0", move |packet: &Packet| {
        packet.arp().is_some_and(|arp| arp.operation == 2 && arp.sender == data)
    });
    socket.send(
        &(ethernet(own, BROADCAST)
            / vlan(0).priority(5)
            / arp(1, (own, plan::peer_v4(0)), (Mac::default(), data))),
    );
    answers.until("an answer to a tagged question", |_| true);
    let inbox = Inbox::open(rig.host(), "ipmp0", data.into(), PORT);
    let broadcast = ipv4(plan::peer_v4(0), [10, 9, 0, 255].into()) / udp(1, PORT) / payload(b"tagged");
    socket.send(&(ethernet(own, BROADCAST) / vlan(0).priority(5) / broadcast));
    assert_eq!(inbox.collect(1), ["tagged"]);
    let bound = rig.host().mac(&rig.daemon.until_bound(data.into()));
    let unicast = ipv4(plan::peer_v4(0), data) / udp(1, PORT) / payload(b"tagged unicast");
    socket.send(&(ethernet(own, bound) / vlan(0) / unicast));
    assert_eq!(inbox.collect(1), ["tagged unicast"]);
}

#[test]
fn what_gets_past_the_egress_program_is_sent_all_the_same_and_counted() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    let inbox = Inbox::open(rig.peer(), "eth0", plan::peer(0)[0], PORT);
    let before = reason(&rig.daemon, "ipmp0", Reason::Leaked);
    let packet = ethernet(rig.host().mac("ipmp0"), rig.peer().mac("eth0"))
        / ipv4(plan::data_v4(0, 0), plan::peer_v4(0))
        / udp(1, PORT)
        / payload(b"leaked");
    PacketSocket::open(rig.host(), "ipmp0").bypass_qdisc().send(&packet);
    assert_eq!(inbox.collect(1), ["leaked"]);
    assert_eq!(reason(&rig.daemon, "ipmp0", Reason::Leaked), before + 1);
}

#[test]
fn frames_with_a_mac_of_their_own_are_dropped_and_counted() {
    let rig = Rig::new(Topology::new());
    let foreign = ethernet(Mac { bytes: [2, 1, 1, 1, 1, 1] }, rig.peer().mac("eth0")) / payload(&[0; 46]);
    let before = reason(&rig.daemon, "ipmp0", Reason::ForeignSource);
    // The sender may be told of the drop.
    let _ = PacketSocket::open(rig.host(), "ipmp0").try_send(&foreign.build());
    eventually("the drop is counted", SOON, || {
        let now = reason(&rig.daemon, "ipmp0", Reason::ForeignSource);
        holds(now == before + 1, || (before, now))
    });
}

#[test]
fn a_changed_mac_of_the_group_interface_is_followed() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    rig.host().ip("link set ipmp0 address 02:00:00:00:aa:01");
    rig.until_reachable();
    let socket = rig.host().run(|| UdpSocket::bind((plan::data_v4(0, 0), 0))).expect("a free port");
    let inbox = Inbox::open(rig.peer(), "eth0", plan::peer(0)[0], PORT);
    socket.send_to(b"after", (plan::peer_v4(0), PORT)).expect("there is a route");
    assert_eq!(inbox.collect(1), ["after"]);
}

#[test]
fn the_group_interfaces_mac_is_the_same_after_down_and_up() {
    let mut rig = Rig::new(Topology::new());
    let mac = rig.host().mac("ipmp0");
    assert!(rig.daemon.down("ipmp0").status.success());
    rig.daemon.terminate();
    rig.daemon.restart();
    assert_eq!(rig.host().mac("ipmp0"), mac);
}

#[test]
fn link_local_protocols_stay_on_the_member() {
    let rig = Rig::new(Topology::new());
    let lldp = Mac { bytes: [1, 0x80, 0xc2, 0, 0, 0xe] };
    let is_lldp = |packet: &Packet| packet.ethernet().is_some_and(|header| header.ether_type == Some(0x88cc));
    let at_group = Capture::start(rig.host(), "ipmp0", is_lldp);
    let at_member = Capture::start(rig.host(), "e1", is_lldp);
    // A bridge does not forward these, so the frame starts on the port itself.
    let frame = ethernet(rig.peer().mac("eth0"), lldp).ether_type(0x88cc) / payload(&[0; 46]);
    PacketSocket::open(&rig.topology.switch.netns, &port(0, 1)).send(&frame);
    at_member.until("the frame at the member", |_| true);
    always("nothing at the group interface", A_WHILE, || {
        let seen = at_group.seen();
        holds(seen.is_empty(), || seen)
    });
}
