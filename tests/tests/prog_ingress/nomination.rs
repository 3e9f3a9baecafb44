//! Broadcast and multicast: once for the group, and what every member has to hear as well.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmp_common::{Choice, SlotSet};
use ipmp_tests::{
    packets::{
        BROADCAST, Packet, arp_probe, arp_reply, arp_request, echo_request_v6, ethernet, fragments,
        gratuitous_arp, hop_by_hop, icmpv6, igmp, ipv4, ipv6, neighbour_advertisement,
        neighbour_solicitation, payload, router_advertisement, router_solicitation, udp,
    },
    plan::{data_v4, data_v6, peer_v4, peer_v6},
    program::scene::{PEER_MAC, assignment},
};

use super::{
    Fate::{Both, Group, GroupOnce},
    Ingress, OTHER, OWN_MAC, SELF, check, to_group_v4, to_group_v6, to_member,
};

const ALL_HOSTS: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 1);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ROUTER_ALERT: [u8; 4] = [0x94, 4, 0, 0];

fn v4() -> Packet {
    to_group_v4() / ipv4(peer_v4(0), ALL_HOSTS)
}

fn v6() -> Packet {
    to_group_v6() / ipv6(peer_v6(0), ALL_NODES).hop_limit(255)
}

#[test]
fn what_keeps_neighbours_and_memberships_reaches_every_member_and_the_group_once() {
    let alert = ipv4(peer_v4(0), ALL_HOSTS).options(&ROUTER_ALERT);
    check(&[
        ("ARP request", arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)), Both),
        ("ARP request about others", arp_request(PEER_MAC, peer_v4(0), peer_v4(1)), Both),
        ("gratuitous ARP", gratuitous_arp(PEER_MAC, peer_v4(0)), Both),
        ("ARP probe", arp_probe(PEER_MAC, data_v4(0, 0)), Both),
        ("ARP reply by broadcast", arp_reply(PEER_MAC, peer_v4(0), BROADCAST, data_v4(0, 0)), Both),
        ("unsolicited NA", v6() / neighbour_advertisement(peer_v6(0)).target_link(PEER_MAC), Both),
        ("NA behind hop-by-hop", v6() / hop_by_hop() / neighbour_advertisement(peer_v6(0)), Both),
        ("MLD query", v6() / hop_by_hop() / icmpv6(130, 0) / payload(&[0; 16]), Both),
        ("MLD query without options", v6() / icmpv6(130, 0) / payload(&[0; 16]), Both),
        ("MLD version 2 query", v6() / hop_by_hop() / icmpv6(130, 0) / payload(&[0; 20]), Both),
        ("IGMP query", to_group_v4() / alert.clone() / igmp(0x11, [0; 4].into()), Both),
        ("IGMP query without options", v4() / igmp(0x11, [0; 4].into()), Both),
        ("IGMP version 3 query", to_group_v4() / alert / igmp(0x11, ALL_HOSTS) / payload(&[0; 4]), Both),
    ]);
}

#[test]
fn other_broadcast_and_multicast_reaches_the_group_once() {
    let alert = ipv4(peer_v4(0), ALL_HOSTS).options(&ROUTER_ALERT);
    let fragment = fragments(&(v4() / udp(1, 2) / payload(&[0; 64])), 32).remove(1);
    check(&[
        (
            "broadcast",
            ethernet(PEER_MAC, BROADCAST) / ipv4(peer_v4(0), Ipv4Addr::BROADCAST) / udp(68, 67),
            GroupOnce,
        ),
        (
            "IPv4 unicast by broadcast",
            ethernet(PEER_MAC, BROADCAST) / ipv4(peer_v4(0), data_v4(0, 0)) / udp(1, 2),
            GroupOnce,
        ),
        ("IPv4 multicast", v4() / udp(5353, 5353), GroupOnce),
        ("a fragment", fragment, GroupOnce),
        ("IGMP report", to_group_v4() / alert.clone() / igmp(0x16, ALL_HOSTS), GroupOnce),
        ("IGMP version 3 report", to_group_v4() / alert.clone() / igmp(0x22, ALL_HOSTS), GroupOnce),
        ("IGMP leave", to_group_v4() / alert / igmp(0x17, ALL_HOSTS), GroupOnce),
        ("UDP that looks like a query", v4() / udp(0x1100, 0), GroupOnce),
        ("IPv6 multicast", v6() / udp(5353, 5353), GroupOnce),
        ("echo request", v6() / echo_request_v6(1, 1, b"anyone?"), GroupOnce),
        ("RA", v6() / router_advertisement(1800).source_link(PEER_MAC), GroupOnce),
        ("RS", v6() / router_solicitation().source_link(PEER_MAC), GroupOnce),
        ("NS", v6() / neighbour_solicitation(data_v6(0, 0)).source_link(PEER_MAC), GroupOnce),
        ("MLD report", v6() / hop_by_hop() / icmpv6(131, 0) / payload(&[0; 16]), GroupOnce),
        ("MLD version 2 report", v6() / hop_by_hop() / icmpv6(143, 0) / payload(&[0; 20]), GroupOnce),
    ]);
}

#[test]
fn unicast_goes_to_the_group_interface_whoever_is_nominated() {
    let from = peer_v6(0);
    let fragment =
        fragments(&(to_member() / ipv6(from, data_v6(0, 0)) / udp(1, 2) / payload(&[0; 64])), 32).remove(1);
    check(&[
        ("UDP", to_member() / ipv4(peer_v4(0), data_v4(0, 0)) / udp(1, 2), Group),
        ("to an address that is not known", to_member() / ipv4(peer_v4(0), data_v4(0, 9)) / udp(1, 2), Group),
        ("to be forwarded", to_member() / ipv4(peer_v4(0), [198, 51, 100, 1].into()) / udp(1, 2), Group),
        (
            "multicast in a unicast frame",
            to_member() / ipv4(peer_v4(0), ALL_HOSTS) / igmp(0x11, ALL_HOSTS),
            Group,
        ),
        ("IPv6", to_member() / ipv6(from, data_v6(0, 0)) / udp(1, 2), Group),
        ("a fragment", fragment, Group),
        (
            "NA",
            to_member() / ipv6(from, data_v6(0, 0)) / neighbour_advertisement(from).target_link(PEER_MAC),
            Group,
        ),
        ("NS", to_member() / ipv6(from, data_v6(0, 0)) / neighbour_solicitation(data_v6(0, 0)), Group),
        ("MLD query", to_member() / ipv6(from, data_v6(0, 0)) / icmpv6(130, 0) / payload(&[0; 16]), Group),
        ("ARP reply", arp_reply(PEER_MAC, peer_v4(0), OWN_MAC, data_v4(0, 0)), Group),
        (
            "ARP request",
            ethernet(PEER_MAC, OWN_MAC) / arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)).layers[1].clone(),
            Group,
        ),
    ]);
}

#[test]
fn the_backup_stands_in_for_a_nominated_member_that_is_not_usable() {
    let arp = arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)).build();
    let multicast = (v4() / udp(5353, 5353)).build();
    let all = assignment().usable;
    for (what, nominee, usable, this_one) in [
        ("it is nominated itself", Choice::new(SELF, OTHER), all, true),
        ("it is nominated itself and not usable", Choice::new(SELF, OTHER), all.without(SELF), false),
        ("it is the backup", Choice::new(OTHER, SELF), all, false),
        ("it is the backup of one that is not usable", Choice::new(OTHER, SELF), all.without(OTHER), true),
        (
            "both are not usable, it is the first of the others",
            Choice::new(17, 63),
            SlotSet::EMPTY.with(SELF),
            true,
        ),
        (
            "both are not usable, another is the first",
            Choice::new(17, 63),
            SlotSet::EMPTY.with(0).with(SELF),
            false,
        ),
        ("nobody is usable", Choice::new(SELF, OTHER), SlotSet::EMPTY, false),
        ("nobody is nominated", Choice::NONE, SlotSet::EMPTY, false),
    ] {
        let mut wanted = assignment();
        (wanted.nominee, wanted.usable) = (nominee, usable);
        let mut ingress = Ingress::with(&wanted, this_one, false).watching();
        ingress.expect(what, &multicast, GroupOnce);
        ingress.expect(what, &arp, Both);
        ingress.expect_copies();
    }
}

#[test]
fn a_copy_that_cannot_be_made_is_counted_and_the_member_keeps_the_frame() {
    use ipmp_common::Reason;
    use ipmp_tests::program::{Counts, Verdict};
    let mut ingress = Ingress::new(true);
    ingress.netns.ip("link del ipmp0");
    let frame = arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)).build();
    let (ran, counts) = ingress.run(&frame);
    assert_eq!(ran.verdict, Verdict::Untouched);
    assert_eq!(counts, Counts::received(SELF, frame.len()).and(Reason::CloneFailed));
}
