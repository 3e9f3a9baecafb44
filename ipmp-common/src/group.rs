//! Values of which a group has one, or one for each bucket or address.

use crate::{Address, Choice, Passage, member::Mac};

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
    /// Which source addresses may be test addresses: all others need no look-up.
    pub test_filter: TestFilter,
    /// How long a bucket has to be idle before a planned move takes it, in [`crate::passage::ticks`].
    pub gap: u64,
}

/// A set of addresses that contains all test addresses and few others: one bit of it is tested before an address is looked
/// up. Sixteen bits for each of 64 members, so that about one data address in sixteen is looked up in vain in the largest
/// group, and one in a hundred in a usual one.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestFilter {
    /// The bits, [`crate::Address::filter_position`] by position; each word is written whole.
    pub words: [u64; Self::BITS as usize / 64],
}

impl TestFilter {
    /// How many bits there are.
    pub const BITS: u32 = 1024;

    /// Adds the address.
    pub const fn add(&mut self, address: &Address) {
        let [.., a, b, c, d] = address.bytes;
        let position = Address::filter_position([a, b, c, d]);
        self.words[position as usize / 64] |= 1 << (position % 64);
    }
}

/// One slot of the flow table.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Where the bucket should go. Written by the controller alone.
    pub next: Choice,
    /// How far a planned move has got: [`crate::passage`].
    pub passage: Passage,
}

/// Which member receives the packets for a data address.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Binding {
    /// The bound member and its stand-in.
    pub member: Choice,
}
