//! ARP speaks for an address with the MAC of the member bound to it.

use std::net::Ipv4Addr;

use ipmp_common::member::Mac;
use ipmp_tests::{
    packets::{Packet, arp, arp_probe, arp_reply, arp_request, ethernet, gratuitous_arp, padding, payload},
    plan::{data_v4, peer_v4, test_v4},
    program::scene::{GROUP_MAC, NOMINEE, PEER_MAC, SLOTS, member_mac},
};

use super::{By, Egress};

const NOBODY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;
const NO_MAC: Mac = Mac { bytes: [0; 6] };
const OTHER_MAC: Mac = Mac { bytes: [2, 0x6f, 0, 0, 0, 9] };

/// `packet` with the member's MAC wherever the group's is.
fn spoken_by(slot: u16, packet: &Packet) -> Packet {
    let own = |mac: Mac| if mac == GROUP_MAC { member_mac(slot) } else { mac };
    let ethernet_header = packet.ethernet().expect("it has one");
    let message = packet.arp().expect("it is one");
    ethernet(own(ethernet_header.source), ethernet_header.destination)
        / arp(
            message.operation,
            (own(message.sender_mac), message.sender),
            (own(message.target_mac), message.target),
        )
}

/// Who speaks for each address of the scene, and who for one that is not known.
fn speakers() -> Vec<(Ipv4Addr, u16)> {
    let mut speakers = vec![
        (data_v4(0, 0), 0),
        (data_v4(0, 1), 3),
        (data_v4(0, 2), 63),
        (data_v4(0, 9), NOMINEE.slot),
        (peer_v4(5), NOMINEE.slot),
    ];
    speakers.extend(SLOTS.iter().enumerate().map(|(index, &slot)| (test_v4(0, index), slot)));
    speakers
}

#[test]
fn each_message_speaks_by_the_member_of_its_address() {
    let mut egress = Egress::new();
    for (address, slot) in speakers() {
        let mut announcement = gratuitous_arp(GROUP_MAC, address);
        announcement.layers[1] =
            ipmp_tests::packets::Layer::Arp(arp(2, (GROUP_MAC, address), (GROUP_MAC, address)));
        for (what, packet) in [
            ("request", arp_request(GROUP_MAC, address, peer_v4(0))),
            (
                "request by unicast",
                ethernet(GROUP_MAC, PEER_MAC) / arp(1, (GROUP_MAC, address), (PEER_MAC, peer_v4(0))),
            ),
            ("reply", arp_reply(GROUP_MAC, address, PEER_MAC, peer_v4(0))),
            ("reply to ourselves", arp_reply(GROUP_MAC, address, GROUP_MAC, peer_v4(0))),
            ("announcement as request", gratuitous_arp(GROUP_MAC, address)),
            ("announcement as reply", announcement),
            ("probe", arp_probe(GROUP_MAC, address)),
            (
                "request that names itself as target",
                ethernet(GROUP_MAC, PEER_MAC) / arp(1, (GROUP_MAC, address), (GROUP_MAC, address)),
            ),
            (
                "somebody else as sender",
                ethernet(GROUP_MAC, PEER_MAC) / arp(2, (OTHER_MAC, address), (GROUP_MAC, peer_v4(0))),
            ),
            (
                "neither MAC is ours",
                ethernet(GROUP_MAC, PEER_MAC) / arp(2, (OTHER_MAC, address), (PEER_MAC, peer_v4(0))),
            ),
            (
                "a member's own MAC",
                ethernet(GROUP_MAC, PEER_MAC) / arp(1, (member_mac(3), address), (NO_MAC, peer_v4(0))),
            ),
            (
                "probe by nobody",
                ethernet(GROUP_MAC, PEER_MAC) / arp(1, (NO_MAC, NOBODY), (GROUP_MAC, address)),
            ),
            (
                "an unknown operation",
                ethernet(GROUP_MAC, PEER_MAC) / arp(25, (GROUP_MAC, address), (NO_MAC, peer_v4(0))),
            ),
        ] {
            let what = format!("{what} for {address}");
            egress.expect_sent(&what, &packet.build(), &spoken_by(slot, &packet).build(), slot);
        }
    }
}

#[test]
fn padding_behind_a_message_stays() {
    let mut egress = Egress::new();
    let packet = arp_request(GROUP_MAC, data_v4(0, 1), peer_v4(0));
    let before = (packet.clone() / padding(&[0x5a; 18])).build();
    let after = (spoken_by(3, &packet) / padding(&[0x5a; 18])).build();
    egress.expect_sent("padded request", &before, &after, 3);
}

#[test]
fn a_message_about_something_else_leaves_by_the_nominated_member_as_it_is() {
    let mut egress = Egress::new();
    let sound = arp_request(GROUP_MAC, data_v4(0, 0), peer_v4(0)).build();
    for at in 14..20 {
        for value in [0x00, 0x07, 0xff] {
            let mut frame = sound.clone();
            if frame[at] == value {
                continue;
            }
            frame[at] = value;
            egress.expect(&format!("byte {at} is {value:#x}"), &frame, By::Nominee);
        }
    }
    let other = ethernet(GROUP_MAC, PEER_MAC).ether_type(0x0806) / payload(&[0xff; 60]);
    egress.expect("rubbish", &other.build(), By::Nominee);
}

#[test]
fn a_message_cut_short_leaves_by_the_nominated_member_as_it_is() {
    let mut egress = Egress::new();
    let whole = (arp_reply(GROUP_MAC, data_v4(0, 0), PEER_MAC, peer_v4(0)) / padding(&[0; 18])).build();
    for length in 15..42 {
        egress.expect(&format!("{length} bytes"), &whole[..length], By::Nominee);
    }
    let spoken = spoken_by(0, &Packet::parse(&whole));
    let after = (spoken / padding(&[0; 18])).build();
    for length in 42..=whole.len() {
        egress.expect_sent(&format!("{length} bytes"), &whole[..length], &after[..length], 0);
    }
}
