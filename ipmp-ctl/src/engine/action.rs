//! Everything the engine asks for.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{
    assignment::Assignment,
    event::{Family, Limits, MemberIndex, ProbeId},
};

/// An output of the engine. Carried out in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Make the maps hold this.
    Install(Box<Assignment>),
    /// Bring the group interface to these limits and this carrier.
    SetGroupLink {
        /// The smallest of the members'; `None` while no member is present.
        limits: Option<Limits>,
        /// Whether the group interface has RUNNING.
        running: bool,
    },
    /// Tell the link once that each of these addresses is at this member (gratuitous ARP, unsolicited NA).
    Announce(Vec<(IpAddr, MemberIndex)>),
    /// Make the kernel report the group's multicast memberships, which leave by the nominated member.
    ReportMemberships,
    /// Send a frame that makes switches remember the member's MAC and nothing else.
    KeepAlive(MemberIndex),
    /// Make the kernel purge the transmit queue of a member that lost its carrier.
    PurgeQueue(MemberIndex),
    /// Open the probe socket of a member on this test address, or close it. To be answered by
    /// [`super::event::Event::Listening`].
    Listen {
        /// Whose.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// The test address to be bound to; `None`: close it.
        source: Option<IpAddr>,
    },
    /// Send a probe. To be answered by [`super::event::Event::ProbeSent`] or `ProbeNotSent`.
    SendProbe {
        /// Which.
        probe: ProbeId,
        /// Whom to ask; for a probe of discovery all nodes of the link.
        target: IpAddr,
        /// The target's place among those of the instance.
        target_index: u8,
    },
    /// What became of a probe is known: a line of `stat -p`. A probe that was lost may be answered later.
    ProbeDone(ProbeRecord),
    /// This place among the targets of an instance is another target's now.
    ForgetRtt {
        /// Whose.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// The place.
        target_index: u8,
    },
    /// Tell the operator.
    Notify(Notice),
}

/// A probe that was answered or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeRecord {
    /// Which.
    pub probe: ProbeId,
    /// Who was asked.
    pub target: IpAddr,
    /// When it was sent.
    pub began: Instant,
    /// When the reply arrived; `None`: it is lost.
    pub arrival: Option<Instant>,
    /// The smoothed round-trip time of the target, in microseconds.
    pub smoothed_us: Option<u64>,
    /// Its mean deviation, in microseconds.
    pub deviation_us: Option<u64>,
}

/// What a change of a member's state goes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its link.
    Link,
    /// Its probes.
    Probes,
}

/// What happened: a line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The link of a member has gone down.
    LinkDown(MemberIndex),
    /// The link of a member has come up.
    LinkUp(MemberIndex),
    /// A member is failed now.
    Failed {
        /// Which.
        member: MemberIndex,
        /// Why.
        cause: Cause,
    },
    /// A member works again.
    Repaired {
        /// Which.
        member: MemberIndex,
        /// What made it so.
        cause: Cause,
    },
    /// A member's link comes up too often: it is not repaired before this time has passed.
    Flapping {
        /// Which member.
        member: MemberIndex,
        /// Time until its repair is considered.
        retry_in: Duration,
    },
    /// A member is absent: the group runs without it.
    Absent(MemberIndex),
    /// A member has appeared.
    Appeared(MemberIndex),
    /// A member has the MAC address of an earlier one and is set offline.
    DuplicateMac {
        /// The later one.
        member: MemberIndex,
        /// The one that keeps the address.
        holder: MemberIndex,
    },
    /// A member's MAC address is unique again and it is back online.
    UniqueMac(MemberIndex),
    /// The administrator has taken a member out of service.
    Offlined(MemberIndex),
    /// The administrator has put a member back into service.
    Onlined(MemberIndex),
    /// A data address moved from one member to another.
    Moved {
        /// The address.
        address: IpAddr,
        /// Where it was; `None` for a new address.
        from: Option<MemberIndex>,
        /// Where it is now.
        to: MemberIndex,
    },
    /// The home of a data address is missing at the start.
    Missing {
        /// The address.
        address: IpAddr,
        /// Its home.
        home: MemberIndex,
        /// Where it is instead; `None`: no member is usable.
        to: Option<MemberIndex>,
    },
    /// A standby was activated, or an inactive member.
    Activated(MemberIndex),
    /// A member became inactive.
    Deactivated(MemberIndex),
    /// The nominated member changed.
    Nominated(MemberIndex),
    /// Buckets were moved from one working member to another though they were not idle in time: packets of their flows
    /// may have overtaken one another.
    MovesForced {
        /// How many.
        buckets: usize,
    },
    /// No member of the group is usable any more.
    GroupUnusable,
    /// At least one member is usable again.
    GroupUsable(MemberIndex),
    /// No member of the group reaches any target, though links are up: flows stay where they are.
    GroupSilent,
    /// A member has test addresses but nobody to probe.
    NoTargets(MemberIndex),
    /// A member has targets (again).
    TargetsFound(MemberIndex),
    /// A target does not answer while others do.
    TargetDead {
        /// Probed by whom.
        member: MemberIndex,
        /// The target.
        target: IpAddr,
    },
    /// A target answers much later than the others.
    TargetSlow {
        /// Probed by whom.
        member: MemberIndex,
        /// The target.
        target: IpAddr,
    },
    /// Probes were not sent in time: the daemon was stopped, or short of processor time.
    MissedProbes {
        /// Whose.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// How many.
        count: u64,
    },
    /// Targets answer too late for the failure detection time that was asked for.
    FdtRaised {
        /// Whose target.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// What was asked for.
        wanted: Duration,
        /// What it is now.
        fdt: Duration,
    },
    /// Targets answer sooner again.
    FdtLowered {
        /// Whose target.
        member: MemberIndex,
        /// Of which family.
        family: Family,
        /// What it is now.
        fdt: Duration,
    },
    /// A member has no test address: it is judged by its link alone.
    NoTestAddress(MemberIndex),
    /// A member that had no test address has one.
    TestAddressConfigured(MemberIndex),
    /// Another member has the same test address: it is not used.
    DuplicateTestAddress {
        /// Whose.
        member: MemberIndex,
        /// The address.
        address: IpAddr,
    },
    /// A test address is unique again.
    UniqueTestAddress {
        /// Whose.
        member: MemberIndex,
        /// The address.
        address: IpAddr,
    },
}
