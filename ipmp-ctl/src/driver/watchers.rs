//! Those who watch probes live: `stat -p`.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::{control::protocol::ProbeLine, engine::action::ProbeRecord};

/// Lines that may wait for a watcher. One that reads no faster misses some, and is told how many.
const BACKLOG: usize = 1024;

/// Watchers served at once.
const MOST: usize = 32;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Watchers(Vec<Watcher>);

#[derive(Debug)]
struct Watcher {
    /// When it came: times are counted from then.
    since: Instant,
    lines: mpsc::Sender<ProbeLine>,
    missed: u64,
}

impl Watchers {
    /// One more; `None` if there are too many.
    pub(super) fn add(&mut self) -> Option<mpsc::Receiver<ProbeLine>> {
        self.0.retain(|watcher| !watcher.lines.is_closed());
        let (lines, receiver) = mpsc::channel(BACKLOG);
        let watcher = Watcher { since: Instant::now(), lines, missed: 0 };
        (self.0.len() < MOST).then(|| self.0.push(watcher)).map(|()| receiver)
    }

    /// Tells them what became of a probe by this interface.
    pub(super) fn tell(&mut self, interface: &str, record: &ProbeRecord) {
        if self.0.is_empty() {
            return;
        }
        self.0.retain_mut(|watcher| watcher.tell(interface, record));
    }
}

impl Watcher {
    /// `false`: it has gone away.
    fn tell(&mut self, interface: &str, record: &ProbeRecord) -> bool {
        let rtt_us = record.arrival.map(|arrival| micros(arrival.saturating_duration_since(record.began)));
        let line = ProbeLine {
            time_us: match record.began.checked_duration_since(self.since) {
                Some(after) => micros(after).cast_signed(),
                None => -micros(self.since.duration_since(record.began)).cast_signed(),
            },
            interface: interface.to_owned(),
            probe: record.probe.sequence,
            rtt_us,
            smoothed_us: record.smoothed_us,
            deviation_us: record.deviation_us,
            target: record.target,
            missed: self.missed,
        };
        match self.lines.try_send(line) {
            Ok(()) => self.missed = 0,
            Err(mpsc::error::TrySendError::Full(_)) => self.missed += 1,
            Err(mpsc::error::TrySendError::Closed(_)) => return false,
        }
        true
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
