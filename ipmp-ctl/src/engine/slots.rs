//! Slot numbers for the links of members.
//!
//! What a slot stands for (interface index and MAC address) never changes while anything names it: packets that are on
//! their way through the packet path have already picked the number. A link that is new, or whose MAC address changed,
//! therefore gets a fresh slot, and the slot that has been free for longest is used first.

use std::collections::{BTreeMap, VecDeque};

use ipmp_common::{SlotSet, layout::SLOTS};

use super::assignment::SlotLink;

/// Which slots are taken, and by what.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// Slots in use.
    taken: BTreeMap<u16, SlotLink>,
    /// Slots that an earlier daemon used and whose link has not been seen by this one yet.
    adopted: BTreeMap<u16, SlotLink>,
    /// Free slots, the longest free first.
    free: VecDeque<u16>,
}

impl Slots {
    /// The slots of a group in which `adopted` were in use when the last daemon ended.
    pub(super) fn new(adopted: BTreeMap<u16, SlotLink>) -> Self {
        let free = (0..SLOTS as u16).filter(|slot| !adopted.contains_key(slot)).collect();
        Self { taken: BTreeMap::new(), adopted, free }
    }

    /// Gives the link the slot that an earlier daemon had given it.
    pub(super) fn recall(&mut self, link: SlotLink) -> Option<u16> {
        let slot = self.adopted.iter().find(|&(_, &adopted)| adopted == link).map(|(&slot, _)| slot)?;
        self.adopted.remove(&slot);
        self.taken.insert(slot, link);
        Some(slot)
    }

    /// Frees what has not been recalled.
    pub(super) fn forget_adopted(&mut self) {
        self.free.extend(std::mem::take(&mut self.adopted).into_keys());
    }

    /// Gives the link a free slot, one that is not `named` if there is such; `None` if all slots are taken.
    pub(super) fn allocate(&mut self, link: SlotLink, named: SlotSet) -> Option<u16> {
        let place = self.free.iter().position(|&slot| !named.contains(slot)).unwrap_or(0);
        let slot = self.free.remove(place)?;
        self.taken.insert(slot, link);
        Some(slot)
    }

    /// Frees the slot.
    pub(super) fn release(&mut self, slot: u16) {
        if self.taken.remove(&slot).is_some() {
            self.free.push_back(slot);
        }
    }

    /// Frees every slot but these.
    pub(super) fn keep_only(&mut self, held: SlotSet) {
        let gone: Vec<_> = self.taken.keys().copied().filter(|&slot| !held.contains(slot)).collect();
        for slot in gone {
            self.release(slot);
        }
    }

    /// What the slot stands for.
    pub(super) fn link(&self, slot: u16) -> Option<SlotLink> {
        self.taken.get(&slot).copied()
    }

    /// All slots in use.
    pub(super) fn taken(&self) -> &BTreeMap<u16, SlotLink> {
        &self.taken
    }
}

#[cfg(test)]
mod tests;
