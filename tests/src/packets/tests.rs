use std::net::{Ipv4Addr, Ipv6Addr};

use ipmp_common::member::Mac;

use super::*;

const HOST: Mac = Mac { bytes: [2, 0, 0, 0, 0, 1] };
const PEER: Mac = Mac { bytes: [2, 0, 0, 0, 0, 2] };
const HOST_4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PEER_4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const HOST_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
const PEER_6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2);

fn over_v4() -> Packet {
    ethernet(HOST, PEER) / ipv4(HOST_4, PEER_4)
}

fn over_v6() -> Packet {
    ethernet(HOST, PEER) / ipv6(HOST_6, PEER_6)
}

#[test]
fn known_bytes_come_out() {
    let expected = [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0xf6, 0xcb, 192, 0, 2,
        1, 192, 0, 2, 2, 0, 7, 0, 9, 0, 10, 0x13, 0x5d, 0x68, 0x69,
    ];
    assert_eq!((over_v4() / udp(7, 9) / payload(b"hi")).build(), expected);
}

#[test]
fn every_kind_of_packet_is_parsed_to_what_it_was_built_from() {
    let packets = [
        over_v4() / udp(7, 9) / payload(b"odd"),
        over_v4() / tcp(7, 9).flags(2),
        over_v4() / sctp(7, 9) / payload(&[1; 20]),
        over_v4() / echo_request_v4(7, 1, b"data"),
        over_v4() / igmp(0x11, Ipv4Addr::UNSPECIFIED),
        ethernet(HOST, PEER) / vlan(5).priority(3) / ipv4(HOST_4, PEER_4).options(&[1, 1]) / udp(1, 2),
        arp_request(HOST, HOST_4, PEER_4),
        arp_reply(HOST, HOST_4, PEER, PEER_4),
        arp_request(HOST, HOST_4, PEER_4) / padding(&[0; 18]),
        over_v6() / udp(7, 9) / payload(b"x"),
        over_v6() / hop_by_hop() / routing() / destination_options(12) / authentication() / tcp(1, 2),
        over_v6() / fragment(9, 0, true) / udp(7, 9) / payload(&[0; 8]),
        over_v6() / echo_request_v6(7, 1, b"ping"),
        over_v6() / neighbour_solicitation(PEER_6).source_link(HOST),
        over_v6() / neighbour_advertisement(HOST_6).advertisement_flags(true, true, true).target_link(HOST),
        over_v6() / router_solicitation().source_link(HOST),
        over_v6() / router_advertisement(1800).source_link(HOST).option(5, &[0, 0, 0, 0, 5, 220]),
        over_v6() / redirect(PEER_6, HOST_6).target_link(PEER).option(4, &[0; 46]),
        ethernet(HOST, PEER).ether_type(0x88cc) / payload(b"lldp"),
    ];
    for packet in packets {
        let parsed = Packet::parse(&packet.build());
        assert!(parsed.is_sound(), "{parsed}");
        assert_eq!(parsed, packet, "{parsed}");
    }
}

#[test]
fn a_wrong_checksum_is_kept_and_told() {
    let packet = over_v4() / udp(7, 9).checksum(1) / payload(b"x");
    let parsed = Packet::parse(&packet.build());
    assert_eq!(parsed, packet);
    assert!(!parsed.is_sound());
}

#[test]
fn checksums_add_up_to_zero_with_their_pseudo_header() {
    let bytes = (over_v6() / neighbour_solicitation(PEER_6).source_link(HOST)).build();
    let addresses = checksum::Addresses::V6(HOST_6, PEER_6);
    assert_eq!(checksum::transport(Some(addresses), 58, &bytes[54..], &[]), 0);
    assert_eq!(checksum::crc32c([b"1234", b"56789"]), 0xe306_9283);
}

#[test]
fn any_bytes_survive_parsing_and_building() {
    let mut state = 1_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let seeds = [
        over_v4() / tcp(7, 9),
        over_v6() / hop_by_hop() / destination_options(4) / udp(7, 9) / payload(&[0; 9]),
        over_v6() / neighbour_advertisement(HOST_6).target_link(HOST),
        arp_request(HOST, HOST_4, PEER_4),
        ethernet(HOST, PEER) / vlan(1) / ipv4(HOST_4, PEER_4) / udp(7, 9) / payload(&[0; 40]),
    ];
    for seed in seeds {
        let bytes = seed.build();
        for _ in 0..400 {
            let mut mutated = bytes.clone();
            mutated.truncate(usize::from(random()) % (bytes.len() + 1));
            for _ in 0..random() % 4 {
                if !mutated.is_empty() {
                    let at = usize::from(random()) % mutated.len();
                    mutated[at] = random();
                }
            }
            assert_eq!(Packet::parse(&mutated).build(), mutated);
        }
    }
}

#[test]
fn fragments_hold_the_whole() {
    for packet in [over_v4() / udp(7, 9) / payload(&[7; 50]), over_v6() / udp(7, 9) / payload(&[7; 50])] {
        let whole = packet.build();
        let cut = fragments(&packet, 24);
        assert_eq!(cut.len(), 3);
        let mut inside = Vec::new();
        for fragment in &cut {
            inside.extend_from_slice(fragment.payload());
        }
        assert_eq!(inside, whole[whole.len() - 58..]);
    }
}
