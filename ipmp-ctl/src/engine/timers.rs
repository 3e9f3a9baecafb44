//! The engine's timers: a name for each reason to wake up, and when it is due.

use std::time::Instant;

/// Why the engine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The window of flap damping has passed for a member whose link is up: it may be repaired.
    Repair,
    /// A probe is due, or something else of probing.
    Probe,
    /// An announcement is due again, since one can be lost.
    Announce,
    /// The multicast memberships are due again, since a report can be lost.
    ReportMemberships,
    /// A member has to send something, or switches forget where it is.
    KeepAlive,
    /// Buckets that move have to be looked at.
    Moves,
    /// The assignment is handed out again after a failed installation.
    Install,
}

impl Timer {
    /// All of them, in the order in which they are served when several are due.
    pub const ALL: [Self; 7] = [
        Self::Repair,
        Self::Probe,
        Self::Announce,
        Self::ReportMemberships,
        Self::KeepAlive,
        Self::Moves,
        Self::Install,
    ];
}

/// The next moment the engine wants to be called, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When [`super::Engine::handle_timeout`] should be called. Later does no harm but delay.
    pub at: Instant,
    /// The timer that is due then.
    pub timer: Timer,
}

/// When each timer is due.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    due: [Option<Instant>; Timer::ALL.len()],
}

impl Timers {
    /// Sets the timer to `at`, or stops it.
    pub(super) fn set(&mut self, timer: Timer, at: Option<Instant>) {
        self.due[timer as usize] = at;
    }

    /// The earliest of all.
    pub(super) fn next(&self) -> Option<Wake> {
        Timer::ALL
            .into_iter()
            .filter_map(|timer| Some(Wake { at: self.due[timer as usize]?, timer }))
            .min_by_key(|wake| wake.at)
    }
}
