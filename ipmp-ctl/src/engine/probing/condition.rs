//! A condition that the operator is told of once, after a while, and again when it is over.

use std::time::{Duration, Instant};

/// Time that a condition has to last: what passes within it is no news.
pub(super) const GRACE: Duration = Duration::from_secs(20);

/// Something to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It lasts.
    Lasts,
    /// It is over.
    Over,
}

/// A condition.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Condition {
    since: Option<Instant>,
    told: bool,
}

impl Condition {
    /// Whether it holds now; returns what to tell.
    pub(super) fn set(&mut self, holds: bool, now: Instant) -> Option<News> {
        if !holds {
            self.since = None;
            return std::mem::take(&mut self.told).then_some(News::Over);
        }
        let since = *self.since.get_or_insert(now);
        let lasts = now >= since + GRACE && !self.told;
        self.told |= lasts;
        lasts.then_some(News::Lasts)
    }

    /// When there will be something to tell, if nothing changes.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.since.filter(|_| !self.told).map(|since| since + GRACE)
    }
}

#[cfg(test)]
mod tests;
