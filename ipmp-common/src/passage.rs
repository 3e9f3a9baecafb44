//! How a bucket passes from one working member to another without reordering a flow: in a gap of its flows.
//!
//! While a planned move waits, the wanted [`Choice`] of a bucket carries the number of the move (`epoch`), the member that
//! the bucket goes to as its slot, and the one that it comes from as its backup. Beside it lies a [`Passage`]: when the
//! last packet went through, or that the bucket has passed. Whoever has a packet calls [`pass`]; the first one that finds
//! the bucket idle for longer than the gap takes it over.
//!
//! # Why one word, and why it is swapped
//! Stamp and "has passed" are one word, which is only ever replaced by comparison. Were they two, one processor could find
//! the bucket idle, and before it says so another could stamp, send by the old member and find its next packet sent by the
//! new one. As it is, the stamps of a move only grow, and no packet that was sent by the old member can be younger than the
//! stamp that the mover has compared with.
//!
//! The number of the move stands in the word too: a stamp of an earlier move is no stamp. The first packet of a move
//! therefore only stamps: what went through before was not noted.
//!
//! A stamp is taken before its packet leaves, so the gap has to be larger than the difference of the members' delays by
//! what it may take from here to the wire.

use crate::Choice;

/// What is known of a bucket that moves. One aligned 64-bit word, replaced by comparison only.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Passage {
    /// Number of the move that `seen` belongs to.
    pub epoch: u32,
    /// When the last packet went through, in [`ticks`], or [`Passage::PASSED`].
    pub seen: u32,
}

/// Time of `CLOCK_MONOTONIC` in units of 1024 ns, modulo 73 minutes; never [`Passage::PASSED`].
#[inline(always)]
pub const fn ticks(ns: u64) -> u32 {
    let ticks = (ns >> TICK_BITS) as u32;
    if ticks == Passage::PASSED { ticks - 1 } else { ticks }
}

/// The shortest whole number of ticks that is no shorter than `ns`, for a gap.
pub const fn gap_ticks(ns: u64) -> u32 {
    let ticks = ns.div_ceil(1 << TICK_BITS);
    if ticks < LONGEST_GAP as u64 { ticks as u32 } else { LONGEST_GAP }
}

/// How long so many ticks are.
pub const fn ns(ticks: u32) -> u64 {
    (ticks as u64) << TICK_BITS
}

const TICK_BITS: u32 = 10;

/// A gap must not come near the time after which ticks repeat: about 17 minutes.
const LONGEST_GAP: u32 = 1 << 30;

/// Clocks of two processors may be read in one order and used in the other: so far ahead a stamp is another's, not one of
/// an hour ago. About a second.
const AHEAD: u32 = 1 << 20;

/// How often a packet tries to leave its stamp. That often others have just left theirs.
const TRIES: usize = 4;

impl Passage {
    /// `seen` of a bucket that has passed.
    pub const PASSED: u32 = u32::MAX;

    /// The word that lies in memory.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        self.epoch as u64 | (self.seen as u64) << 32
    }

    /// The passage that `word` is.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Self {
        Self { epoch: word as u32, seen: (word >> 32) as u32 }
    }

    /// Whether the bucket has passed in the move `epoch`.
    #[inline(always)]
    pub const fn has_passed(self, epoch: u32) -> bool {
        self.epoch == epoch && self.seen == Self::PASSED
    }

    /// What has to stand here once a packet of `now` is through; the same if nothing has to be written.
    #[inline(always)]
    const fn after(self, epoch: u32, now: u32, gap: u32) -> Self {
        let here = Self { epoch, seen: now };
        if self.epoch != epoch {
            return here;
        }
        // Somebody has passed, or has stamped at the same time or since.
        if self.seen == Self::PASSED || self.seen.wrapping_sub(now) < AHEAD {
            return self;
        }
        if now.wrapping_sub(self.seen) > gap { Self { epoch, seen: Self::PASSED } } else { here }
    }
}

/// Where a [`Passage`] lies.
pub trait PassageCell {
    /// The word.
    fn load(&self) -> Passage;

    /// Replaces `old` by `new`, if it is there, in one step. Returns what was there.
    fn swap_if(&self, old: Passage, new: Passage) -> Passage;
}

/// A packet of the move `epoch` goes through at `now`: whether the bucket has passed, so that the packet goes by its new
/// member.
#[inline(always)]
pub fn pass(cell: &impl PassageCell, epoch: u32, now: u32, gap: u32) -> bool {
    let mut found = cell.load();
    for _ in 0..TRIES {
        let next = found.after(epoch, now, gap);
        if next == found {
            break;
        }
        let there = cell.swap_if(found, next);
        if there == found {
            found = next;
            break;
        }
        found = there;
    }
    found.has_passed(epoch)
}

/// The same of the controller, which has no packet: it lets a bucket pass that nobody uses, and disturbs no gap.
pub fn pass_idle(cell: &impl PassageCell, epoch: u32, now: u32, gap: u32) -> bool {
    let found = cell.load();
    let next = found.after(epoch, now, gap);
    if next.has_passed(epoch) || found.epoch != epoch {
        return cell.swap_if(found, next) == found && next.has_passed(epoch);
    }
    false
}

impl Choice {
    /// Whether a planned move waits.
    #[inline(always)]
    pub const fn is_moving(self) -> bool {
        self.epoch != 0
    }

    /// A planned move, number `epoch`, of what is at the slot `from` to the slot `to`.
    pub const fn moving(from: u16, to: u16, epoch: u32) -> Self {
        Self { slot: to, backup: from, epoch }
    }

    /// The choice that a bucket goes by which has not passed yet: where it comes from, and where it goes to if that fails.
    #[inline(always)]
    #[must_use]
    pub const fn before(self) -> Self {
        Self::new(self.backup, self.slot)
    }
}

#[cfg(test)]
mod tests;
