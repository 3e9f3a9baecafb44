//! Planned moves: buckets that go from one working member to another, each in an idle gap of its flows.
//!
//! The planner marks them in the assignment, by [`Choice::moving`] and the number that the [`Moves`] have for the next
//! operation; the packet path moves each bucket when it can. Here it is seen to that this comes to an end: buckets that
//! nobody uses are let pass, a shorter gap does after [`HURRY`], and after [`WAIT`] those that are never idle are moved all the same. An operation ends for all
//! its buckets at once, with one more plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use ipmp_common::Choice;

use super::event::{Passages, Passing};

/// Time between two looks at buckets that move.
const INTERVAL: Duration = Duration::from_millis(5);

/// How long a bucket may wait for a gap.
pub(super) const WAIT: Duration = Duration::from_secs(1);

/// From when on a shorter gap has to do: better one that may be enough than none.
const HURRY: Duration = Duration::from_millis(750);

/// The shortest gap: what the members' delays differ by when nothing is known of them.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest: with a longer one hardly a bucket would move before it is forced to.
const LONGEST: Duration = Duration::from_millis(100);

/// How long a bucket has to be idle between members whose round trips differ by up to `spread`: with much to spare.
pub(super) fn gap(spread: Duration) -> Duration {
    (2 * spread).clamp(SHORTEST, LONGEST)
}

/// The same for those that are in a hurry: what the delay one way differs by, if it is half of the round trip's.
pub(super) fn hurried_gap(spread: Duration) -> Duration {
    (spread / 2).clamp(SHORTEST, LONGEST)
}

/// What one plan has moved.
#[derive(Clone, Copy, Debug)]
struct Operation {
    /// Since when its buckets can move.
    began: Instant,
}

/// All planned moves of a group.
#[derive(Clone, Debug)]
pub(super) struct Moves {
    /// Number of the latest operation.
    latest: u32,
    waiting: BTreeMap<u32, Operation>,
    /// Operations that are over, for the next plan.
    over: BTreeSet<u32>,
    /// Whether a plan could not share out what was moving.
    unlevel: bool,
    /// Whether nothing moves any more, and the next plan can.
    can_level: bool,
    look_at: Option<Instant>,
    /// Whether a shorter gap has to do.
    is_hurried: bool,
    forced: u64,
}

/// What a look has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looked {
    /// Whether there has to be a plan: an operation is over, or in a hurry.
    pub(super) is_news: bool,
    /// Buckets that were not idle in time.
    pub(super) forced: usize,
}

impl Moves {
    /// None, after so many that were `forced`. The numbers of operations begin somewhere, so that those of another daemon
    /// are not met again.
    pub(super) fn new(seed: u64, forced: u64) -> Self {
        Self {
            latest: (seed ^ seed >> 32) as u32,
            waiting: BTreeMap::new(),
            over: BTreeSet::new(),
            unlevel: false,
            can_level: false,
            look_at: None,
            is_hurried: false,
            forced,
        }
    }

    /// The number of the next operation, if there is one: never 0.
    pub(super) fn next_number(&self) -> u32 {
        let free = |number: &u32| *number != 0 && !self.waiting.contains_key(number);
        (1..=u32::MAX)
            .map(|step| self.latest.wrapping_add(step))
            .find(free)
            .expect("there are fewer operations")
    }

    /// Ends the operations that are over: their buckets are where they were to go.
    pub(super) fn close(&mut self, buckets: &mut [Choice]) {
        let over = std::mem::take(&mut self.over);
        for choice in buckets.iter_mut().filter(|choice| over.contains(&choice.epoch)) {
            *choice = Choice::new(choice.slot, choice.backup);
        }
    }

    /// Whether everything is to be shared out anew, because what was moving could not be.
    pub(super) const fn is_unlevel(&self) -> bool {
        self.can_level
    }

    /// A plan has been made: this is the flow table now. `unlevel`: it was to be shared out and could not be.
    pub(super) fn follow(&mut self, buckets: &[Choice], level: bool, unlevel: bool, now: Instant) {
        let moving: BTreeSet<_> =
            buckets.iter().map(|choice| choice.epoch).filter(|&epoch| epoch != 0).collect();
        self.waiting.retain(|number, _| moving.contains(number));
        for number in moving {
            self.waiting.entry(number).or_insert_with(|| {
                (self.latest, self.is_hurried) = (number, false);
                Operation { began: now }
            });
        }
        if level {
            (self.unlevel, self.can_level) = (unlevel, false);
        }
        let is_at_rest = self.waiting.is_empty() && !self.unlevel;
        self.look_at = (!is_at_rest).then(|| self.look_at.unwrap_or(now + INTERVAL));
    }

    /// Looks how far the buckets have got, if it is time to.
    pub(super) fn look(&mut self, now: Instant, buckets: &[Choice], passages: &dyn Passages) -> Looked {
        let mut looked = Looked::default();
        if self.look_at.take_if(|at| *at <= now).is_none() {
            return looked;
        }
        self.look_at = Some(now + INTERVAL);
        for (&number, operation) in &mut self.waiting {
            let own = buckets.iter().zip(0..).filter(|(choice, _)| choice.epoch == number);
            let mut going = 0;
            let mut is_blocked = false;
            for (&choice, bucket) in own {
                match passages.passing(bucket, choice) {
                    Passing::Passed => {}
                    Passing::Going => going += 1,
                    Passing::Blocked => is_blocked = true,
                }
            }
            if is_blocked {
                operation.began = now;
            } else if going == 0 || now.saturating_duration_since(operation.began) >= WAIT {
                looked.is_news = true;
                looked.forced += going;
                self.over.insert(number);
            } else if now.saturating_duration_since(operation.began) >= HURRY && !self.is_hurried {
                self.is_hurried = true;
                looked.is_news = true;
            }
        }
        self.can_level = self.unlevel && self.waiting.keys().all(|number| self.over.contains(number));
        looked.is_news |= self.can_level;
        self.forced += looked.forced as u64;
        looked
    }

    /// Whether buckets have waited for so long that a shorter gap has to do.
    pub(super) const fn is_hurried(&self) -> bool {
        self.is_hurried
    }

    /// When to look.
    pub(super) const fn next(&self) -> Option<Instant> {
        self.look_at
    }

    /// Buckets that were moved though they were not idle, since the group was made.
    pub(super) const fn forced(&self) -> u64 {
        self.forced
    }
}

#[cfg(test)]
mod tests;
