//! When an instance sends: one probe in the second half of each period, and what was missed is not made up.
//!
//! A period is a seventh of the failure detection time that was asked for. While that cannot be met, only some of the
//! probes detect failures: those that are a seventh of the raised time apart. The others measure.

use std::time::{Duration, Instant};

use super::jitter::Random;

/// Periods that lie fixed in time, and the moment within the present one.
#[derive(Clone, Copy, Debug)]
struct Track {
    base: Instant,
    next: Instant,
}

impl Track {
    /// Goes on to the next period that still lies ahead. Returns how many were passed over.
    fn advance(&mut self, now: Instant, period: Duration, random: &mut Random) -> u64 {
        let half = period / 2;
        self.next = self.base + half + random.up_to(half);
        self.base += period;
        let Some(late) = now.checked_duration_since(self.next) else { return 0 };
        let nanos = period.as_nanos() as u64;
        let missed = late.as_nanos() as u64 / nanos + 1;
        let shift = Duration::from_nanos(nanos * missed);
        self.base += shift;
        self.next += shift;
        missed
    }
}

/// What a moment of sending is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fire {
    /// Whether a probe of detection is due; otherwise one that measures.
    pub(super) detection: bool,
    /// Probes that should have been sent in the meantime.
    pub(super) missed: u64,
}

/// The calendar of an instance.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    probes: Track,
    /// Those of detection, while not all of them are.
    detections: Option<Track>,
}

impl Schedule {
    /// Begins somewhere within the next interval, so that instances do not send at the same time.
    pub(super) fn start(now: Instant, interval: Duration, random: &mut Random) -> Self {
        let base = now + random.up_to(interval);
        Self { probes: Track { base, next: base }, detections: None }
    }

    /// When the next probe is due.
    pub(super) const fn next(&self) -> Instant {
        self.probes.next
    }

    /// A moment of sending has come. `period` is that of all probes, `interval` that of detection.
    pub(super) fn fire(
        &mut self,
        now: Instant,
        period: Duration,
        interval: Duration,
        random: &mut Random,
    ) -> Fire {
        let missed = self.probes.advance(now, period, random);
        if interval <= period {
            self.detections = None;
            return Fire { detection: true, missed };
        }
        let track = self.detections.get_or_insert(Track { base: now, next: now });
        let detection = track.next <= now;
        if detection {
            track.advance(now, interval, random);
        }
        Fire { detection, missed }
    }
}

#[cfg(test)]
mod tests;
