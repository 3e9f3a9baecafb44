//! The failure detection time of a group: as asked for, or more while targets take longer to answer.

use std::time::{Duration, Instant};

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
    /// As asked for.
    pub(super) const fn new(wanted: Duration) -> Self {
        Self { wanted, current: wanted, raised_at: None }
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
