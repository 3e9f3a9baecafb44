//! Link-based failure detection of one member: what damps a link that flaps.
//!
//! A link that goes down counts at once. A link that comes up repairs its member at once too, unless it has come up
//! too often within the last minute (the rule of Solaris in.mpathd): then the repair waits until few enough of these
//! link-ups are younger than a minute, provided that the link is still up by then.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Time over which link-ups are counted.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

/// The damping of one link.
#[derive(Clone, Debug, Default)]
pub(super) struct Damping {
    /// The latest link-ups, oldest first; never more than one above what is tolerated.
    ups: VecDeque<Instant>,
    /// When a refused repair is considered again.
    retry_at: Option<Instant>,
    /// Whether the operator knows that this link flaps.
    told: bool,
}

impl Damping {
    /// The link has come up: whether its member may be repaired now. `tolerated` link-ups a minute are fine; 0 means
    /// any number.
    pub(super) fn link_up(&mut self, tolerated: u32, now: Instant) -> bool {
        while self.ups.front().is_some_and(|&up| now.duration_since(up) >= WINDOW) {
            self.ups.pop_front();
        }
        if tolerated == 0 {
            return true;
        }
        self.ups.push_back(now);
        let excess = self.ups.len().saturating_sub(tolerated as usize);
        if excess > 1 {
            self.ups.pop_front(); // only the latest ones decide
        }
        self.retry_at = if excess > 0 { self.ups.front().map(|&up| up + WINDOW) } else { None };
        self.retry_at.is_none()
    }

    /// The link has gone down: nothing to wait for any more.
    pub(super) fn link_down(&mut self) {
        self.retry_at = None;
    }

    /// The member is repaired: the next flapping is news again.
    pub(super) fn repaired(&mut self) {
        self.retry_at = None;
        self.told = false;
    }

    /// When the refused repair is considered again; `None` if none is waiting.
    pub(super) fn retry_at(&self) -> Option<Instant> {
        self.retry_at
    }

    /// Ages of the latest link-ups in milliseconds, oldest first.
    pub(super) fn ages_ms(&self, now: Instant) -> Vec<u64> {
        let ages = self.ups.iter().map(|&up| now.saturating_duration_since(up));
        ages.filter(|&age| age < WINDOW).map(|age| age.as_millis() as u64).collect()
    }

    /// Takes over what an earlier engine knew: these ages by now, and whether a repair waited. What lies before the
    /// clock's beginning is forgotten.
    pub(super) fn recall(&mut self, ages: impl Iterator<Item = Duration>, waits: bool, now: Instant) {
        self.ups = ages.filter(|&age| age < WINDOW).filter_map(|age| now.checked_sub(age)).collect();
        // With nothing left to wait for it is repaired at the next look.
        self.retry_at = waits.then(|| self.ups.front().map_or(now, |&up| up + WINDOW));
        self.told = waits;
    }

    /// The time to wait, if the operator has not been told yet; afterwards he has.
    pub(super) fn tell(&mut self, now: Instant) -> Option<Duration> {
        let at = self.retry_at?;
        (!std::mem::replace(&mut self.told, true)).then(|| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
