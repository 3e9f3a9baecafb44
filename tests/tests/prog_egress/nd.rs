//! Neighbour discovery speaks for an address with the MAC of the member bound to it, and its checksum stays right.

use std::net::Ipv6Addr;

use ipmp_common::member::Mac;
use ipmp_tests::{
    packets::{
        Layer, Nd, NdOption, Packet, destination_options, ethernet, hop_by_hop, ipv6,
        neighbour_advertisement, neighbour_solicitation, redirect, router_advertisement, router_solicitation,
    },
    plan::{data_v6, peer_v6},
    program::{
        scene::{GROUP_MAC, LINK_LOCAL, NOMINEE, PEER_MAC, SLOTS, member_mac, test_v6},
        smallest,
    },
};

use super::{By, Egress, to_peer};

const OTHER_MAC: Mac = Mac { bytes: [2, 0x6f, 0, 0, 0, 9] };
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// `packet` with the member's MAC as source and in the options numbered `options`, checksum computed anew.
fn spoken_by(slot: u16, packet: &Packet, options: &[usize]) -> Packet {
    let mut packet = packet.clone();
    for layer in &mut packet.layers {
        match layer {
            Layer::Ethernet(header) => header.source = member_mac(slot),
            Layer::Nd(message) => {
                for &option in options {
                    message.options[option].data[..6].copy_from_slice(&member_mac(slot).bytes);
                }
            }
            _ => {}
        }
    }
    packet
}

/// Sends `packet` and expects the member in `slot` with its MAC in the options numbered `options`.
fn check(egress: &mut Egress, what: &str, packet: &Packet, slot: u16, options: &[usize]) {
    let after = spoken_by(slot, packet, options);
    assert!(after.is_sound(), "{what}: the expectation is wrong");
    egress.expect_sent(&format!("{what}: {packet}"), &packet.build(), &after.build(), slot);
}

fn multicast(source: Ipv6Addr, group: Ipv6Addr) -> Packet {
    let [.., a, b, c, d] = group.octets();
    ethernet(GROUP_MAC, Mac { bytes: [0x33, 0x33, a, b, c, d] }) / ipv6(source, group).hop_limit(255)
}

fn unicast(source: Ipv6Addr) -> Packet {
    to_peer() / ipv6(source, peer_v6(0)).hop_limit(255)
}

/// Who speaks for each address of the scene, and who for one that is not known.
fn speakers() -> Vec<(Ipv6Addr, u16)> {
    let mut speakers = vec![
        (data_v6(0, 0), 0),
        (data_v6(0, 1), 3),
        (data_v6(0, 2), 63),
        (LINK_LOCAL, 63),
        (data_v6(0, 9), NOMINEE.slot),
        (peer_v6(5), NOMINEE.slot),
    ];
    speakers.extend(SLOTS.iter().enumerate().map(|(index, &slot)| (test_v6(index), slot)));
    speakers
}

#[test]
fn each_message_speaks_by_the_member_of_its_source() {
    let mut egress = Egress::new();
    for (source, slot) in speakers() {
        let (node, mac) = Nd::solicited_node(peer_v6(0));
        let messages = [
            ("RS", multicast(source, ALL_ROUTERS) / router_solicitation().source_link(GROUP_MAC)),
            ("RA", multicast(source, ALL_NODES) / router_advertisement(1800).source_link(GROUP_MAC)),
            (
                "NS",
                ethernet(GROUP_MAC, mac)
                    / ipv6(source, node).hop_limit(255)
                    / neighbour_solicitation(peer_v6(0)).source_link(GROUP_MAC),
            ),
            ("NS by unicast", unicast(source) / neighbour_solicitation(peer_v6(0)).source_link(GROUP_MAC)),
            ("redirect", unicast(source) / redirect(peer_v6(1), peer_v6(2)).target_link(GROUP_MAC)),
        ];
        for (what, packet) in messages {
            check(&mut egress, what, &packet, slot, &[0]);
        }
    }
}

#[test]
fn an_advertisement_speaks_by_the_member_of_its_target() {
    let mut egress = Egress::new();
    for (target, slot) in speakers() {
        for (source, _) in speakers() {
            let message = neighbour_advertisement(target).advertisement_flags(false, true, true);
            let packet = unicast(source) / message.clone().target_link(GROUP_MAC);
            check(&mut egress, "NA", &packet, slot, &[0]);
            let packet = multicast(source, ALL_NODES) / message.target_link(GROUP_MAC);
            check(&mut egress, "unsolicited NA", &packet, slot, &[0]);
        }
        let packet = unicast(data_v6(0, 0)) / neighbour_advertisement(target);
        check(&mut egress, "NA without options", &packet, slot, &[]);
    }
}

#[test]
fn duplicate_address_detection_speaks_by_the_member_of_the_address_in_question() {
    let mut egress = Egress::new();
    for (target, slot) in speakers() {
        let (node, mac) = Nd::solicited_node(target);
        let header = ethernet(GROUP_MAC, mac) / ipv6(Ipv6Addr::UNSPECIFIED, node).hop_limit(255);
        let message = neighbour_solicitation(target);
        check(&mut egress, "DAD", &(header.clone() / message.clone()), slot, &[]);
        check(&mut egress, "DAD with nonce", &(header / message.option(14, &[7; 6])), slot, &[]);
    }
}

/// All kinds of message, without options, with the slot that speaks for data address 1.
fn kinds() -> Vec<(&'static str, Packet)> {
    let from = data_v6(0, 1);
    vec![
        ("RS", multicast(from, ALL_ROUTERS) / router_solicitation()),
        ("RA", multicast(from, ALL_NODES) / router_advertisement(1800)),
        ("NS", unicast(from) / neighbour_solicitation(peer_v6(0))),
        ("NA", unicast(from) / neighbour_advertisement(from)),
        ("redirect", unicast(from) / redirect(peer_v6(1), peer_v6(2))),
        ("NS behind hop-by-hop", unicast(from) / hop_by_hop() / neighbour_solicitation(peer_v6(0))),
        ("NA behind options", unicast(from) / destination_options(12) / neighbour_advertisement(from)),
    ]
}

/// `packet`, a message without options, with these.
fn with_options(packet: &Packet, options: impl FnOnce(Nd) -> Nd) -> Packet {
    let mut packet = packet.clone();
    let last = packet.layers.len() - 1;
    let Layer::Nd(message) = packet.layers[last].clone() else { panic!("{packet} is no ND message") };
    packet.layers[last] = Layer::Nd(options(message));
    packet
}

#[test]
fn link_layer_options_are_found_among_the_first_eight_options() {
    let mut egress = Egress::new();
    for (what, packet) in kinds() {
        for kind in [1, 2] {
            for before in 0..10 {
                let packet = with_options(&packet, |message| {
                    let filler =
                        |message: Nd, number: usize| message.option(14, &vec![9; 6 + number % 3 * 8]);
                    (0..before).fold(message, filler).option(kind, &GROUP_MAC.bytes).option(5, &[0; 6])
                });
                let found: &[usize] = if before < 8 { &[before] } else { &[] };
                check(&mut egress, &format!("{what}, option {kind} after {before}"), &packet, 3, found);
            }
        }
    }
}

#[test]
fn both_link_layer_options_of_a_message_are_rewritten() {
    let mut egress = Egress::new();
    for (what, packet) in kinds() {
        for (first, second) in [(0, 0), (0, 3), (2, 0), (3, 3)] {
            let packet = with_options(&packet, |message| {
                let filler = |message: Nd, _| message.option(14, &[9; 6]);
                let message = (0..first).fold(message, filler).source_link(GROUP_MAC);
                (0..second).fold(message, filler).target_link(GROUP_MAC)
            });
            check(&mut egress, what, &packet, 3, &[first, first + 1 + second]);
        }
    }
}

#[test]
fn options_with_other_addresses_or_of_other_kinds_stay() {
    let mut egress = Egress::new();
    for (what, packet) in kinds() {
        let stays = with_options(&packet, |message| {
            message.source_link(OTHER_MAC).target_link(PEER_MAC).option(14, &GROUP_MAC.bytes)
        });
        check(&mut egress, what, &stays, 3, &[]);
        let long = with_options(&packet, |message| {
            message.option(1, &[&GROUP_MAC.bytes[..], &[0; 8]].concat()).source_link(GROUP_MAC)
        });
        check(&mut egress, &format!("{what}, an option of two units"), &long, 3, &[1]);
        let mixed = with_options(&packet, |message| message.source_link(OTHER_MAC).target_link(GROUP_MAC));
        check(&mut egress, &format!("{what}, one of two is ours"), &mixed, 3, &[1]);
    }
}

#[test]
fn a_malformed_option_ends_the_search() {
    let mut egress = Egress::new();
    for (what, packet) in kinds() {
        for (why, length) in [("of no length", 0), ("longer than the message", 255)] {
            let packet = with_options(&packet, |message| {
                let mut message = message.source_link(GROUP_MAC).option(14, &[0; 6]);
                message.options[1] = NdOption { kind: 14, length, data: vec![0; 6] };
                message.target_link(GROUP_MAC)
            });
            let after = spoken_by(3, &packet, &[0]);
            egress.expect_sent(&format!("{what}, {why}"), &packet.build(), &after.build(), 3);
        }
    }
}

#[test]
fn a_checksum_that_was_wrong_stays_wrong() {
    let mut egress = Egress::new();
    let mut packet = unicast(data_v6(0, 1)) / neighbour_solicitation(peer_v6(0)).source_link(GROUP_MAC);
    let whole = packet.build();
    packet.layers.truncate(2);
    let mut wrong = whole.clone();
    wrong[56] ^= 0x10;
    let (ran, _) = egress.path.run(&mut egress.program, &wrong);
    let mut mended = ran.frame;
    mended[56] ^= 0x10;
    assert!(!Packet::parse(&wrong).is_sound());
    assert_eq!(mended[62..], spoken_by(3, &Packet::parse(&whole), &[0]).build()[62..]);
}

#[test]
fn a_message_cut_short_is_rewritten_as_far_as_it_goes() {
    let mut egress = Egress::new();
    for (what, packet) in kinds() {
        let packet = with_options(&packet, |message| message.source_link(GROUP_MAC).option(5, &[0; 6]));
        let whole = packet.build();
        let options = whole.len() - 16;
        let message_at = options - packet.nd().expect("it is one").fixed.len() - 8;
        let is_multicast = whole[0] == 0x33;
        for length in smallest(&whole)..whole.len() {
            let cut = &whole[..length];
            let what = format!("{what}, {length} of {} bytes", whole.len());
            if length < message_at + 4 {
                let by = if is_multicast { By::Nominee } else { By::Addresses };
                egress.expect(&what, cut, by);
                continue;
            }
            // An advertisement whose target is cut off speaks for its source, which is the same here.
            let rewritten: &[usize] = if length < options + 8 { &[] } else { &[0] };
            let after = spoken_by(3, &packet, rewritten).build();
            egress.expect_sent(&what, cut, &after[..length], 3);
        }
    }
}

#[test]
fn other_icmpv6_messages_are_not_touched() {
    let mut egress = Egress::new();
    for kind in [1, 2, 3, 4, 127, 128, 129, 130, 131, 132, 138, 139, 143, 255] {
        let mut message = neighbour_solicitation(peer_v6(0)).source_link(GROUP_MAC);
        message.kind = kind;
        let packet = unicast(data_v6(0, 1)) / message.clone();
        egress.expect(&format!("type {kind}"), &packet.build(), By::Addresses);
        let packet = multicast(data_v6(0, 1), ALL_ROUTERS) / message;
        egress.expect(&format!("type {kind} to multicast"), &packet.build(), By::Nominee);
    }
}
