//! What became of the events, counted by both ends.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::run::Outcome;

/// What became of the events that the program was to be told of, since the daemon was started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunCounts {
    /// Runs that ended well.
    pub done: u64,
    /// Runs that ended with an error.
    pub failed: u64,
    /// Runs that were killed because they took too long.
    pub killed: u64,
    /// Runs that could not be started.
    pub unstarted: u64,
    /// Events that were left out, because too many waited or the daemon ended.
    pub left_out: u64,
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(super) struct Counts {
    done: AtomicU64,
    failed: AtomicU64,
    killed: AtomicU64,
    unstarted: AtomicU64,
    left_out: AtomicU64,
}

impl Counts {
    /// A run is over.
    pub(super) fn note(&self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Done => &self.done,
            Outcome::Failed { .. } => &self.failed,
            Outcome::Killed { .. } => &self.killed,
            Outcome::Unstarted(_) => &self.unstarted,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// An event is left out.
    pub(super) fn leave_out(&self) {
        self.left_out.fetch_add(1, Ordering::Relaxed);
    }

    /// The figures of this moment.
    pub(super) fn read(&self) -> RunCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RunCounts {
            done: read(&self.done),
            failed: read(&self.failed),
            killed: read(&self.killed),
            unstarted: read(&self.unstarted),
            left_out: read(&self.left_out),
        }
    }
}
