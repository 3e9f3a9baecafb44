//! `receive = "member"`: unicast IP stays where it came in, but for what is tied to the group interface.

use ipmp_tests::{
    packets::{
        Packet, arp_reply, arp_request, destination_options, echo_request_v4, echo_request_v6, icmpv6, ipv4,
        ipv6, neighbour_advertisement, neighbour_solicitation, payload, tcp, udp,
    },
    plan::{data_v4, data_v6, peer_v4, peer_v6, test_v4},
    program::scene::{PEER_MAC, test_v6},
};

use super::{
    AT_BOTH,
    Fate::{self, Both, Counted, Group, GroupOnce, Untouched},
    Ingress, OWN_MAC, to_group_v4, to_group_v6, to_member,
};

fn check(rows: &[(&str, Packet, Fate)]) {
    for nominated in AT_BOTH {
        let mut ingress = Ingress::receiving_on_member(nominated).watching();
        for (what, packet, fate) in rows {
            ingress.expect(what, &packet.build(), *fate);
        }
        ingress.expect_copies();
    }
}

#[test]
fn unicast_ip_stays_on_the_member_and_is_counted() {
    let v4 = |to| to_member() / ipv4(peer_v4(0), to);
    let v6 = |to: &str| to_member() / ipv6(peer_v6(0), to.parse().expect("an address"));
    check(&[
        ("TCP", v4(data_v4(0, 0)) / tcp(1, 2), Counted),
        ("ICMP", v4(data_v4(0, 0)) / echo_request_v4(1, 1, b""), Counted),
        ("to another member's test address", v4(test_v4(0, 0)) / udp(1, 2), Counted),
        ("to its own test address", v4(test_v4(0, 1)) / udp(1, 2), Untouched),
        ("UDP", v6("fd09::10") / udp(1, 2), Counted),
        ("echo request", v6("fd09::10") / echo_request_v6(1, 1, b""), Counted),
        ("MLD query", v6("fd09::10") / icmpv6(130, 0) / payload(&[0; 16]), Counted),
        ("site-local", v6("fec0::1") / udp(1, 2), Counted),
        ("below link-local", v6("fe7f::1") / udp(1, 2), Counted),
        ("link-local", v6("fe80::10") / udp(1, 2), Group),
        ("the last link-local", v6("febf::1") / tcp(1, 2), Group),
        ("another member's test address", v6("fe80::20") / udp(1, 2), Group),
        ("its own IPv6 test address", v6("fe80::21") / udp(1, 2), Untouched),
    ]);
}

#[test]
fn neighbour_discovery_goes_to_the_group_interface() {
    let mut rows = Vec::new();
    for kind in 132..=138 {
        let fate = if (133..=137).contains(&kind) { Group } else { Counted };
        let header = to_member() / ipv6(peer_v6(0), data_v6(0, 0));
        rows.push(("by unicast", header.clone() / icmpv6(kind, 0) / payload(&[0; 40]), fate));
        let behind = header / destination_options(4) / icmpv6(kind, 0) / payload(&[0; 40]);
        rows.push(("behind an extension header", behind, fate));
    }
    let (own, other) = (test_v6(1), test_v6(0));
    let to = |address| to_member() / ipv6(peer_v6(0), address);
    rows.extend([
        ("NS for its test address", to(own) / neighbour_solicitation(own), Untouched),
        ("NS for another's", to(other) / neighbour_solicitation(other), Group),
        ("NA to its test address", to(own) / neighbour_advertisement(peer_v6(0)), Untouched),
    ]);
    check(&rows);
}

#[test]
fn arp_broadcast_and_multicast_are_as_ever() {
    check(&[
        ("ARP reply", arp_reply(PEER_MAC, peer_v4(0), OWN_MAC, data_v4(0, 0)), Group),
        ("ARP request", arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)), Both),
        ("ARP about a test address", arp_request(PEER_MAC, peer_v4(0), test_v4(0, 0)), Untouched),
        ("multicast", to_group_v4() / ipv4(peer_v4(0), [224, 0, 0, 1].into()) / udp(1, 2), GroupOnce),
        ("multicast", to_group_v6() / ipv6(peer_v6(0), "ff02::1".parse().unwrap()) / udp(1, 2), GroupOnce),
        (
            "NA",
            to_group_v6()
                / ipv6(peer_v6(0), "ff02::1".parse().unwrap())
                / neighbour_advertisement(peer_v6(0)),
            Both,
        ),
    ]);
}
