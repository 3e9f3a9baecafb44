//! Time that is shared out among what is still to be measured.

use std::{
    fs,
    time::{Duration, Instant},
};

use ipmp_tests::machine::is_counted;

#[cfg(test)]
mod tests;

/// A clock that goes as the user's does.
#[derive(Debug)]
enum Clock {
    /// The usual one.
    Usual(Instant),
    /// The hardware's, in seconds: where the usual clock counts instructions, this one still shows the world's time.
    Hardware(u64),
}

/// What it is read from.
const HARDWARE: &str = "/sys/class/rtc/rtc0/since_epoch";

/// The time that a run may take.
#[derive(Debug)]
pub(super) struct Budget {
    clock: Clock,
    limit: Option<Duration>,
    /// Parts that are still to be done, the current one among them.
    parts: u32,
    /// When the current part must end.
    deadline: Option<Duration>,
}

impl Budget {
    /// So much time for so many parts, from now on.
    pub(super) fn new(limit: Option<Duration>, parts: u32) -> Self {
        let hardware = is_counted().then(seconds).flatten();
        let clock = hardware.map_or_else(|| Clock::Usual(Instant::now()), Clock::Hardware);
        Self { clock, limit, parts: parts + 1, deadline: None }
    }

    /// The next part begins.
    pub(super) fn next(&mut self) {
        self.parts = self.parts.saturating_sub(1);
        let spent = self.spent();
        self.deadline = self.limit.map(|limit| deadline(limit, spent, self.parts));
    }

    /// Whether there is time for more of the current part.
    pub(super) fn allows_more(&self) -> bool {
        self.deadline.is_none_or(|deadline| self.spent() < deadline)
    }

    /// The time since the beginning.
    pub(super) fn spent(&self) -> Duration {
        match self.clock {
            Clock::Usual(since) => since.elapsed(),
            Clock::Hardware(since) => Duration::from_secs(seconds().unwrap_or(since).saturating_sub(since)),
        }
    }
}

/// When the first of `parts` must end if all are to have the same share of what is left.
fn deadline(limit: Duration, spent: Duration, parts: u32) -> Duration {
    spent + limit.saturating_sub(spent) / parts.max(1)
}

fn seconds() -> Option<u64> {
    fs::read_to_string(HARDWARE).ok()?.trim().parse().ok()
}
