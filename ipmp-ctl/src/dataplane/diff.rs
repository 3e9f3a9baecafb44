//! From what is installed to what is wanted: which map writes, in which order. Pure.

use std::net::IpAddr;

use ipmp_common::{Choice, SlotSet};

use crate::engine::assignment::{Assignment, SlotLink};

/// One write to the maps of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapOp {
    /// The usable word.
    Usable(SlotSet),
    /// What a slot holds.
    Slot(u16, SlotLink),
    /// Empties a slot.
    ClearSlot(u16, SlotLink),
    /// One bucket.
    Bucket(u32, Choice),
    /// How long a bucket that moves has to be idle, in ticks.
    Gap(u32),
    /// The nominated member.
    Nominee(Choice),
    /// The binding of an address.
    Bind(IpAddr, Choice),
    /// Forgets the binding of an address.
    Unbind(IpAddr),
    /// The slot of a test address.
    TestAddress(IpAddr, u16),
    /// Forgets a test address.
    RemoveTestAddress(IpAddr),
}

/// The writes that lead from `installed` to `wanted`, none if they are equal.
///
/// The order keeps every moment in between correct:
/// 1. the usable word becomes what is wanted, but for the slots that have yet to be filled: this is the failover. The packet
///    path falls back by itself from here on, to a standby as well if one is activated with this write;
/// 2. slots are filled before anything names them;
/// 3. addresses, buckets and the nomination are written;
/// 4. the usable word gains the slots that were filled;
/// 5. what nothing names any more is cleared.
pub fn diff(installed: &Assignment, wanted: &Assignment) -> Vec<MapOp> {
    let changed: Vec<_> = wanted
        .slots
        .iter()
        .filter(|(slot, link)| installed.slots.get(slot) != Some(link))
        .map(|(&slot, &link)| (slot, link))
        .collect();
    let changing: SlotSet = changed.iter().map(|&(slot, _)| slot).collect();
    let first = SlotSet(wanted.usable.0 & !changing.0);

    let mut ops = Vec::new();
    if first != installed.usable {
        ops.push(MapOp::Usable(first));
    }
    for (slot, link) in changed {
        if let Some(&old) = installed.slots.get(&slot) {
            ops.push(MapOp::ClearSlot(slot, old));
        }
        ops.push(MapOp::Slot(slot, link));
    }
    for (&address, &slot) in &wanted.test_addresses {
        if installed.test_addresses.get(&address) != Some(&slot) {
            ops.push(MapOp::TestAddress(address, slot));
        }
    }
    // Before any bucket moves by it.
    if wanted.gap != installed.gap {
        ops.push(MapOp::Gap(wanted.gap));
    }
    let buckets = wanted.buckets.iter().zip(&installed.buckets).enumerate();
    ops.extend(
        buckets
            .filter(|(_, (wanted, installed))| wanted != installed)
            .map(|(number, (&choice, _))| MapOp::Bucket(number as u32, choice)),
    );
    if wanted.nominee != installed.nominee {
        ops.push(MapOp::Nominee(wanted.nominee));
    }
    for (&address, &choice) in &wanted.bindings {
        if installed.bindings.get(&address) != Some(&choice) {
            ops.push(MapOp::Bind(address, choice));
        }
    }
    if wanted.usable != first {
        ops.push(MapOp::Usable(wanted.usable));
    }
    for address in installed.bindings.keys().filter(|address| !wanted.bindings.contains_key(address)) {
        ops.push(MapOp::Unbind(*address));
    }
    for address in
        installed.test_addresses.keys().filter(|address| !wanted.test_addresses.contains_key(address))
    {
        ops.push(MapOp::RemoveTestAddress(*address));
    }
    for (&slot, &link) in installed.slots.iter().filter(|(slot, _)| !wanted.slots.contains_key(slot)) {
        ops.push(MapOp::ClearSlot(slot, link));
    }
    ops
}

#[cfg(test)]
mod tests;
