//! How long a target takes to answer: the estimate of Jacobson and Karels, in nanoseconds.

use std::time::Duration;

use crate::engine::{memory::EstimateMemory, view::RttView};

/// Round-trip times of one target.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimate {
    known: Option<EstimateMemory>,
    /// A sample that would have stood out, until the next one says whether it was chance.
    deferred: Option<u64>,
}

impl EstimateMemory {
    const fn first(sample: u64) -> Self {
        Self { mean8: 8 * sample, deviation4: 2 * sample, min: sample, max: sample }
    }

    fn fed(self, sample: u64) -> Self {
        let mean = self.mean8 / 8;
        Self {
            mean8: (self.mean8 + sample).saturating_sub(mean),
            deviation4: self.deviation4 - self.deviation4 / 4 + mean.abs_diff(sample),
            min: self.min.min(sample),
            max: self.max.max(sample),
        }
    }

    const fn conservative(self) -> u64 {
        self.mean8 / 8 + self.deviation4
    }
}

impl Estimate {
    /// As an earlier engine had it.
    pub(super) const fn recall(known: Option<EstimateMemory>) -> Self {
        Self { known, deferred: None }
    }

    /// What the next engine should know.
    pub(super) const fn memory(&self) -> Option<EstimateMemory> {
        self.known
    }

    /// The time after which hardly a reply is still to come; `None` if nothing is known yet.
    pub(super) fn conservative(&self) -> Option<Duration> {
        self.known.map(|known| Duration::from_nanos(known.conservative()))
    }

    /// Takes in the sample of a probe of detection. One that alone would bring the estimate above `limit` counts only if
    /// the next one would too.
    pub(super) fn feed(&mut self, sample: Duration, limit: Duration) {
        let sample = sample.as_nanos() as u64;
        let held = self.deferred.take();
        if self.with(sample).conservative() <= limit.as_nanos() as u64 {
            self.known = Some(self.with(sample));
            return;
        }
        match held {
            None => self.deferred = Some(sample),
            Some(held) => {
                self.known = Some(self.with(held));
                self.known = Some(self.with(sample));
            }
        }
    }

    /// Takes in the sample of a probe that measures: it may lower the estimate, never raise it.
    pub(super) fn lower(&mut self, sample: Duration) {
        let fed = self.with(sample.as_nanos() as u64);
        if self.known.is_some_and(|known| fed.conservative() < known.conservative()) {
            self.known = Some(fed);
        }
    }

    /// What people are shown.
    pub(super) fn view(&self) -> Option<RttView> {
        self.known.map(|known| RttView {
            smoothed_us: known.mean8 / 8000,
            deviation_us: known.deviation4 / 4000,
            min_us: known.min / 1000,
            max_us: known.max / 1000,
        })
    }

    fn with(&self, sample: u64) -> EstimateMemory {
        self.known.map_or_else(|| EstimateMemory::first(sample), |known| known.fed(sample))
    }
}

#[cfg(test)]
mod tests;
