//! The program at an interface, for frames that the kernel makes no test run of: those shorter than an IP header, and
//! those whose tag it has taken off.

use aya::programs::TcAttachType;
use ipmp_common::member::Mac;
use ipmp_tests::{
    eventually,
    eventually::{SOON, holds},
    packet_socket::PacketSocket,
    packets::{BROADCAST, Packet, arp_request, ethernet, ipv4, ipv6, payload, tcp, udp, vlan},
    plan::{data_v4, data_v6, peer_v4, peer_v6, test_v4},
    program::scene::{GROUP_MAC, PEER_MAC},
};

use super::{Ingress, OTHER, OWN_MAC, member_mac, to_group_v4, to_member};

/// Sends the frames to a nominated member one after the other, and expects that just these arrive at the group interface.
fn expect_at_group(sent: &[Vec<u8>], wanted: &[Packet]) {
    let mut ingress = Ingress::new(true).watching();
    ingress.program.attach(&ingress.netns, "e0", TcAttachType::Ingress);
    let wire = PacketSocket::open(&ingress.netns, "e0-p");
    let last = to_member() / ipv4(peer_v4(0), data_v4(0, 0)) / udp(9, 9) / payload(b"the last one");
    for frame in sent {
        wire.try_send(frame).unwrap_or_else(|error| panic!("{frame:02x?}: {error}"));
    }
    wire.send(&last);
    let capture = ingress.capture.take().expect("it watches");
    eventually("the last frame arrives", SOON, || {
        let arrived: Vec<_> = capture.seen().into_iter().map(|seen| seen.packet).collect();
        holds(arrived.last() == Some(&to_group(&last)), || arrived.len())
    });
    let arrived: Vec<_> = capture.seen().into_iter().map(|seen| seen.packet).collect();
    let wanted: Vec<_> = wanted.iter().chain([&last]).map(to_group).collect();
    assert_eq!(arrived, wanted);
}

/// A packet as the group interface gets it: unicast to its own MAC.
fn to_group(packet: &Packet) -> Packet {
    let mut frame = packet.build();
    if frame[0] & 1 == 0 {
        frame[..6].copy_from_slice(&GROUP_MAC.bytes);
    }
    Packet::parse(&frame)
}

#[test]
fn a_priority_tag_is_taken_off_and_frames_of_a_vlan_are_left_alone() {
    let unicast = ipv4(peer_v4(0), data_v4(0, 0)) / udp(1, 2) / payload(&[7; 20]);
    let multicast = ipv4(peer_v4(0), [224, 0, 0, 251].into()) / udp(5353, 5353);
    let request = arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0));
    let arp = request.layers[1].clone();
    let broadcast = ethernet(PEER_MAC, BROADCAST);
    let own = ethernet(member_mac(OTHER), BROADCAST);
    let to_test = ipv4(peer_v4(0), test_v4(0, 1)) / udp(1, 2);
    let sent = [
        to_member() / vlan(0) / unicast.clone(),
        to_member() / vlan(0).priority(7) / unicast.clone(),
        to_member() / vlan(7) / unicast.clone(),
        to_member() / vlan(7).priority(7) / unicast.clone(),
        to_member() / vlan(4095) / unicast.clone(),
        broadcast.clone() / vlan(0) / arp.clone(),
        broadcast / vlan(7) / arp.clone(),
        own / vlan(0) / arp,
        to_group_v4() / vlan(0) / multicast.clone(),
        to_group_v4() / vlan(1) / multicast.clone(),
        to_member() / vlan(0) / to_test,
        to_member() / vlan(0) / vlan(7) / unicast.clone(),
        ethernet(PEER_MAC, Mac { bytes: [2, 0, 0, 0, 0, 9] }) / vlan(0) / unicast.clone(),
    ];
    let untagged = to_member() / unicast;
    let wanted = [untagged.clone(), untagged, request, to_group_v4() / multicast];
    expect_at_group(&sent.map(|packet| packet.build()), &wanted);
}

#[test]
fn a_frame_without_a_whole_ip_or_arp_header_does_not_reach_the_group_interface() {
    let rows = [
        (to_member() / ipv4(peer_v4(0), data_v4(0, 0)) / tcp(1, 2), 34),
        (to_member() / ipv6(peer_v6(0), data_v6(0, 0)) / tcp(1, 2), 54),
        (to_group_v4() / ipv4(peer_v4(0), [224, 0, 0, 1].into()) / udp(1, 2), 34),
        (arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)), 42),
        (ethernet(PEER_MAC, OWN_MAC) / payload(&[0; 20]), 34),
    ];
    let short: Vec<_> = rows
        .iter()
        .flat_map(|(packet, whole)| (14..*whole).map(|length| packet.build()[..length].to_vec()))
        .collect();
    expect_at_group(&short, &[]);
}
