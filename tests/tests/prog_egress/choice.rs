//! The nominated member, test addresses, and what takes over from a member that is not usable.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipmp_common::{Address, Choice, Reason, SlotSet, flow::Transport, member::Mac};
use ipmp_tests::{
    packets::{
        BROADCAST, Packet, echo_request_v4, echo_request_v6, ethernet, igmp, ipv4, ipv6,
        neighbour_solicitation, tcp, udp,
    },
    plan,
    program::{
        Counts, Verdict,
        scene::{GROUP_MAC, NOMINEE, SLOTS, assignment, test_v6},
    },
};

use super::{By, Egress, between, bucket, in_name_of, ip, ports, to_peer};

const MDNS_V4: (Mac, Ipv4Addr) = (Mac { bytes: [1, 0, 0x5e, 0, 0, 251] }, Ipv4Addr::new(224, 0, 0, 251));
const ROUTERS_V6: (Mac, Ipv6Addr) =
    (Mac { bytes: [0x33, 0x33, 0, 0, 0, 2] }, Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2));

fn multicast_v4(source: Ipv4Addr) -> Packet {
    ethernet(GROUP_MAC, MDNS_V4.0) / ipv4(source, MDNS_V4.1) / udp(5353, 5353)
}

fn multicast_v6(source: Ipv6Addr) -> Packet {
    ethernet(GROUP_MAC, ROUTERS_V6.0) / ipv6(source, ROUTERS_V6.1) / udp(5353, 5353)
}

#[test]
fn broadcast_and_multicast_leave_by_the_nominated_member() {
    let mut egress = Egress::new();
    let from = plan::data_v4(0, 0);
    for (what, packet) in [
        ("limited broadcast", ethernet(GROUP_MAC, BROADCAST) / ipv4(from, Ipv4Addr::BROADCAST) / udp(68, 67)),
        (
            "from no address",
            ethernet(GROUP_MAC, BROADCAST) / ipv4([0; 4].into(), [255; 4].into()) / udp(68, 67),
        ),
        ("subnet broadcast", ethernet(GROUP_MAC, BROADCAST) / ipv4(from, [10, 9, 0, 255].into()) / udp(9, 9)),
        ("IPv4 multicast", multicast_v4(from)),
        ("IGMP report", ethernet(GROUP_MAC, MDNS_V4.0) / ipv4(from, MDNS_V4.1) / igmp(0x16, MDNS_V4.1)),
        ("IPv6 multicast", multicast_v6(plan::data_v6(0, 0))),
        (
            "echo to all routers",
            ethernet(GROUP_MAC, ROUTERS_V6.0)
                / ipv6(plan::data_v6(0, 0), ROUTERS_V6.1)
                / echo_request_v6(1, 1, b"?"),
        ),
    ] {
        egress.expect(what, &packet.build(), By::Nominee);
    }
}

#[test]
fn a_test_address_leaves_by_its_member_usable_or_not() {
    let mut wanted = assignment();
    let mut egress = Egress::with(&wanted);
    for usable in [wanted.usable, SlotSet::EMPTY.with(17), SlotSet::EMPTY] {
        wanted.usable = usable;
        egress.path.install(&wanted);
        for (index, &slot) in SLOTS.iter().enumerate() {
            let (v4, v6) = (plan::test_v4(0, index), test_v6(index));
            let to = IpAddr::from(plan::peer_v6(0));
            for (what, packet) in [
                ("probe", between(v4.into(), plan::peer_v4(0).into()) / echo_request_v4(1, 1, b"probe")),
                ("TCP", between(v4.into(), plan::peer_v4(0).into()) / tcp(1, 2)),
                ("multicast probe", multicast_v4(v4)),
                ("probe", between(v6.into(), to) / echo_request_v6(1, 1, b"probe")),
                ("UDP", between(v6.into(), to) / udp(1, 2)),
                ("multicast probe", multicast_v6(v6)),
            ] {
                egress.expect(
                    &format!("{what}, usable {usable:?}: {packet}"),
                    &packet.build(),
                    By::Slot(slot),
                );
            }
        }
    }
}

#[test]
fn a_test_address_that_was_taken_away_is_an_address_like_any_other() {
    let mut wanted = assignment();
    let mut egress = Egress::with(&wanted);
    for (address, frame) in [
        (plan::test_v4(0, 3).into(), multicast_v4(plan::test_v4(0, 3)).build()),
        (IpAddr::from(test_v6(3)), multicast_v6(test_v6(3)).build()),
    ] {
        egress.expect("while it is one", &frame, By::Slot(63));
        wanted.test_addresses.remove(&address);
        egress.path.install(&wanted);
        egress.expect("afterwards", &frame, By::Nominee);
    }
    egress.expect("the others stay", &multicast_v4(plan::test_v4(0, 0)).build(), By::Slot(0));
}

#[test]
fn a_test_address_on_an_empty_slot_is_dropped() {
    let mut wanted = assignment();
    wanted.test_addresses.insert(plan::test_v4(0, 5).into(), 40);
    let mut egress = Egress::with(&wanted);
    let packet = between(plan::test_v4(0, 5).into(), plan::peer_v4(0).into()) / udp(1, 2);
    egress.expect_dropped("empty slot", &packet.build(), Reason::NoUsableMember);
}

/// All sets of the scene's slots.
fn all_sets() -> impl Iterator<Item = SlotSet> {
    (0..16_u8).map(|bits| {
        SLOTS.into_iter().enumerate().filter(|(n, _)| bits >> n & 1 == 1).map(|(_, slot)| slot).collect()
    })
}

/// Sends `frame` and expects the member that `choice` comes to by the rule that the planner uses as well, counted as
/// fallback unless it is the first choice.
fn expect_choice(egress: &mut Egress, what: &str, frame: &[u8], choice: Choice, salt: u32) {
    let usable = egress.path.installed().usable;
    let (ran, counts) = egress.path.run(&mut egress.program, frame);
    let what = format!("{what}: {choice:?}, usable {usable:?}");
    let Some(slot) = choice.choose(usable, salt) else {
        assert_eq!((ran.verdict, counts), (Verdict::Dropped, Counts::only(Reason::NoUsableMember)), "{what}");
        return;
    };
    assert_eq!(ran.verdict, Verdict::Redirected, "{what}");
    assert_eq!(ran.frame[6..12], in_name_of(slot, frame)[6..12], "{what}");
    let sent = Counts::sent(slot, frame.len());
    assert_eq!(counts, if slot == choice.slot { sent } else { sent.and(Reason::Fallback) }, "{what}");
}

#[test]
fn a_bucket_falls_back_by_the_rule_of_the_planner() {
    let mut wanted = assignment();
    let mut egress = Egress::with(&wanted);
    for usable in all_sets() {
        wanted.usable = usable;
        egress.path.install(&wanted);
        for port in 2000..2040 {
            for family in [0, 1] {
                let frame = (ip(family) / udp(port, 53)).build();
                let bucket = bucket(&frame, ports(&frame));
                let choice = wanted.buckets[bucket as usize];
                expect_choice(&mut egress, "bucket", &frame, choice, bucket);
            }
        }
        let frame = (ip(0) / echo_request_v4(1, 1, b"")).build();
        let bucket = bucket(&frame, Transport::NONE);
        expect_choice(&mut egress, "bucket", &frame, wanted.buckets[bucket as usize], bucket);
    }
}

#[test]
fn the_nomination_falls_back() {
    let mut wanted = assignment();
    let mut egress = Egress::with(&wanted);
    for usable in all_sets() {
        wanted.usable = usable;
        egress.path.install(&wanted);
        for packet in [multicast_v4(plan::data_v4(0, 0)), multicast_v6(plan::data_v6(0, 0))] {
            expect_choice(&mut egress, "nominee", &packet.build(), NOMINEE, 0);
        }
    }
}

#[test]
fn bindings_fall_back() {
    let mut wanted = assignment();
    let mut egress = Egress::with(&wanted);
    for usable in all_sets() {
        wanted.usable = usable;
        egress.path.install(&wanted);
        for (&address, &choice) in &wanted.bindings {
            let packet = match address {
                IpAddr::V4(address) => ipmp_tests::packets::arp_request(GROUP_MAC, address, plan::peer_v4(0)),
                IpAddr::V6(address) => {
                    to_peer()
                        / ipv6(address, plan::peer_v6(0)).hop_limit(255)
                        / neighbour_solicitation(plan::peer_v6(0)).source_link(GROUP_MAC)
                }
            };
            let salt = Address::from(address).salt();
            expect_choice(&mut egress, &format!("binding of {address}"), &packet.build(), choice, salt);
        }
    }
}

#[test]
fn a_group_that_has_never_had_a_member_drops_everything() {
    let mut egress = Egress::with(&ipmp_ctl::engine::assignment::Assignment::default());
    for packet in [
        ip(0) / udp(1, 2),
        ip(1) / udp(1, 2),
        multicast_v4(plan::data_v4(0, 0)),
        ipmp_tests::packets::arp_request(GROUP_MAC, plan::data_v4(0, 0), plan::peer_v4(0)),
        ip(1) / neighbour_solicitation(plan::peer_v6(0)).source_link(GROUP_MAC),
    ] {
        egress.expect_dropped(&packet.to_string(), &packet.build(), Reason::NoUsableMember);
    }
}
