//! Replies to probes, run by the kernel over made packets: through `member_ingress` and through `member_probe`, which have
//! to agree in everything.

mod attached;
mod discovery;
mod random;
mod replies;
mod shape;

use std::{net::IpAddr, time::Instant};

use ipmp_common::{Family, ProbeCounters, ProbeKind, member::Mac, probe::Payload};
use ipmp_ctl::dataplane::{
    object::{Constants, Program},
    probes::{Outgoing, ProbeTable},
};
use ipmp_tests::{
    Netns,
    packets::{Control, Packet, ethernet, icmpv4, icmpv6, ipv4, ipv6, payload},
    plan::{peer_v4, peer_v6, test_v4},
    program::{
        Loaded, PacketPath, Verdict,
        scene::{self, GROUP_MAC, PEER_MAC, assignment, member_mac, test_v6},
    },
};

/// Slot of the member that probes, the second of the scene.
const SELF: u16 = 3;

const OWN_MAC: Mac = member_mac(SELF);

/// Identifier of the probes.
const IDENTIFIER: u16 = 0xbeef;

/// Which of the targets' histograms is used.
const TARGET_INDEX: u8 = 2;

/// The places for the accounting.
const FRONTS: [Program; 3] = [Program::MemberIngress, Program::MemberProbe, Program::MemberGeneric];

/// The member's own test address.
fn own(family: Family) -> IpAddr {
    match family {
        Family::V4 => test_v4(0, 1).into(),
        Family::V6 => test_v6(1).into(),
    }
}

/// The target of all unicast probes.
fn target(family: Family) -> IpAddr {
    match family {
        Family::V4 => peer_v4(0).into(),
        Family::V6 => peer_v6(0).into(),
    }
}

/// The maps of a group whose member probes over `family`, and one of the programs over them.
struct Probing {
    _path: PacketPath,
    table: ProbeTable,
    program: Loaded,
    front: Program,
    family: Family,
    netns: Netns,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nobody took it for a reply to us.
    NotOurs,
    /// A sign of life, taken out of the way.
    Counts,
    /// A first answer to a multicast probe: counted, and up the stack.
    CountsAndPasses,
    /// Taken for nothing, up the stack: another answer to a multicast probe.
    Passes,
    Forged,
    Duplicate,
    OutOfWindow,
    Malformed,
}

impl Fate {
    fn counters(self) -> ProbeCounters {
        let none = ProbeCounters::default();
        match self {
            Self::NotOurs | Self::Passes => none,
            Self::Counts | Self::CountsAndPasses => ProbeCounters { answered: 1, ..none },
            Self::Forged => ProbeCounters { forged: 1, ..none },
            Self::Duplicate => ProbeCounters { duplicate: 1, ..none },
            Self::OutOfWindow => ProbeCounters { out_of_window: 1, ..none },
            Self::Malformed => ProbeCounters { malformed: 1, ..none },
        }
    }

    const fn is_taken(self) -> bool {
        !matches!(self, Self::NotOurs | Self::Passes | Self::CountsAndPasses)
    }
}

/// A reply, right in everything that is not changed afterwards.
#[derive(Clone, Copy, Debug)]
struct Reply {
    family: Family,
    identifier: u16,
    sequence: u16,
    kind: ProbeKind,
    cookie: u64,
    source: IpAddr,
    destination: IpAddr,
}

impl Reply {
    fn to(family: Family, probe: &Outgoing) -> Self {
        let &Outgoing { sequence, kind, cookie, target, .. } = probe;
        Self {
            family,
            identifier: IDENTIFIER,
            sequence,
            kind,
            cookie,
            source: target,
            destination: own(family),
        }
    }

    /// ICMP header and payload.
    fn message(self) -> Packet {
        let header = match self.family {
            Family::V4 => icmpv4(0, 0),
            Family::V6 => icmpv6(129, 0),
        };
        self.with_header(header)
    }

    fn with_header(self, header: Control) -> Packet {
        let ([a, b], [c, d]) = (self.identifier.to_be_bytes(), self.sequence.to_be_bytes());
        header.rest([a, b, c, d]) / payload(&Payload::new(self.kind, self.cookie).to_bytes())
    }

    /// IP header with `message` behind it.
    fn around(self, message: impl Into<Packet>) -> Packet {
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => ipv4(source, destination) / message,
            (IpAddr::V6(source), IpAddr::V6(destination)) => ipv6(source, destination) / message,
            addresses => panic!("{addresses:?} of one family"),
        }
    }

    fn packet(self) -> Packet {
        ethernet(PEER_MAC, OWN_MAC) / self.around(self.message())
    }
}

/// Runs a test with either program and either family.
fn everywhere(test: impl Fn(Probing)) {
    for front in FRONTS {
        for family in Family::ALL {
            test(Probing::new(front, family));
        }
    }
}

/// The same, over one family.
fn at_both_fronts(family: Family, test: impl Fn(Probing)) {
    for front in FRONTS {
        test(Probing::new(front, family));
    }
}

impl Probing {
    fn new(front: Program, family: Family) -> Self {
        let netns = Netns::new("probe");
        netns.set("ipv6/conf/default/disable_ipv6", "1");
        netns.ip_batch(&format!(
            "link add e0 address {OWN_MAC} type veth peer name e0-p\nlink set e0 up\nlink set e0-p up\n"
        ));
        let path = PacketPath::new(GROUP_MAC, &assignment());
        let table = ProbeTable::new(path.pins()).expect("the maps are there");
        table.open(SELF, family, IDENTIFIER);
        let constants = Constants { slot: SELF, ..scene::constants() };
        let index = netns.ifindex("e0").expect("it has just been made");
        let program = path.load(front, constants).arriving_at(index);
        Self { _path: path, table, program, front, family, netns }
    }

    /// Publishes a probe as the daemon would.
    fn probe(&self, kind: ProbeKind, sequence: u16) -> Outgoing {
        let probe = Outgoing {
            kind,
            sequence,
            target: target(self.family),
            target_index: TARGET_INDEX,
            cookie: 0x0123_4567_89ab_cdef ^ u64::from(sequence) << 20 ^ (kind as u64) << 40,
            sent: Instant::now(),
        };
        self.table.publish(SELF, self.family, &probe);
        probe
    }

    /// Publishes a probe for detection, and gives a reply to it.
    fn detect(&self, sequence: u16) -> Reply {
        Reply::to(self.family, &self.probe(ProbeKind::Detection, sequence))
    }

    fn arrival(&self, kind: ProbeKind, sequence: u16) -> Option<Instant> {
        self.table.arrival(SELF, self.family, kind, sequence)
    }

    /// Replies in the histogram of the target.
    fn recorded(&self) -> u32 {
        self.table.histogram(SELF, self.family, TARGET_INDEX).iter().sum()
    }

    fn counters(&self) -> ProbeCounters {
        self.table.counters(SELF).expect("counters can be read")
    }

    /// What happens to a frame.
    fn run(&mut self, frame: &[u8]) -> (Verdict, ProbeCounters) {
        let before = self.counters();
        let Self { program, netns, .. } = self;
        let ran = netns.run(move || program.run(frame));
        let now = self.counters();
        let grown = ProbeCounters {
            answered: now.answered - before.answered,
            forged: now.forged - before.forged,
            duplicate: now.duplicate - before.duplicate,
            out_of_window: now.out_of_window - before.out_of_window,
            malformed: now.malformed - before.malformed,
        };
        (ran.verdict, grown)
    }

    /// Lets a frame arrive and expects its fate.
    fn expect_frame(&mut self, what: &str, frame: &[u8], fate: Fate) {
        let (verdict, counters) = self.run(frame);
        let (front, family) = (self.front, self.family);
        let what = || format!("{what}, {front:?}, {family:?}: {}", Packet::parse(frame));
        assert_eq!(counters, fate.counters(), "{}", what());
        assert_eq!(verdict == Verdict::Dropped, fate.is_taken(), "{verdict:?} {}", what());
    }

    fn expect(&mut self, what: &str, packet: &Packet, fate: Fate) {
        self.expect_frame(what, &packet.build(), fate);
    }
}
