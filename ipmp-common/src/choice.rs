//! Which member something goes to, and the rule for when that member is unusable.
//!
//! Buckets, bindings and the nomination all hold a [`Choice`]. Failover is one write, the group's usable word: from
//! then on [`Choice::choose`] sends everything of the failed member to its backup, in the packet path at once and in
//! the planner when it rewrites the tables a moment later. Both call this one function, so a flow moves once.

use crate::layout::SLOTS;

/// A slot number with its stand-in. One aligned 64-bit word: it is read and written whole.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Slot of the member; [`Choice::NONE_SLOT`] if there is none.
    pub slot: u16,
    /// Slot that takes over while `slot` is unusable: what the planner would choose if that member failed now.
    pub backup: u16,
    /// Number of the planned move that put `slot` here; 0 if it got here otherwise.
    pub epoch: u32,
}

impl Choice {
    /// Slot number that no member has.
    pub const NONE_SLOT: u16 = u16::MAX;

    /// No member at all.
    pub const NONE: Self = Self { slot: Self::NONE_SLOT, backup: Self::NONE_SLOT, epoch: 0 };

    /// `slot`, and `backup` when it is unusable.
    #[inline(always)]
    pub const fn new(slot: u16, backup: u16) -> Self {
        Self { slot, backup, epoch: 0 }
    }

    /// The word that lies in memory.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        self.slot as u64 | (self.backup as u64) << 16 | (self.epoch as u64) << 32
    }

    /// The choice that `word` is.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Self {
        Self { slot: word as u16, backup: (word >> 16) as u16, epoch: (word >> 32) as u32 }
    }

    /// The slot to use while exactly the slots of `usable` are: the slot itself, else its backup, else one of the
    /// usable ones picked by `salt` (a bucket number, [`crate::Address::salt`], or 0 for the nomination).
    ///
    /// `None` when nothing is usable.
    #[inline(always)]
    pub fn choose(self, usable: SlotSet, salt: u32) -> Option<u16> {
        if usable.contains(self.slot) {
            return Some(self.slot);
        }
        if usable.contains(self.backup) {
            return Some(self.backup);
        }
        if usable.is_empty() { None } else { Some(nth(usable.0, salt) as u16) }
    }
}

impl Default for Choice {
    fn default() -> Self {
        Self::NONE
    }
}

const _: () = assert!(
    cfg!(target_endian = "little") || cfg!(target_arch = "bpf"),
    "words are laid out for little-endian hosts"
);

/// A set of slots: one bit each.
#[repr(transparent)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotSet(pub u64);

impl SlotSet {
    /// No slot.
    pub const EMPTY: Self = Self(0);

    /// Whether `slot` is in the set; numbers beyond the table are not.
    #[inline(always)]
    pub const fn contains(self, slot: u16) -> bool {
        (slot as usize) < SLOTS && self.0 >> (slot & 63) & 1 == 1
    }

    /// The set with `slot` in it.
    #[must_use]
    pub const fn with(self, slot: u16) -> Self {
        Self(self.0 | 1 << (slot & 63))
    }

    /// The set with `slot` not in it.
    #[must_use]
    pub const fn without(self, slot: u16) -> Self {
        Self(self.0 & !(1 << (slot & 63)))
    }

    /// Whether no slot is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many slots are in it.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// The slots, lowest first.
    pub fn iter(self) -> impl Iterator<Item = u16> {
        (0..SLOTS as u16).filter(move |&slot| self.contains(slot))
    }
}

/// Position of the one bit of `word` that has `n` modulo the number of ones below it. `word` has at least one.
///
/// Out of line, because it is rarely needed and the verifier would follow it at every use; plain numbers in and out, as
/// the kernel wants of a function; and without a loop over the bits, because the verifier does not know their number. Not
/// `#[cold]`: that puts it into a section of its own, where the loader takes it for another function.
#[inline(never)]
fn nth(mut word: u64, n: u32) -> u64 {
    let mut skip = n % word.count_ones();
    let mut position = 0;
    for width in [32, 16, 8, 4, 2, 1] {
        let low = word & ((1 << width) - 1);
        let ones = low.count_ones();
        if skip < ones {
            word = low;
        } else {
            skip -= ones;
            word >>= width;
            position += width;
        }
    }
    position
}

impl FromIterator<u16> for SlotSet {
    fn from_iter<I: IntoIterator<Item = u16>>(slots: I) -> Self {
        slots.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_lies_in_memory() {
        let choice = Choice { slot: 0x0102, backup: 0x0304, epoch: 0x0506_0708 };
        assert_eq!(choice.to_word().to_le_bytes(), [2, 1, 4, 3, 8, 7, 6, 5]);
        assert_eq!(Choice::from_word(choice.to_word()), choice);
    }

    #[test]
    fn the_slot_itself_comes_first_then_its_backup() {
        let choice = Choice::new(3, 5);
        assert_eq!(choice.choose([3, 5].into_iter().collect(), 0), Some(3));
        assert_eq!(choice.choose([4, 5].into_iter().collect(), 0), Some(5));
    }

    #[test]
    fn with_both_gone_the_salt_spreads_over_the_rest() {
        let usable: SlotSet = [0, 9, 63].into_iter().collect();
        let picked: Vec<_> = (0..6).map(|salt| Choice::new(3, 5).choose(usable, salt)).collect();
        assert_eq!(picked, [0, 9, 63, 0, 9, 63].map(Some));
    }

    #[test]
    fn the_nth_of_any_set_is_its_nth() {
        let mut word = 1u64;
        for _ in 0..500 {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let set = SlotSet(word | word >> 7);
            for (n, slot) in set.iter().enumerate() {
                assert_eq!(nth(set.0, n as u32), u64::from(slot), "number {n} of {:#x}", set.0);
            }
        }
    }

    #[test]
    fn nothing_usable_is_none() {
        assert_eq!(Choice::new(0, 1).choose(SlotSet::EMPTY, 7), None);
        assert_eq!(Choice::NONE.choose(SlotSet::EMPTY, 7), None);
    }

    #[test]
    fn slots_beyond_the_table_are_never_contained() {
        let all = SlotSet(u64::MAX);
        assert!(!all.contains(64));
        assert!(!all.contains(Choice::NONE_SLOT));
    }
}
