//! What is none of the group's business.

use ipmp_common::member::Mac;
use ipmp_tests::{
    packets::{
        BROADCAST, arp_reply, arp_request, echo_request_v4, ethernet, ipv4, ipv6, neighbour_solicitation,
        payload, tcp, udp, vlan,
    },
    plan::{data_v4, data_v6, peer_v4, peer_v6, test_v4},
    program::scene::{GROUP_MAC, PEER_MAC, member_mac},
};

use super::{
    Fate::{GroupOnce, Untouched},
    OTHER, OWN_MAC, check, to_group_v4, to_member,
};

#[test]
fn unicast_to_another_mac_is_untouched() {
    let mut rows = Vec::new();
    for mac in [member_mac(OTHER), GROUP_MAC, Mac { bytes: [2, 0x70, 0, 0, 0, 2] }, Mac::default()] {
        let header = ethernet(PEER_MAC, mac);
        rows.extend([
            ("IPv4", header.clone() / ipv4(peer_v4(0), data_v4(0, 0)) / tcp(1, 2), Untouched),
            (
                "IPv4 to a test address",
                header.clone() / ipv4(peer_v4(0), test_v4(0, 1)) / udp(1, 2),
                Untouched,
            ),
            ("IPv6", header.clone() / ipv6(peer_v6(0), data_v6(0, 0)) / udp(1, 2), Untouched),
            (
                "ND",
                header.clone() / ipv6(peer_v6(0), data_v6(0, 0)) / neighbour_solicitation(data_v6(0, 0)),
                Untouched,
            ),
            ("ARP", arp_reply(PEER_MAC, peer_v4(0), mac, data_v4(0, 0)), Untouched),
            (
                "from a member",
                ethernet(member_mac(OTHER), mac) / ipv4(data_v4(0, 0), data_v4(0, 1)) / udp(1, 2),
                Untouched,
            ),
        ]);
    }
    check(&rows);
}

#[test]
fn other_ether_types_are_untouched() {
    let mut rows = Vec::new();
    for (what, ether_type) in [
        ("LLDP", 0x88cc),
        ("LACP", 0x8809),
        ("EAPOL", 0x888e),
        ("PTP", 0x88f7),
        ("MPLS", 0x8847),
        ("wake on LAN", 0x0842),
        ("PPPoE", 0x8864),
        ("AVTP", 0x22f0),
        ("reverse ARP", 0x8035),
        ("experimental", 0x88b5),
        ("802.3 length", 0x0026),
    ] {
        for to in [
            OWN_MAC,
            BROADCAST,
            Mac { bytes: [1, 0x1b, 0x19, 0, 0, 0] },
            Mac { bytes: [1, 0x80, 0xc2, 0, 0, 0x0e] },
        ] {
            for from in [PEER_MAC, member_mac(OTHER)] {
                let packet = ethernet(from, to).ether_type(ether_type) / payload(&[0x42; 46]);
                rows.push((what, packet, Untouched));
            }
        }
    }
    check(&rows);
}

#[test]
fn what_bridges_do_not_forward_is_untouched() {
    let mut rows = Vec::new();
    for last in 0..16 {
        let to = Mac { bytes: [1, 0x80, 0xc2, 0, 0, last] };
        for from in [PEER_MAC, member_mac(OTHER)] {
            let packet = ethernet(from, to) / ipv4(peer_v4(0), [224, 0, 0, 1].into()) / udp(1, 2);
            rows.push(("link-local MAC", packet, Untouched));
        }
    }
    for bytes in [
        [1, 0x80, 0xc2, 0, 0, 0x10],
        [1, 0x80, 0xc2, 0, 1, 0],
        [1, 0x80, 0xc3, 0, 0, 0],
        [3, 0x80, 0xc2, 0, 0, 0],
    ] {
        let packet = ethernet(PEER_MAC, Mac { bytes }) / ipv4(peer_v4(0), [224, 0, 0, 1].into()) / udp(1, 2);
        rows.push(("no link-local MAC", packet, GroupOnce));
    }
    check(&rows);
}

#[test]
fn tagged_frames_are_untouched() {
    let mut rows = Vec::new();
    for header in
        [to_member(), ethernet(PEER_MAC, BROADCAST), to_group_v4(), ethernet(member_mac(OTHER), BROADCAST)]
    {
        let inside = ipv4(peer_v4(0), data_v4(0, 0)) / echo_request_v4(1, 1, b"tagged");
        rows.extend([
            ("802.1Q", header.clone() / vlan(7) / inside.clone(), Untouched),
            ("802.1ad", header.clone().ether_type(0x88a8) / vlan(7) / inside.clone(), Untouched),
            ("two tags", header.clone().ether_type(0x88a8) / vlan(7) / vlan(8) / inside, Untouched),
        ]);
    }
    check(&rows);
}

#[test]
fn arp_about_other_things_is_untouched() {
    let sound = arp_request(PEER_MAC, peer_v4(0), data_v4(0, 0)).build();
    for nominated in super::AT_BOTH {
        let mut ingress = super::Ingress::new(nominated);
        for at in 14..20 {
            let mut frame = sound.clone();
            frame[at] ^= 0x40;
            ingress.expect(&format!("byte {at} is another"), &frame, Untouched);
        }
    }
}
