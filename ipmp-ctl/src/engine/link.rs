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

    /// The time to wait, if the operator has not been told yet; afterwards he has.
    pub(super) fn tell(&mut self, now: Instant) -> Option<Duration> {
        let at = self.retry_at?;
        (!std::mem::replace(&mut self.told, true)).then(|| at.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests;
