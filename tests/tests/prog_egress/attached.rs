//! The program at an interface, for frames that the kernel makes no test run of: those shorter than an IP header.

use aya::programs::TcAttachType;
use ipmp_tests::{
    Netns,
    packet_socket::PacketSocket,
    packets::{arp_request, payload, tcp, udp},
    plan,
    program::{Counts, scene::GROUP_MAC},
};

use super::{By, Egress, ip, to_peer};

/// A group interface with the program at its egress. The members do not exist: what is redirected is lost.
fn group_interface(egress: &mut Egress) -> Netns {
    let netns = Netns::new("egress");
    netns.set("ipv6/conf/default/disable_ipv6", "1");
    netns.ip_batch(&format!(
        "link add ipmp0 address {GROUP_MAC} type veth peer name ipmp0-p\n\
         link set ipmp0 up\nlink set ipmp0-p up\n"
    ));
    egress.program.attach(&netns, "ipmp0", TcAttachType::Egress);
    netns
}

#[test]
fn a_frame_cut_short_anywhere_behind_its_ethernet_header_is_sent_once() {
    let mut egress = Egress::new();
    let netns = group_interface(&mut egress);
    let socket = PacketSocket::open(&netns, "ipmp0");
    // From which length on it goes by what.
    let rows = [
        (
            "UDP",
            ip(0) / udp(4711, 53) / payload(&[0; 8]),
            vec![(14, By::Nominee), (34, By::Addresses), (38, By::Ports)],
        ),
        ("TCP", ip(1) / tcp(4711, 53), vec![(14, By::Nominee), (54, By::Addresses), (58, By::Ports)]),
        (
            "ARP",
            arp_request(GROUP_MAC, plan::data_v4(0, 0), plan::peer_v4(0)),
            vec![(14, By::Nominee), (42, By::Slot(0))],
        ),
        ("another protocol", to_peer() / payload(&[0; 20]), vec![(14, By::Addresses)]),
    ];
    for (what, packet, steps) in rows {
        let whole = packet.build();
        for length in 14..=whole.len() {
            let (_, by) = *steps.iter().rev().find(|(from, _)| length >= *from).expect("from 14 on");
            let slot = egress.slot(&whole, by);
            let (sent, counts) = egress.path.observe(|| socket.try_send(&whole[..length]));
            assert!(sent.is_ok(), "{what}, {length} bytes: {sent:?}");
            assert_eq!(counts, Counts::sent(slot, length), "{what}, {length} bytes");
        }
    }
}
