//! What the packet path of a group should look like, as one value.

use std::{collections::BTreeMap, net::IpAddr};

use ipmp_common::{Choice, SlotSet, layout::BUCKETS, member::Mac};

/// How a slot sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotLink {
    /// Interface index of the member.
    pub ifindex: u32,
    /// MAC address of the member.
    pub mac: Mac,
}

/// The wanted content of a group's maps. It leaves the engine whole; the writer compares it with what is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The usable word.
    pub usable: SlotSet,
    /// Every slot in use, whether its member is usable or not.
    pub slots: BTreeMap<u16, SlotLink>,
    /// The flow table, [`BUCKETS`] entries.
    pub buckets: Vec<Choice>,
    /// The bound member of each data address.
    pub bindings: BTreeMap<IpAddr, Choice>,
    /// The nominated member.
    pub nominee: Choice,
    /// How long a bucket that moves has to be idle, in [`ipmp_common::passage::ticks`].
    pub gap: u32,
    /// Test addresses and the slot of the member that each stays on.
    pub test_addresses: BTreeMap<IpAddr, u16>,
}

impl Default for Assignment {
    fn default() -> Self {
        Self {
            usable: SlotSet::EMPTY,
            slots: BTreeMap::new(),
            buckets: vec![Choice::NONE; BUCKETS],
            bindings: BTreeMap::new(),
            nominee: Choice::NONE,
            gap: 0,
            test_addresses: BTreeMap::new(),
        }
    }
}
