//! `member_ingress`, run by the kernel over made packets: what is the group's, what stays the member's own, and what is
//! nobody's.

mod attached;
mod damage;
mod nomination;
mod own;
mod receive;
mod untouched;

use ipmp_common::{Choice, Reason, member::Mac};
use ipmp_ctl::{
    dataplane::object::{Constants, Program},
    engine::assignment::Assignment,
};
use ipmp_tests::{
    Capture, Netns, eventually,
    eventually::{SOON, holds},
    packet_socket::Direction,
    packets::{Ethernet, Packet, ethernet},
    program::{
        Counts, Loaded, PacketPath, Verdict,
        scene::{self, GROUP_MAC, PEER_MAC, assignment, member_mac},
    },
};

/// Slot of the member at which everything arrives.
const SELF: u16 = 3;

/// Slot of another member.
const OTHER: u16 = 63;

const OWN_MAC: Mac = member_mac(SELF);

/// A member that is nominated, and one that is not.
const AT_BOTH: [bool; 2] = [true, false];

/// A network namespace with a member and a group interface, the group's maps, and the program over them.
struct Ingress {
    path: PacketPath,
    program: Loaded,
    netns: Netns,
    nominated: bool,
    /// The copies that the group interface should have got.
    copies: Vec<Vec<u8>>,
    capture: Option<Capture>,
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Up the member's own stack, as if there were no group.
    Untouched,
    /// The same, but counted as the group's.
    Counted,
    /// To the group interface.
    Group,
    /// Broadcast and multicast that only one member may hand to the group interface: the nominated one does, the
    /// others drop it.
    GroupOnce,
    /// Up the member's own stack, and the nominated one hands a copy to the group interface.
    Both,
    /// Nowhere.
    Dropped(Reason),
}

impl Ingress {
    fn new(nominated: bool) -> Self {
        Self::with(&nominating(nominated), nominated, false)
    }

    /// `receive = "member"`.
    fn receiving_on_member(nominated: bool) -> Self {
        Self::with(&nominating(nominated), nominated, true)
    }

    fn with(assignment: &Assignment, nominated: bool, receive_on_member: bool) -> Self {
        let netns = Netns::new("ingress");
        // Nothing but the copies may turn up at the group interface.
        netns.set("ipv6/conf/default/disable_ipv6", "1");
        netns.ip_batch(&format!(
            "link add e0 address {OWN_MAC} type veth peer name e0-p\n\
             link add ipmp0 address {GROUP_MAC} type veth peer name ipmp0-p\n\
             link set e0 up\nlink set e0-p up\nlink set ipmp0 up\nlink set ipmp0-p up\n"
        ));
        let index = |name| netns.ifindex(name).expect("it has just been made");
        let path = PacketPath::new(GROUP_MAC, assignment);
        let constants =
            Constants { slot: SELF, group_ifindex: index("ipmp0"), receive_on_member, ..scene::constants() };
        let program = path.load(Program::MemberIngress, constants).arriving_at(index("e0"));
        Self { path, program, netns, nominated, copies: Vec::new(), capture: None }
    }

    /// Captures what the group interface gets from now on, for [`Self::expect_copies`].
    fn watching(mut self) -> Self {
        self.capture = Some(Capture::start(&self.netns, "ipmp0", |_| true));
        self
    }

    fn run(&mut self, frame: &[u8]) -> (ipmp_tests::program::Ran, Counts) {
        let Self { path, program, .. } = self;
        self.netns.run(move || path.run(program, frame))
    }

    /// Lets `frame` arrive and expects its fate.
    fn expect(&mut self, what: &str, frame: &[u8], fate: Fate) {
        let (ran, counts) = self.run(frame);
        let place = if self.nominated { "the nominee" } else { "another" };
        // Parsing takes far longer than the run.
        let what = || format!("{what} at {place}: {}", Packet::parse(frame));
        let received = Counts::received(SELF, frame.len());
        let (verdict, expected_counts) = match fate {
            Fate::Counted => (Verdict::Untouched, received),
            Fate::Both if self.nominated => {
                self.copies.push(frame.to_vec());
                (Verdict::Untouched, received)
            }
            Fate::Untouched | Fate::Both => (Verdict::Untouched, Counts::default()),
            Fate::GroupOnce if !self.nominated => (Verdict::Dropped, Counts::only(Reason::NotNominated)),
            Fate::Group | Fate::GroupOnce => (Verdict::Redirected, received),
            Fate::Dropped(reason) => (Verdict::Dropped, Counts::only(reason)),
        };
        assert_eq!((ran.verdict, counts), (verdict, expected_counts), "{}", what());
        let mut expected = frame.to_vec();
        if verdict == Verdict::Redirected && frame[0] & 1 == 0 {
            expected[..6].copy_from_slice(&GROUP_MAC.bytes);
        }
        assert_eq!(ran.frame, expected, "{}", what());
    }

    /// Expects that the group interface has got the copies that it should, and nothing else.
    fn expect_copies(&self) {
        let capture = self.capture.as_ref().expect("the test watches the group interface");
        let copies: Vec<_> = self.copies.iter().map(|frame| Packet::parse(frame)).collect();
        eventually("the copies arrive", SOON, || {
            let seen = capture.seen();
            holds(seen.len() >= copies.len(), || seen.len())
        });
        let arrived = capture.seen();
        assert!(arrived.iter().all(|copy| copy.direction == Direction::In));
        assert_eq!(arrived.into_iter().map(|copy| copy.packet).collect::<Vec<_>>(), copies);
    }
}

/// The scene with this member or another one nominated.
fn nominating(this_one: bool) -> Assignment {
    let nominee = if this_one { Choice::new(SELF, OTHER) } else { Choice::new(OTHER, SELF) };
    Assignment { nominee, ..assignment() }
}

/// An Ethernet header from a peer to the member.
fn to_member() -> Ethernet {
    ethernet(PEER_MAC, OWN_MAC)
}

/// An Ethernet header from a peer to the MAC of an IPv4 multicast group.
fn to_group_v4() -> Ethernet {
    ethernet(PEER_MAC, Mac { bytes: [1, 0, 0x5e, 0, 0, 251] })
}

/// An Ethernet header from a peer to the MAC of an IPv6 multicast group.
fn to_group_v6() -> Ethernet {
    ethernet(PEER_MAC, Mac { bytes: [0x33, 0x33, 0, 0, 0, 1] })
}

/// Lets each frame arrive at a member that is nominated and at one that is not.
fn check(rows: &[(&str, Packet, Fate)]) {
    for nominated in AT_BOTH {
        let mut ingress = Ingress::new(nominated).watching();
        for (what, packet, fate) in rows {
            ingress.expect(what, &packet.build(), *fate);
        }
        ingress.expect_copies();
    }
}
