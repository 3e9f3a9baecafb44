//! What a stream suffers round an event, found while it goes on.

use std::{ops::Range, time::Duration};

use super::Arrival;

#[cfg(test)]
mod tests;

/// What a stream suffered within a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// The longest time without an arrival of which at least part lies within the window. One that has not ended is
    /// counted to the end of the window.
    pub gap: Duration,
    /// Packets sent within the window.
    pub sent: u64,
    /// Those of them that have not arrived.
    pub lost: u64,
    /// From the beginning of the window to the first arrival within it.
    pub first_after: Option<Duration>,
}

impl Outage {
    /// Looks at packets numbered from `first` with their times of sending, and at the arrivals from the last one
    /// before the window on.
    pub(super) fn find(first: u64, sent_ns: &[u64], arrivals: &[Arrival], window: &Range<u64>) -> Self {
        let mut arrived = vec![false; sent_ns.len()];
        for arrival in arrivals {
            let index = arrival.number.checked_sub(first).map(|index| index as usize);
            if let Some(seen) = index.and_then(|index| arrived.get_mut(index)) {
                *seen = true;
            }
        }
        let within = || sent_ns.iter().zip(&arrived).filter(|(at, _)| window.contains(at));
        let inside = |arrival: &&Arrival| window.contains(&arrival.received_ns);
        Self {
            gap: Duration::from_nanos(longest_gap(arrivals, window)),
            sent: within().count() as u64,
            lost: within().filter(|(_, arrived)| !**arrived).count() as u64,
            first_after: arrivals
                .iter()
                .find(inside)
                .map(|arrival| Duration::from_nanos(arrival.received_ns - window.start)),
        }
    }
}

fn longest_gap(arrivals: &[Arrival], window: &Range<u64>) -> u64 {
    let times = || arrivals.iter().map(|arrival| arrival.received_ns);
    // Before the first arrival and after the last one nothing is known but that nothing came within the window.
    let begin = times().next().filter(|&first| first < window.start).unwrap_or(window.start);
    let end = times().next_back().filter(|&last| last > window.end).unwrap_or(window.end);
    let edges = || std::iter::once(begin).chain(times()).chain([end]);
    edges()
        .zip(edges().skip(1))
        .filter(|(from, to)| *to >= window.start && *from <= window.end)
        .map(|(from, to)| to.saturating_sub(from))
        .max()
        .unwrap_or(0)
}
