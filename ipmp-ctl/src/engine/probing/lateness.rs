//! Probes that were not sent in time, and when the operator hears of them.

use std::time::{Duration, Instant};

/// Time between two lines of the log about it.
const PAUSE: Duration = Duration::from_mins(1);

/// What was missed and not told yet, of a whole group.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lateness {
    untold: u64,
    told_at: Option<Instant>,
}

impl Lateness {
    /// So many more probes were not sent. Returns the number to tell, if it is time to.
    pub(super) fn add(&mut self, missed: u64, now: Instant) -> Option<u64> {
        self.untold += missed;
        let quiet = self.told_at.is_some_and(|at| now.saturating_duration_since(at) < PAUSE);
        if self.untold == 0 || quiet {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests;
