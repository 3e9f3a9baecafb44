//! Packets cut short and packets of random bytes.

use ipmp_tests::{
    packets::{
        BROADCAST, Packet, arp_request, destination_options, echo_request_v4, ethernet, fragments,
        hop_by_hop, ipv4, neighbour_advertisement, neighbour_solicitation, payload, sctp, tcp, udp, vlan,
    },
    plan,
    program::{
        Random, Verdict,
        scene::{GROUP_MAC, PEER_MAC, SLOTS, member_mac},
        smallest,
    },
};

use super::{By, Egress, ip, to_peer};

#[test]
fn a_packet_cut_short_goes_by_what_is_left_of_it() {
    let mut egress = Egress::new();
    let options = ipv4(plan::data_v4(0, 0), plan::peer_v4(0)).options(&[1; 40]);
    // And the length from which on the ports are there.
    let rows = [
        ("UDP", ip(0) / udp(4711, 53) / payload(b"0123"), Some(38)),
        ("TCP", ip(0) / tcp(4711, 443) / payload(b"0123"), Some(38)),
        ("SCTP", ip(0) / sctp(4711, 443) / payload(b"0123"), Some(38)),
        ("ICMP", ip(0) / echo_request_v4(4711, 1, b"0123"), None),
        ("UDP behind options", to_peer() / options / udp(4711, 53), Some(78)),
        ("a fragment", fragments(&(ip(0) / udp(4711, 53) / payload(&[0; 64])), 24)[0].clone(), None),
        ("UDP", ip(1) / udp(4711, 53) / payload(b"0123"), Some(58)),
        ("TCP", ip(1) / tcp(4711, 443), Some(58)),
        ("SCTP", ip(1) / sctp(4711, 443), Some(58)),
        (
            "UDP behind extension headers",
            ip(1) / hop_by_hop() / destination_options(12) / udp(4711, 53),
            Some(82),
        ),
        ("a fragment", fragments(&(ip(1) / udp(4711, 53) / payload(&[0; 64])), 24)[1].clone(), None),
    ];
    for (what, packet, with_ports) in rows {
        let whole = packet.build();
        for length in smallest(&whole)..=whole.len() {
            let by = if with_ports.is_some_and(|at| length >= at) { By::Ports } else { By::Addresses };
            // The ports are those of the whole packet.
            let slot = egress.slot(&whole, by);
            egress.expect(&format!("{what}, {length} bytes of {packet}"), &whole[..length], By::Slot(slot));
        }
    }
}

/// One of each kind of packet.
fn corpus() -> Vec<Packet> {
    vec![
        ip(0) / udp(4711, 53) / payload(&[0; 20]),
        ip(0) / tcp(4711, 53),
        to_peer() / ipv4(plan::data_v4(0, 0), plan::peer_v4(0)).options(&[1; 12]) / sctp(1, 2),
        to_peer() / ipv4(plan::test_v4(0, 1), plan::peer_v4(0)) / echo_request_v4(1, 2, b"probe"),
        ethernet(GROUP_MAC, BROADCAST) / ipv4([0; 4].into(), [255; 4].into()) / udp(68, 67),
        fragments(&(ip(1) / udp(1, 2) / payload(&[0; 64])), 24).remove(0),
        ip(1) / hop_by_hop() / destination_options(20) / tcp(1, 2),
        arp_request(GROUP_MAC, plan::data_v4(0, 0), plan::peer_v4(0)),
        ip(1) / neighbour_solicitation(plan::peer_v6(0)).source_link(GROUP_MAC),
        ip(1) / neighbour_advertisement(plan::data_v6(0, 0)).option(14, &[1; 6]).target_link(GROUP_MAC),
        ip(1) / hop_by_hop() / neighbour_advertisement(plan::data_v6(0, 0)).target_link(GROUP_MAC),
        to_peer() / vlan(5) / payload(&[0; 40]),
        to_peer() / payload(&[0; 60]),
    ]
}

#[test]
fn random_packets_are_sent_by_a_member_or_dropped_and_always_counted_once() {
    let mut egress = Egress::new();
    let corpus: Vec<_> = corpus().iter().map(Packet::build).collect();
    let mut random = Random::new(1);
    for round in 0..20_000 {
        let frame = if round % 2 == 0 {
            random.frame(GROUP_MAC)
        } else {
            let sound = random.pick(&corpus);
            random.damage(sound)
        };
        let (ran, counts) = egress.path.run(&mut egress.program, &frame);
        let what = format!("{frame:02x?}: {ran:02x?} {counts:?}");
        assert_eq!(ran.frame.len(), frame.len(), "{what}");
        match ran.verdict {
            Verdict::Dropped => {
                assert!(counts.members.is_empty() && counts.reasons.values().sum::<u64>() == 1, "{what}");
                assert!(counts.reasons.keys().all(|reason| reason.is_drop()), "{what}");
                assert_eq!(ran.frame, frame, "{what}");
            }
            Verdict::Redirected => {
                let slot = SLOTS.into_iter().find(|&slot| ran.frame[6..12] == member_mac(slot).bytes);
                let sent = counts.members.iter().map(|(&slot, counters)| (slot, counters.tx_packets));
                assert_eq!(
                    sent.collect::<Vec<_>>(),
                    [(slot.unwrap_or_else(|| panic!("{what}")), 1)],
                    "{what}"
                );
                assert!(counts.reasons.is_empty(), "{what}");
                assert_eq!(ran.frame[..6], frame[..6], "{what}");
                let rewritten = [[8, 6], [0x86, 0xdd]].contains(&[frame[12], frame[13]]);
                assert!(rewritten || ran.frame[12..] == frame[12..], "{what}");
            }
            other => panic!("{other:?}: {what}"),
        }
    }
}

#[test]
fn random_packets_from_other_macs_never_leave() {
    let mut egress = Egress::new();
    let mut random = Random::new(2);
    for _ in 0..1000 {
        let frame = random.frame(PEER_MAC);
        let (ran, _) = egress.path.run(&mut egress.program, &frame);
        assert_eq!(ran.verdict, Verdict::Dropped, "{frame:02x?}");
    }
}
