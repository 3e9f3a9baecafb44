//! Everything the engine is told.

use std::{collections::BTreeMap, net::IpAddr, time::Instant};

pub use ipmp_common::probe::{Family, ProbeKind};
use ipmp_common::{Choice, member::Mac};

/// Number of a member: its place in the configuration of its group.
pub type MemberIndex = usize;

/// Sizes that the group interface must not exceed because a member cannot send more in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MTU in bytes.
    pub mtu: u32,
    /// `gso_max_size` in bytes.
    pub gso_max_size: u32,
    /// `gso_ipv4_max_size` in bytes.
    pub gso_ipv4_max_size: u32,
    /// `gso_max_segs`.
    pub gso_max_segs: u32,
}

/// The link of a member, as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Interface index.
    pub ifindex: u32,
    /// MAC address.
    pub mac: Mac,
    /// Whether it is administratively up.
    pub admin_up: bool,
    /// Whether it has carrier.
    pub carrier: bool,
    /// Speed in Mbit/s, if the driver tells.
    pub speed_mbps: Option<u32>,
    /// What it can send in one piece.
    pub limits: Limits,
}

/// Which probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProbeId {
    /// The member that it leaves by.
    pub member: MemberIndex,
    /// The address family of its instance.
    pub family: Family,
    /// What it is for.
    pub kind: ProbeKind,
    /// Its number: one sequence for detection, one for the other kinds together.
    pub sequence: u16,
}

/// What the packet path has recorded of replies.
///
/// Whoever calls the engine reads the clock first, then this: a reply that is not there by then had not arrived at that
/// time.
pub trait Replies {
    /// When the first reply to this probe arrived at this host.
    fn arrival(&self, probe: ProbeId) -> Option<Instant>;
}

impl Replies for BTreeMap<ProbeId, Instant> {
    fn arrival(&self, probe: ProbeId) -> Option<Instant> {
        self.get(&probe).copied()
    }
}

/// How far a planned move of a bucket has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It cannot begin yet: the packet path has not been told, or its new member has no program yet.
    Blocked,
    /// The bucket is in use, and not idle for long enough.
    Going,
    /// It is where it was to go.
    Passed,
}

/// What the packet path knows of buckets that move.
pub trait Passages {
    /// How far the bucket has got, which moves as `choice` says. One that is idle passes by being looked at.
    fn passing(&self, bucket: u32, choice: Choice) -> Passing;
}

/// What the routes of the group interface offer as targets, own addresses taken out, in the kernel's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTargets {
    /// Destinations of host routes.
    pub hosts: Vec<IpAddr>,
    /// Next hops.
    pub next_hops: Vec<IpAddr>,
}

/// An input of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// All that the kernel has: the first event, and again after netlink messages were lost.
    Snapshot {
        /// Links of the members that are present.
        links: BTreeMap<MemberIndex, Link>,
        /// Data addresses of the group interface, in the kernel's order; those that failed duplicate address
        /// detection or are tentative included.
        addresses: Vec<IpAddr>,
    },
    /// A member's link appeared or changed. A changed `ifindex` is another link of the same name.
    Link {
        /// Whose.
        member: MemberIndex,
        /// What it is now.
        link: Link,
    },
    /// A member's link is gone.
    LinkGone {
        /// Whose.
        member: MemberIndex,
    },
    /// The carrier of a member changed; sent once for each change, so a loss and a return between two looks are two
    /// events.
    Carrier {
        /// Whose.
        member: MemberIndex,
        /// Whether it has carrier now.
        up: bool,
    },
    /// The group interface got a data address.
    AddressAdded(
        /// The address.
        IpAddr,
    ),
    /// The group interface lost a data address.
    AddressRemoved(
        /// The address.
        IpAddr,
    ),
    /// A member got or lost a test address that is not in the configuration, such as its IPv6 link-local one.
    TestAddress {
        /// Whose.
        member: MemberIndex,
        /// The address.
        address: IpAddr,
        /// Whether it has it now.
        present: bool,
    },
    /// The last assignment could not be installed.
    InstallFailed,
    /// The answer to [`super::action::Action::Listen`], and whenever a socket is lost.
    Listening {
        /// Whose socket.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// The test address that it is open on; `None`: it could not be opened, or was closed.
        source: Option<IpAddr>,
    },
    /// A probe was sent. A send that would block counts: what waits for a driver that hangs is lost.
    ProbeSent {
        /// Which.
        probe: ProbeId,
        /// When the send call began.
        began: Instant,
        /// When it returned.
        done: Instant,
    },
    /// A probe could not be sent.
    ProbeNotSent {
        /// Which.
        probe: ProbeId,
    },
    /// A system answered a probe of discovery.
    Responder {
        /// The member that the answer came in by.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// Who answered.
        address: IpAddr,
    },
    /// What the routes of the group interface offer as targets: at the start, and on every change.
    Routes(
        /// All of them.
        RouteTargets,
    ),
}
