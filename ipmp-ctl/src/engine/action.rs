//! Everything the engine asks for.

use std::{net::IpAddr, time::Duration};

use super::{
    assignment::Assignment,
    event::{Limits, MemberIndex},
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
    /// Tell the operator.
    Notify(Notice),
}

/// What happened: a line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The link of a member has gone down.
    LinkDown(MemberIndex),
    /// The link of a member has come up.
    LinkUp(MemberIndex),
    /// A member is failed now.
    Failed(MemberIndex),
    /// A member works again.
    Repaired(MemberIndex),
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
    /// A data address moved from one member to another.
    Moved {
        /// The address.
        address: IpAddr,
        /// Where it was; `None` for a new address.
        from: Option<MemberIndex>,
        /// Where it is now.
        to: MemberIndex,
    },
    /// A standby was activated, or an inactive member.
    Activated(MemberIndex),
    /// A member became inactive.
    Deactivated(MemberIndex),
    /// The nominated member changed.
    Nominated(MemberIndex),
    /// No member of the group is usable any more.
    GroupUnusable,
    /// At least one member is usable again.
    GroupUsable(MemberIndex),
}
