//! Values of which a group has one, or one for each bucket or address.

use crate::{Choice, member::Mac};

/// What identifies a group's pins. Written once, when the group is made; a daemon adopts pins only if the layout
/// version, the network namespace and the group interface are still the same.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meta {
    /// [`crate::layout::LAYOUT_VERSION`] of the daemon that made the group.
    pub layout_version: u32,
    /// Interface index of the group interface.
    pub group_ifindex: u32,
    /// Cookie of the network namespace (`SO_NETNS_COOKIE`).
    pub netns_cookie: u64,
    /// Inode of the network namespace, to find out whether it still exists.
    pub netns_inode: u64,
    /// Seed of the flow hash, kept across daemon restarts so that flows stay where they are.
    pub hash_seed: u64,
}

/// The words of a group that each packet may read. Written by the controller word by word through its memory mapping.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupState {
    /// The usable word ([`crate::SlotSet`]): which slots may send. Failover is a write to this word.
    pub usable: u64,
    /// The nominated member.
    pub nominee: Choice,
    /// MAC address of the group interface.
    pub mac: Mac,
    /// Fills the word.
    pub reserved: u16,
    /// Union of [`crate::Address::filter_bit`] of all test addresses.
    pub test_filter: u64,
}

/// One slot of the flow table, laid out for planned moves between working members.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Where the bucket should go. Written by the controller alone.
    pub next: Choice,
    /// Where the packet path sends it while a planned move waits for a gap. Written by the packet path alone.
    pub current: Choice,
    /// When the last packet went through while a move was waiting, in `CLOCK_MONOTONIC` nanoseconds. Written by the
    /// packet path alone.
    pub last_seen_ns: u64,
}

/// Which member receives the packets for a data address.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The bound member and its stand-in.
    pub member: Choice,
}
