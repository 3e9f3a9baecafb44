//! What does not leave, what got here by another way, and what is not IP.

use ipmp_common::{Reason, member::Mac};
use ipmp_ctl::dataplane::object::{Constants, Program};
use ipmp_tests::{
    packets::{BROADCAST, arp_request, ethernet, ipv4, ipv6, neighbour_solicitation, payload, udp, vlan},
    plan,
    program::{
        Counts, Verdict,
        scene::{self, GROUP_MAC, PEER_MAC, SLOTS, member_mac},
    },
};

use super::{By, Egress, in_name_of, ip, to_peer};

#[test]
fn a_frame_with_a_source_mac_of_its_own_is_dropped() {
    let mut egress = Egress::new();
    let foreign = [PEER_MAC, Mac::default(), BROADCAST, member_mac(0), Mac { bytes: [2, 0x67, 0, 0, 0, 2] }];
    for source in foreign {
        for (what, packet) in [
            ("IPv4", ethernet(source, PEER_MAC) / ip(0).layers[1].clone() / udp(1, 2)),
            ("IPv6", ethernet(source, PEER_MAC) / ip(1).layers[1].clone() / udp(1, 2)),
            ("ARP", arp_request(source, plan::data_v4(0, 0), plan::peer_v4(0))),
            (
                "ND",
                ethernet(source, PEER_MAC)
                    / ip(1).layers[1].clone()
                    / neighbour_solicitation(plan::peer_v6(0)).source_link(source),
            ),
            ("anything", ethernet(source, PEER_MAC) / payload(&[0; 50])),
        ] {
            egress.expect_dropped(&format!("{what} from {source}"), &packet.build(), Reason::ForeignSource);
        }
    }
}

#[test]
fn a_tagged_frame_is_dropped() {
    let mut egress = Egress::new();
    for source in [GROUP_MAC, PEER_MAC] {
        for (what, outer) in [
            ("802.1Q", ethernet(source, PEER_MAC) / vlan(7)),
            ("a priority tag", ethernet(source, PEER_MAC) / vlan(0).priority(5)),
            ("802.1ad", ethernet(source, PEER_MAC).ether_type(0x88a8) / vlan(7)),
            ("two tags", ethernet(source, PEER_MAC).ether_type(0x88a8) / vlan(7) / vlan(8)),
        ] {
            for inside in [ip(0), ip(1)] {
                let packet = outer.clone() / inside.layers[1].clone() / udp(1, 2);
                egress.expect_dropped(what, &packet.build(), Reason::TaggedEgress);
            }
        }
    }
}

#[test]
fn other_protocols_leave_by_one_bucket_or_the_nominated_member() {
    let mut egress = Egress::new();
    let lldp = Mac { bytes: [1, 0x80, 0xc2, 0, 0, 0x0e] };
    for ether_type in
        [0x0000, 0x0040, 0x05ff, 0x0600, 0x0801, 0x0842, 0x22f0, 0x8847, 0x8863, 0x88b5, 0x88cc, 0xffff]
    {
        for (destination, by) in [(PEER_MAC, By::Addresses), (BROADCAST, By::Nominee), (lldp, By::Nominee)] {
            let packet = ethernet(GROUP_MAC, destination).ether_type(ether_type) / payload(&[0xa5; 46]);
            egress.expect(&format!("{ether_type:#06x} to {destination}"), &packet.build(), by);
        }
    }
}

#[test]
fn behind_the_group_interface_everything_counts_as_leaked() {
    let mut egress = Egress::new();
    let constants = Constants { behind: true, ..scene::constants() };
    let mut behind = egress.path.load(Program::GroupEgress, constants);
    for (what, packet, by) in [
        ("IPv4", ip(0) / udp(1024, 53), By::Ports),
        ("IPv6", ip(1) / udp(1024, 53), By::Ports),
        (
            "broadcast",
            ethernet(GROUP_MAC, BROADCAST) / ipv4(plan::data_v4(0, 0), [255; 4].into()) / udp(1, 2),
            By::Nominee,
        ),
        (
            "test address",
            to_peer() / ipv4(plan::test_v4(0, 3), plan::peer_v4(0)) / udp(1, 2),
            By::Slot(SLOTS[3]),
        ),
        (
            "IPv6 test address",
            to_peer() / ipv6(scene::test_v6(3), plan::peer_v6(0)) / udp(1, 2),
            By::Slot(SLOTS[3]),
        ),
    ] {
        let frame = packet.build();
        let slot = egress.slot(&frame, by);
        let (ran, counts) = egress.path.run(&mut behind, &frame);
        assert_eq!(ran.verdict, Verdict::Redirected, "{what}");
        assert_eq!(ran.frame, in_name_of(slot, &frame), "{what}");
        assert_eq!(counts, Counts::sent(slot, frame.len()).and(Reason::Leaked), "{what}");
    }
    let foreign = (ethernet(PEER_MAC, GROUP_MAC) / payload(&[0; 50])).build();
    let (ran, counts) = egress.path.run(&mut behind, &foreign);
    assert_eq!((ran.verdict, counts), (Verdict::Dropped, Counts::only(Reason::ForeignSource)));
    egress.expect("the other program counts nothing of this", &(ip(0) / udp(1, 2)).build(), By::Ports);
}
