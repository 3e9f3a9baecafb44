//! Frames that the kernel makes no test run of: those with a tag, which it takes off for one program and not for the other.

use aya::programs::TcAttachType;
use ipmp_common::{Family, ProbeKind};
use ipmp_ctl::dataplane::object::Program;
use ipmp_tests::{
    eventually,
    eventually::{SOON, holds},
    packet_socket::PacketSocket,
    packets::{ethernet, vlan},
};

use super::{
    Fate::{Counts, NotOurs},
    OWN_MAC, PEER_MAC, Probing,
};

#[test]
fn a_priority_tag_is_stepped_over_by_xdp_and_other_tags_are_not() {
    for family in Family::ALL {
        let mut probing = Probing::new(Program::MemberProbe, family);
        for (number, (tag, fate)) in [(0, Counts), (7, NotOurs), (4095, NotOurs)].into_iter().enumerate() {
            let reply = probing.detect(number as u16);
            let tagged = |tag| ethernet(PEER_MAC, OWN_MAC) / tag / reply.around(reply.message());
            probing.expect("tagged", &tagged(vlan(tag).priority(5)), fate);
        }
        let reply = probing.detect(9);
        let twice = ethernet(PEER_MAC, OWN_MAC) / vlan(0) / vlan(0) / reply.around(reply.message());
        probing.expect("tagged twice", &twice, NotOurs);
    }
}

#[test]
fn a_priority_tag_is_stepped_over_by_tc_and_other_tags_are_not() {
    for family in Family::ALL {
        let mut probing = Probing::new(Program::MemberIngress, family);
        probing.program.attach(&probing.netns, "e0", TcAttachType::Ingress);
        let wire = PacketSocket::open(&probing.netns, "e0-p");
        let send = |sequence, tag| {
            let reply = probing.detect(sequence);
            wire.send(&(ethernet(PEER_MAC, OWN_MAC) / vlan(tag).priority(5) / reply.around(reply.message())));
        };
        send(1, 7);
        send(2, 0);
        eventually("the reply is accounted for", SOON, || {
            holds(probing.arrival(ProbeKind::Detection, 2).is_some(), || probing.counters())
        });
        assert_eq!(probing.arrival(ProbeKind::Detection, 1), None);
        assert_eq!(probing.counters(), Counts.counters());
    }
}
