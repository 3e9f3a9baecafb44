//! Frames that the group itself sent, and what is about test addresses.

use std::net::Ipv4Addr;

use ipmp_common::Reason;
use ipmp_tests::{
    packets::{
        BROADCAST, Nd, arp_reply, arp_request, echo_request_v4, echo_request_v6, ethernet, gratuitous_arp,
        igmp, ipv4, ipv6, neighbour_advertisement, neighbour_solicitation, tcp, udp,
    },
    plan::{data_v4, data_v6, peer_v4, peer_v6, test_v4},
    program::scene::{GROUP_MAC, PEER_MAC, SLOTS, member_mac, test_v6},
};

use super::{
    Fate::{Both, Dropped, Group, GroupOnce, Untouched},
    OWN_MAC, SELF, check, to_group_v4, to_group_v6, to_member,
};

#[test]
fn group_addressed_frames_from_a_member_are_dropped() {
    let mut rows = Vec::new();
    let own = Dropped(Reason::OwnFrame);
    for mac in SLOTS.map(member_mac) {
        let v4 = ethernet(mac, to_group_v4().destination);
        let v6 = ethernet(mac, to_group_v6().destination);
        rows.extend([
            ("ARP request", arp_request(mac, data_v4(0, 0), peer_v4(0)), own),
            ("gratuitous ARP", gratuitous_arp(mac, data_v4(0, 0)), own),
            ("ARP about a test address", arp_request(mac, data_v4(0, 0), test_v4(0, 1)), own),
            (
                "broadcast",
                ethernet(mac, BROADCAST) / ipv4(data_v4(0, 0), Ipv4Addr::BROADCAST) / udp(1, 2),
                own,
            ),
            ("IPv4 multicast", v4.clone() / ipv4(data_v4(0, 0), [224, 0, 0, 251].into()) / udp(1, 2), own),
            ("IGMP query", v4 / ipv4(data_v4(0, 0), [224, 0, 0, 1].into()) / igmp(0x11, [0; 4].into()), own),
            ("IPv6 multicast", v6.clone() / ipv6(data_v6(0, 0), "ff02::1".parse().unwrap()) / udp(1, 2), own),
            (
                "NA",
                v6.clone()
                    / ipv6(data_v6(0, 0), "ff02::1".parse().unwrap())
                    / neighbour_advertisement(data_v6(0, 0)).target_link(mac),
                own,
            ),
            (
                "NS",
                v6 / ipv6(data_v6(0, 0), "ff02::1".parse().unwrap())
                    / neighbour_solicitation(test_v6(1)).source_link(mac),
                own,
            ),
        ]);
    }
    check(&rows);
}

#[test]
fn unicast_from_a_member_is_received() {
    let mut rows = Vec::new();
    for mac in SLOTS.map(member_mac) {
        let header = ethernet(mac, OWN_MAC);
        rows.extend([
            ("IPv4", header.clone() / ipv4(peer_v4(0), data_v4(0, 0)) / udp(1, 2), Group),
            ("IPv6", header.clone() / ipv6(peer_v6(0), data_v6(0, 0)) / udp(1, 2), Group),
            ("probe reply", header.clone() / ipv4(peer_v4(0), test_v4(0, 1)) / udp(1, 2), Untouched),
            ("ARP", arp_reply(mac, peer_v4(0), OWN_MAC, data_v4(0, 0)), Group),
        ]);
    }
    check(&rows);
}

#[test]
fn a_member_that_has_left_is_a_stranger() {
    let mut wanted = super::nominating(true);
    let mut ingress = super::Ingress::with(&wanted, true, false);
    let frame = arp_request(member_mac(17), data_v4(0, 0), peer_v4(0)).build();
    ingress.expect("while it is a member", &frame, Dropped(Reason::OwnFrame));
    wanted.usable = wanted.usable.without(17);
    ingress.path.install(&wanted);
    ingress.expect("while it is failed", &frame, Dropped(Reason::OwnFrame));
    wanted.slots.remove(&17);
    wanted.test_addresses.retain(|_, slot| *slot != 17);
    ingress.path.install(&wanted);
    ingress.expect("afterwards", &frame, Both);
}

#[test]
fn the_group_interface_s_own_mac_is_no_members() {
    check(&[("ARP", arp_request(GROUP_MAC, peer_v4(0), data_v4(0, 0)), Both)]);
}

#[test]
fn what_is_to_its_own_test_address_stays_on_the_member() {
    let mut rows = Vec::new();
    for (index, slot) in SLOTS.into_iter().enumerate() {
        let (v4, v6) = (test_v4(0, index), test_v6(index));
        let fate = if slot == SELF { Untouched } else { Group };
        let discovery = if slot == SELF { Untouched } else { GroupOnce };
        let (node, mac) = Nd::solicited_node(v6);
        rows.extend([
            ("IPv4", to_member() / ipv4(peer_v4(0), v4) / echo_request_v4(1, 1, b"reply"), fate),
            ("TCP", to_member() / ipv4(peer_v4(0), v4) / tcp(1, 2), fate),
            ("IPv6", to_member() / ipv6(peer_v6(0), v6) / echo_request_v6(1, 1, b"reply"), fate),
            ("UDP", to_member() / ipv6(peer_v6(0), v6) / udp(1, 2), fate),
            ("NS", ethernet(PEER_MAC, mac) / ipv6(peer_v6(0), node) / neighbour_solicitation(v6), discovery),
            ("NS by unicast", to_member() / ipv6(peer_v6(0), v6) / neighbour_solicitation(v6), fate),
            ("NA to it", to_member() / ipv6(peer_v6(0), v6) / neighbour_advertisement(peer_v6(0)), fate),
            (
                "NS by unicast to another address",
                to_member() / ipv6(peer_v6(0), data_v6(0, 0)) / neighbour_solicitation(v6),
                fate,
            ),
        ]);
    }
    check(&rows);
}

#[test]
fn arp_about_any_test_address_stays_on_every_member() {
    let mut rows = Vec::new();
    for index in 0..SLOTS.len() {
        let address = test_v4(0, index);
        rows.extend([
            ("request", arp_request(PEER_MAC, peer_v4(0), address), Untouched),
            ("request by unicast", arp_reply(PEER_MAC, peer_v4(0), OWN_MAC, address), Untouched),
            ("announcement by somebody else", gratuitous_arp(PEER_MAC, address), Untouched),
        ]);
    }
    rows.push(("one that no member has", arp_request(PEER_MAC, peer_v4(0), test_v4(0, 9)), Both));
    check(&rows);
}
