//! `group_egress`, run by the kernel over made packets: which member sends what, as whom, and what is dropped.

mod arp;
mod attached;
mod choice;
mod damage;
mod moves;
mod nd;
mod refused;
mod spread;

use std::net::IpAddr;

use ipmp_common::{
    Reason,
    flow::{self, Transport},
};
use ipmp_ctl::{dataplane::object::Program, engine::assignment::Assignment};
use ipmp_tests::{
    packets::{Ethernet, Packet, ethernet},
    program::{
        Counts, Loaded, PacketPath, Verdict,
        scene::{self, GROUP_MAC, PEER_MAC, SEED, assignment, member_mac},
    },
};

/// The group's maps and the program over them.
struct Egress {
    path: PacketPath,
    program: Loaded,
}

/// Which rule picks the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// The bucket of addresses and ports.
    Ports,
    /// The bucket of the addresses alone.
    Addresses,
    /// The nomination.
    Nominee,
    /// A binding or a test address: the member in this slot.
    Slot(u16),
}

impl Egress {
    fn new() -> Self {
        Self::with(&assignment())
    }

    fn with(assignment: &Assignment) -> Self {
        let path = PacketPath::new(GROUP_MAC, assignment);
        let program = path.load(Program::GroupEgress, scene::constants());
        Self { path, program }
    }

    /// Sends `before` and expects that `after` leaves by the member in `slot`, and that this is all that was counted.
    fn expect_sent(&mut self, what: &str, before: &[u8], after: &[u8], slot: u16) {
        let (ran, counts) = self.path.run(&mut self.program, before);
        assert_eq!(ran.verdict, Verdict::Redirected, "{what}: {counts:?}");
        if ran.frame != after {
            assert_eq!(Packet::parse(&ran.frame), Packet::parse(after), "{what}");
        }
        assert_eq!(ran.frame, after, "{what}");
        assert_eq!(counts, Counts::sent(slot, before.len()), "{what}");
    }

    /// Sends `frame` and expects that it leaves by the member that the rule picks, in its name and otherwise unchanged.
    fn expect(&mut self, what: &str, frame: &[u8], by: By) {
        let slot = self.slot(frame, by);
        self.expect_sent(what, frame, &in_name_of(slot, frame), slot);
    }

    /// Sends `frame` and expects that it is dropped, unchanged and counted.
    fn expect_dropped(&mut self, what: &str, frame: &[u8], reason: Reason) {
        let (ran, counts) = self.path.run(&mut self.program, frame);
        assert_eq!((ran.verdict, counts), (Verdict::Dropped, Counts::only(reason)), "{what}");
        assert_eq!(ran.frame, frame, "{what}");
    }

    /// The slot of the member that the rule picks while all are usable.
    fn slot(&self, frame: &[u8], by: By) -> u16 {
        let assignment = self.path.installed();
        match by {
            By::Slot(slot) => slot,
            By::Nominee => assignment.nominee.slot,
            By::Ports => assignment.buckets[bucket(frame, ports(frame)) as usize].slot,
            By::Addresses => assignment.buckets[bucket(frame, Transport::NONE) as usize].slot,
        }
    }
}

/// An Ethernet header from the group interface to somebody on the link.
fn to_peer() -> Ethernet {
    ethernet(GROUP_MAC, PEER_MAC)
}

/// `frame` with the member's MAC as source.
fn in_name_of(slot: u16, frame: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[6..12].copy_from_slice(&member_mac(slot).bytes);
    frame
}

/// The bucket of a packet whose outermost addresses are whole.
fn bucket(frame: &[u8], transport: Transport) -> u32 {
    let array = |at: usize| frame[at..at + 4].try_into().expect("four bytes");
    let long = |at: usize| frame[at..at + 16].try_into().expect("sixteen bytes");
    flow::bucket(match frame[12..14] {
        [0x08, 0x00] => flow::hash_v4(SEED, array(26), array(30), transport),
        [0x86, 0xdd] => flow::hash_v6(SEED, long(22), long(38), transport),
        _ => flow::hash_other(SEED),
    })
}

/// Protocol and ports of a packet, by the parser of the tests.
fn ports(frame: &[u8]) -> Transport {
    use ipmp_tests::packets::Layer;
    let packet = Packet::parse(frame);
    let (protocol, source, destination) = packet
        .find(|layer| match layer {
            Layer::Udp(it) => Some((17, it.source, it.destination)),
            Layer::Tcp(it) => Some((6, it.source, it.destination)),
            Layer::Sctp(it) => Some((132, it.source, it.destination)),
            _ => None,
        })
        .unwrap_or_else(|| panic!("no ports in {packet}"));
    let ([a, b], [c, d]) = (source.to_be_bytes(), destination.to_be_bytes());
    Transport::new(protocol, [a, b, c, d])
}

/// A header of either family between data address 0 and the peer 0.
fn ip(family: usize) -> Packet {
    between(ipmp_tests::plan::data(0)[family], ipmp_tests::plan::peer(0)[family])
}

/// An Ethernet and an IP header.
fn between(source: IpAddr, destination: IpAddr) -> Packet {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            to_peer() / ipmp_tests::packets::ipv4(source, destination)
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            to_peer() / ipmp_tests::packets::ipv6(source, destination)
        }
        _ => unreachable!("the addresses of a packet are of one family"),
    }
}

/// Source ports that tell rules apart: with so many, no rule picks the same members as another by chance.
const SOURCE_PORTS: [u16; 8] = [1024, 4711, 5060, 20_000, 33_333, 40_000, 51_000, 65_535];

#[test]
fn the_source_ports_tell_the_rules_apart() {
    let egress = Egress::new();
    for family in [0, 1] {
        let frames: Vec<_> = SOURCE_PORTS
            .iter()
            .map(|&port| (ip(family) / ipmp_tests::packets::udp(port, 53)).build())
            .collect();
        for other in [By::Addresses, By::Nominee] {
            let differ =
                frames.iter().any(|frame| egress.slot(frame, By::Ports) != egress.slot(frame, other));
            assert!(differ, "{other:?}, family {family}");
        }
        let addresses = egress.slot(&frames[0], By::Addresses);
        assert_ne!(addresses, egress.slot(&frames[0], By::Nominee), "family {family}");
    }
}
