//! The failure detection time of a group: as asked for, or more while targets take longer to answer.

use std::time::{Duration, Instant};

use crate::engine::memory::FdtMemory;

/// Losses in a row that are a failure.
pub(super) const LOSSES: usize = 5;

/// Answers in a row that are a repair.
pub(super) const ANSWERS: usize = 10;

/// Probes in one failure detection time.
const PROBES: u32 = LOSSES as u32 + 2;

/// Time without a raise before the first lowering.
pub(super) const SETTLING: Duration = Duration::from_mins(1);

/// The failure detection time, and the intervals that follow from it.
#[derive(Clone, Debug)]
pub(super) struct Fdt {
    wanted: Duration,
    current: Duration,
    raised_at: Option<Instant>,
}

impl Fdt {
    /// As an earlier engine had it, if the same was asked of that.
    pub(super) fn recall(wanted: Duration, memory: Option<FdtMemory>, now: Instant) -> Self {
        let same = memory.filter(|memory| Duration::from_nanos(memory.wanted_ns) == wanted);
        let current = same.map_or(wanted, |memory| Duration::from_nanos(memory.current_ns).max(wanted));
        Self { wanted, current, raised_at: (current > wanted).then_some(now) }
    }

    /// What the next engine should know.
    pub(super) const fn memory(&self) -> FdtMemory {
        let (wanted_ns, current_ns) = (self.wanted.as_nanos() as u64, self.current.as_nanos() as u64);
        FdtMemory { wanted_ns, current_ns }
    }

    /// What was asked for.
    pub(super) const fn wanted(&self) -> Duration {
        self.wanted
    }

    /// What it is.
    pub(super) const fn current(&self) -> Duration {
        self.current
    }

    /// Time from one probe to the next.
    pub(super) fn period(&self) -> Duration {
        self.wanted / PROBES
    }

    /// Time from one probe of detection to the next.
    pub(super) fn interval(&self) -> Duration {
        self.current / PROBES
    }

    /// A target takes this long: the interval becomes twice that.
    pub(super) fn raise(&mut self, conservative: Duration, now: Instant) {
        self.current = conservative * 2 * PROBES;
        self.raised_at = Some(now);
    }

    /// Whether it could be lowered, as far as it is concerned itself.
    pub(super) fn may_fall(&self, now: Instant) -> bool {
        self.current > self.wanted
            && self.raised_at.is_none_or(|at| now.saturating_duration_since(at) > SETTLING)
    }

    /// Targets answer sooner: half of it, but not less than was asked for.
    pub(super) fn lower(&mut self) {
        self.current = (self.current / 2).max(self.wanted);
    }
}

#[cfg(test)]
mod tests;
