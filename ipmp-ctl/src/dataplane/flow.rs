//! Which member carries a flow that leaves the group: the packet path's rules on an assignment, pure.

use std::{collections::BTreeMap, net::IpAddr};

use ipmp_common::{
    Address, Choice,
    flow::{self, Transport},
};

use crate::engine::assignment::Assignment;

/// A flow, as its packets leave the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Source address.
    pub source: IpAddr,
    /// Destination address, of the family of the source.
    pub destination: IpAddr,
    /// Whether the packets go to a broadcast or multicast MAC address.
    pub to_group: bool,
    /// IP protocol number; `None`: packets of which the addresses alone count (another protocol, or fragments).
    pub protocol: Option<u8>,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
}

/// The rule that decides, and what it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The source is a test address: its own member sends.
    TestAddress {
        /// Slot of that member.
        slot: u16,
    },
    /// Broadcast or multicast.
    Nominated {
        /// Slot of the nominated member; `None` if nobody is usable.
        slot: Option<u16>,
    },
    /// The flow's bucket.
    Bucket {
        /// Its number.
        number: u32,
        /// What it holds.
        choice: Choice,
        /// Slot of the member that this comes to; `None` if nobody is usable.
        slot: Option<u16>,
    },
}

impl Way {
    /// Slot of the member that sends, if one does.
    pub const fn slot(self) -> Option<u16> {
        match self {
            Self::TestAddress { slot } => Some(slot),
            Self::Nominated { slot } | Self::Bucket { slot, .. } => slot,
        }
    }
}

/// Slot of the member that a bucket comes to; `None` if nobody is usable.
fn slot_of(number: u32, assignment: &Assignment, has_passed: impl FnOnce(u32) -> bool) -> Option<u16> {
    let choice = assignment.buckets[number as usize];
    let goes_by = if choice.is_moving() && !has_passed(number) { choice.before() } else { choice };
    goes_by.choose(assignment.usable, number)
}

/// How many buckets come to each slot.
pub fn shares(assignment: &Assignment, has_passed: impl Fn(u32) -> bool) -> BTreeMap<u16, u32> {
    let mut shares = BTreeMap::new();
    for number in 0..assignment.buckets.len() as u32 {
        if let Some(slot) = slot_of(number, assignment, &has_passed) {
            *shares.entry(slot).or_default() += 1;
        }
    }
    shares
}

impl Flow {
    /// Its way out of a group with this seed of the flow hash. `has_passed` tells of buckets on their way to another member
    /// whether they are there.
    pub fn way(&self, seed: u64, assignment: &Assignment, has_passed: impl FnOnce(u32) -> bool) -> Way {
        if let Some(&slot) = assignment.test_addresses.get(&self.source) {
            return Way::TestAddress { slot };
        }
        if self.to_group {
            return Way::Nominated { slot: assignment.nominee.choose(assignment.usable, 0) };
        }
        let number = self.bucket(seed);
        let choice = assignment.buckets[number as usize];
        Way::Bucket { number, choice, slot: slot_of(number, assignment, has_passed) }
    }

    fn bucket(&self, seed: u64) -> u32 {
        let [a, b] = self.source_port.to_be_bytes();
        let [c, d] = self.destination_port.to_be_bytes();
        let transport = self
            .protocol
            .filter(|&protocol| Transport::has_ports(protocol))
            .map_or(Transport::NONE, |protocol| Transport::new(protocol, [a, b, c, d]));
        let hash = match (self.source, self.destination) {
            (IpAddr::V4(from), IpAddr::V4(to)) => flow::hash_v4(seed, from.octets(), to.octets(), transport),
            (from, to) => flow::hash_v6(seed, Address::from(from).bytes, Address::from(to).bytes, transport),
        };
        flow::bucket(hash)
    }
}

#[cfg(test)]
mod tests;
