//! Replies cut short, in fragments, with a code, behind other headers.

use std::net::{IpAddr, Ipv4Addr};

use ipmp_common::{Family, ProbeKind};
use ipmp_tests::packets::{
    Packet, destination_options, ethernet, fragment, fragments, hop_by_hop, icmpv4, icmpv6, ipv4, ipv6,
    padding, payload, routing,
};

use super::{
    Fate::{Counts, Duplicate, Malformed, NotOurs},
    OWN_MAC, PEER_MAC, at_both_fronts, everywhere,
};

/// Bytes in front of the echo header.
const fn ip_end(family: Family) -> usize {
    match family {
        Family::V4 => 34,
        Family::V6 => 54,
    }
}

#[test]
fn a_frame_cut_short_does_not_count() {
    everywhere(|mut probing| {
        let reply = probing.detect(1);
        let whole = reply.packet().build();
        let end = ip_end(probing.family);
        assert_eq!(whole.len(), end + 24);
        for length in end..whole.len() {
            let fate = if length < end + 8 { NotOurs } else { Malformed };
            probing.expect_frame(&format!("{length} bytes"), &whole[..length], fate);
        }
        probing.expect_frame("whole", &whole, Counts);
    });
}

#[test]
fn a_message_that_the_ip_header_cuts_short_does_not_count_whatever_follows_it() {
    everywhere(|mut probing| {
        let reply = probing.detect(1);
        let whole = reply.message().build();
        for length in 0..whole.len() {
            let fate = if length < 8 { NotOurs } else { Malformed };
            // The bytes that are missing follow as padding, so only the length field says so.
            let mut packet = ethernet(PEER_MAC, OWN_MAC) / reply.around(payload(&whole[..length]));
            match packet.layers.get_mut(1) {
                Some(ipmp_tests::packets::Layer::Ipv4(ip)) => ip.protocol = Some(1),
                Some(ipmp_tests::packets::Layer::Ipv6(ip)) => ip.next_header = Some(58),
                other => panic!("{other:?} is no IP header"),
            }
            packet.layers.push(padding(&whole[length..]));
            probing.expect(&format!("{length} bytes"), &packet, fate);
        }
        probing.expect("padded", &(reply.packet() / padding(&[0xff; 30])), Counts);
    });
}

#[test]
fn a_longer_reply_counts() {
    everywhere(|mut probing| {
        let reply = probing.detect(1);
        probing.expect("longer", &(reply.packet() / payload(&[1; 500])), Counts);
    });
}

#[test]
fn a_code_makes_it_malformed() {
    everywhere(|mut probing| {
        let reply = probing.detect(1);
        for code in [1, 255] {
            let header = match probing.family {
                Family::V4 => icmpv4(0, code),
                Family::V6 => icmpv6(129, code),
            };
            let packet = ethernet(PEER_MAC, OWN_MAC) / reply.around(reply.with_header(header));
            probing.expect("a code", &packet, Malformed);
        }
        assert_eq!(probing.arrival(ProbeKind::Detection, 1), None);
    });
}

#[test]
fn fragments_of_ipv4_do_not_count() {
    at_both_fronts(Family::V4, |mut probing| {
        let reply = probing.detect(1);
        for size in [8, 16] {
            let parts = fragments(&reply.packet(), size);
            probing.expect("the first", &parts[0], Malformed);
            for part in &parts[1..] {
                probing.expect("a later one", part, NotOurs);
            }
        }
        // All of it in what claims to be the first of more, or a later one.
        let message = reply.message();
        for (offset, more, fate) in [(0, true, Malformed), (1, false, NotOurs), (0x1fff, true, NotOurs)] {
            let (source, destination) = addresses_v4(reply);
            let header = ipv4(source, destination).fragment(7, offset, more);
            let packet = ethernet(PEER_MAC, OWN_MAC) / header / message.clone();
            probing.expect("a whole one that says it is a part", &packet, fate);
        }
    });
}

#[test]
fn ipv4_options_are_stepped_over() {
    at_both_fronts(Family::V4, |mut probing| {
        let (source, destination) = addresses_v4(probing.detect(1));
        for length in (4..=40u8).step_by(4) {
            let reply = probing.detect(length.into());
            let options: Vec<_> =
                [0x86, length].into_iter().chain(std::iter::repeat_n(0, usize::from(length) - 2)).collect();
            let packet =
                ethernet(PEER_MAC, OWN_MAC) / ipv4(source, destination).options(&options) / reply.message();
            probing.expect("labelled", &packet, Counts);
            probing.expect("again", &packet, Duplicate);
        }
    });
}

#[test]
fn an_ipv4_header_that_makes_no_sense_is_left_to_the_stack() {
    at_both_fronts(Family::V4, |mut probing| {
        let reply = probing.detect(1);
        for first in [0x40, 0x44, 0x35, 0x55, 0x65, 0x05, 0xff] {
            let mut frame = reply.packet().build();
            frame[14] = first;
            probing.expect_frame("version and length", &frame, NotOurs);
        }
    });
}

#[test]
fn ipv6_extension_headers_are_left_to_the_stack() {
    at_both_fronts(Family::V6, |mut probing| {
        let reply = probing.detect(1);
        let headers: [Packet; 4] = [
            routing().into(),
            hop_by_hop().into(),
            destination_options(4).into(),
            fragment(1, 0, false).into(),
        ];
        for header in headers {
            let (IpAddr::V6(source), IpAddr::V6(destination)) = (reply.source, reply.destination) else {
                panic!("IPv6")
            };
            let packet = ethernet(PEER_MAC, OWN_MAC) / ipv6(source, destination) / header / reply.message();
            probing.expect("behind another header", &packet, NotOurs);
        }
        assert_eq!(probing.arrival(ProbeKind::Detection, 1), None);
        probing.expect("directly", &reply.packet(), Counts);
    });
}

fn addresses_v4(reply: super::Reply) -> (Ipv4Addr, Ipv4Addr) {
    match (reply.source, reply.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => (source, destination),
        _ => panic!("IPv4"),
    }
}
