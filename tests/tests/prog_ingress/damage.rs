//! Packets cut short and packets of random bytes.

use std::net::Ipv6Addr;

use ipmp_common::{Reason, member::Mac};
use ipmp_tests::{
    packets::{
        BROADCAST, Packet, arp_reply, arp_request, echo_request_v4, hop_by_hop, icmpv6, igmp, ipv4, ipv6,
        neighbour_advertisement, neighbour_solicitation, payload, tcp, udp, vlan,
    },
    plan::{data_v4, data_v6, peer_v4, peer_v6, test_v4},
    program::{
        Counts, Random, Verdict,
        scene::{GROUP_MAC, PEER_MAC, test_v6},
        smallest,
    },
};

use super::{
    AT_BOTH,
    Fate::{Both, Group, GroupOnce, Untouched},
    Ingress, OWN_MAC, SELF, to_group_v4, to_group_v6, to_member,
};

#[test]
fn a_packet_cut_short_is_taken_for_what_is_left_of_it() {
    let alert = ipv4(peer_v4(0), [224, 0, 0, 1].into()).options(&[0x94, 4, 0, 0]);
    let v6 = || to_group_v6() / ipv6(peer_v6(0), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));
    // The fate while it is too short, the length from which on it is not, and the fate then.
    let rows = [
        ("UDP", to_member() / ipv4(peer_v4(0), data_v4(0, 0)) / udp(1, 2), Untouched, 34, Group),
        ("UDP", to_member() / ipv6(peer_v6(0), data_v6(0, 0)) / udp(1, 2), Untouched, 54, Group),
        (
            "to the test address",
            to_member() / ipv4(peer_v4(0), test_v4(0, 1)) / udp(1, 2),
            Untouched,
            0,
            Untouched,
        ),
        ("ARP request", arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)), Untouched, 42, Both),
        ("ARP reply", arp_reply(PEER_MAC, peer_v4(0), OWN_MAC, data_v4(0, 0)), Untouched, 42, Group),
        ("IGMP query", to_group_v4() / alert / igmp(0x11, [0; 4].into()), GroupOnce, 40, Both),
        ("NA", v6() / neighbour_advertisement(peer_v6(0)).target_link(PEER_MAC), GroupOnce, 58, Both),
        ("MLD query", v6() / hop_by_hop() / icmpv6(130, 0) / payload(&[0; 16]), GroupOnce, 66, Both),
        ("NS for the test address", v6() / neighbour_solicitation(test_v6(1)), GroupOnce, 78, Untouched),
        ("multicast", v6() / hop_by_hop() / udp(1, 2), GroupOnce, 0, GroupOnce),
    ];
    for nominated in AT_BOTH {
        let mut ingress = Ingress::new(nominated).watching();
        for (what, packet, short, enough, fate) in &rows {
            let whole = packet.build();
            for length in smallest(&whole)..=whole.len() {
                let fate = if length < *enough { *short } else { *fate };
                ingress.expect(&format!("{what}, {length} bytes"), &whole[..length], fate);
            }
        }
        ingress.expect_copies();
    }
}

/// One of each kind of packet.
fn corpus() -> Vec<Packet> {
    vec![
        to_member() / ipv4(peer_v4(0), data_v4(0, 0)) / tcp(1, 2) / payload(&[0; 20]),
        to_member() / ipv4(peer_v4(0), test_v4(0, 1)) / echo_request_v4(1, 2, b"reply"),
        to_member() / ipv6(peer_v6(0), data_v6(0, 0)) / hop_by_hop() / udp(1, 2),
        to_member() / ipv6(peer_v6(0), data_v6(0, 0)) / neighbour_solicitation(data_v6(0, 0)),
        to_member() / vlan(0) / payload(&[0; 40]),
        to_group_v4()
            / ipv4(peer_v4(0), [224, 0, 0, 1].into()).options(&[0x94, 4, 0, 0])
            / igmp(0x11, [0; 4].into()),
        to_group_v6()
            / ipv6(peer_v6(0), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))
            / hop_by_hop()
            / icmpv6(130, 0)
            / payload(&[0; 16]),
        to_group_v6()
            / ipv6(peer_v6(0), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1))
            / neighbour_advertisement(peer_v6(0)).target_link(PEER_MAC),
        arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)),
        arp_reply(PEER_MAC, peer_v4(0), OWN_MAC, data_v4(0, 0)),
    ]
}

#[test]
fn random_packets_have_a_fate_and_are_counted_once() {
    let corpus: Vec<_> = corpus().iter().map(Packet::build).collect();
    let destinations =
        [OWN_MAC, OWN_MAC, BROADCAST, to_group_v4().destination, to_group_v6().destination, PEER_MAC];
    let mut random = Random::new(3);
    for nominated in AT_BOTH {
        let mut ingress = Ingress::new(nominated);
        for round in 0..10_000 {
            let frame = if round % 2 == 0 {
                let mut frame = random.frame(PEER_MAC);
                let Mac { bytes } = *random.pick(&destinations);
                frame[..6].copy_from_slice(&bytes);
                frame
            } else {
                let sound = random.pick(&corpus);
                random.damage(sound)
            };
            let (ran, counts) = ingress.run(&frame);
            let what = format!("{frame:02x?}: {ran:02x?} {counts:?}");
            let received = Counts::received(SELF, frame.len());
            let mut expected = frame.clone();
            match ran.verdict {
                Verdict::Untouched => {
                    let copied = nominated && frame[0] & 1 == 1 && counts == received;
                    assert!(copied || counts == Counts::default(), "{what}");
                }
                Verdict::Redirected => {
                    assert_eq!(counts, received, "{what}");
                    if frame[0] & 1 == 0 {
                        expected[..6].copy_from_slice(&GROUP_MAC.bytes);
                    }
                }
                Verdict::Dropped => {
                    let once =
                        !nominated && frame[0] & 1 == 1 && counts == Counts::only(Reason::NotNominated);
                    assert!(once, "{what}");
                }
                Verdict::Other(_) => panic!("{what}"),
            }
            assert_eq!(ran.frame, expected, "{what}");
        }
    }
}
