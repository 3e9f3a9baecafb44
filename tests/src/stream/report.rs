//! What became of a stream.

use std::{fmt, ops::Range, time::Duration};

/// A packet that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its number, from 0.
    pub number: u64,
    /// When the kernel received it.
    pub received_ns: u64,
}

/// What became of a stream.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Packets sent.
    pub sent: u64,
    /// Packets that arrived, each counted once.
    pub received: u64,
    /// Packets that never arrived.
    pub lost: u64,
    /// Arrivals of a packet that had arrived before.
    pub duplicates: u64,
    /// Packets that arrived after one with a higher number.
    pub reordered: u64,
    /// The longest time between two arrivals.
    pub longest_gap: Duration,
    /// The longest run of lost packets: from the sending of its first to the sending of the next one that arrived.
    pub longest_loss: Duration,
    /// When each packet was sent, indexed by its number.
    pub sent_ns: Vec<u64>,
    /// The arrivals in their order.
    pub arrivals: Vec<Arrival>,
}

impl Report {
    pub(super) fn new(sent_ns: Vec<u64>, arrivals: Vec<Arrival>) -> Self {
        let mut report = Self { sent: sent_ns.len() as u64, sent_ns, arrivals, ..Self::default() };
        let mut arrived = vec![false; report.sent_ns.len()];
        let mut highest = None;
        for arrival in &report.arrivals {
            let Some(seen) = arrived.get_mut(arrival.number as usize) else { continue };
            if std::mem::replace(seen, true) {
                report.duplicates += 1;
                continue;
            }
            report.received += 1;
            if highest.is_some_and(|highest| arrival.number < highest) {
                report.reordered += 1;
            }
            highest = highest.max(Some(arrival.number));
        }
        report.lost = report.sent - report.received;
        report.longest_gap = report.gap_within(0..u64::MAX);
        report.longest_loss = longest_loss(&report.sent_ns, &arrived);
        report
    }

    /// The longest time between two arrivals of which at least part lies within `window` (nanoseconds of
    /// [`super::now_ns`]): the outage round an event.
    pub fn gap_within(&self, window: Range<u64>) -> Duration {
        let gaps = self.arrivals.windows(2).map(|pair| pair[0].received_ns..pair[1].received_ns);
        let touching = gaps.filter(|gap| gap.end >= window.start && gap.start <= window.end);
        Duration::from_nanos(touching.map(|gap| gap.end.saturating_sub(gap.start)).max().unwrap_or(0))
    }

    /// Packets sent within `window` that never arrived.
    pub fn lost_within(&self, window: &Range<u64>) -> u64 {
        let mut arrived = vec![false; self.sent_ns.len()];
        for arrival in &self.arrivals {
            if let Some(seen) = arrived.get_mut(arrival.number as usize) {
                *seen = true;
            }
        }
        self.sent_ns.iter().zip(arrived).filter(|(at, arrived)| window.contains(at) && !arrived).count()
            as u64
    }
}

fn longest_loss(sent_ns: &[u64], arrived: &[bool]) -> Duration {
    let mut longest = 0;
    let mut since = None;
    for (&at, &arrived) in sent_ns.iter().zip(arrived) {
        if arrived {
            longest = longest.max(since.take().map_or(0, |since| at - since));
        } else {
            since.get_or_insert(at);
        }
    }
    let to_the_end = since.zip(sent_ns.last()).map_or(0, |(since, &last)| last - since);
    Duration::from_nanos(longest.max(to_the_end))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sent, {} lost, {} duplicates, {} reordered, longest loss {:.1} ms, longest gap {:.1} ms",
            self.sent,
            self.lost,
            self.duplicates,
            self.reordered,
            self.longest_loss.as_secs_f64() * 1e3,
            self.longest_gap.as_secs_f64() * 1e3
        )
    }
}

#[cfg(test)]
mod tests;
