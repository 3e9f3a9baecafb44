//! Everything the engine is told.

use std::{collections::BTreeMap, net::IpAddr};

use ipmp_common::member::Mac;

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
}
