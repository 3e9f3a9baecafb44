//! What a stream suffers round an event, found while it goes on.

use std::{mem, ops::Range, time::Duration};

use super::Arrival;

#[cfg(test)]
mod tests;

/// What a stream suffered within a window of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// The longest time without an arrival of which at least part lies within the window. One that has not ended is
    /// counted to the end of the window. A sender that was late makes such a gap too.
    pub gap: Duration,
    /// The longest part of such a gap in which a packet had been sent and nothing arrived: the fault of whatever lies
    /// between the two programs, not of the sender.
    pub standstill: Duration,
    /// The longest run of numbers that have not arrived, of packets sent within the window: from the sending of the first
    /// to the sending of the next one that arrived. Late packets do not matter, and neither does when they arrived.
    pub missing: Duration,
    /// Whether the run of missing numbers goes on to the end of the window.
    pub open: bool,
    /// Packets sent within the window.
    pub sent: u64,
    /// Those of them that have not arrived.
    pub lost: u64,
    /// Arrivals within the window after one with a higher number.
    pub reordered: u64,
    /// Arrivals within the window of a packet that had arrived before.
    pub duplicates: u64,
    /// From the beginning of the window to the first arrival within it.
    pub first_after: Option<Duration>,
}

impl Outage {
    /// Looks at packets numbered from `first` with their times of sending, and at the arrivals from the last one
    /// before the window on.
    pub(super) fn find(first: u64, sent_ns: &[u64], arrivals: &[Arrival], window: &Range<u64>) -> Self {
        let inside = |arrival: &&Arrival| window.contains(&arrival.received_ns);
        let mut arrived = vec![false; sent_ns.len()];
        let (mut highest, mut reordered, mut duplicates) = (0, 0, 0);
        for arrival in arrivals {
            let index = arrival.number.checked_sub(first).map(|index| index as usize);
            let seen = index.and_then(|index| arrived.get_mut(index)).map(|seen| mem::replace(seen, true));
            if inside(&arrival) {
                if seen == Some(true) {
                    duplicates += 1;
                } else if arrival.number < highest {
                    reordered += 1;
                }
            }
            highest = highest.max(arrival.number);
        }
        let within = || sent_ns.iter().zip(&arrived).filter(|(at, _)| window.contains(at));
        let (missing, open) = missing(within(), window.end);
        let sending = |number: u64| sent_ns.get(number.checked_sub(first)? as usize).copied();
        let gaps = gaps(arrivals, window);
        let longest =
            |lengths: &mut dyn Iterator<Item = u64>| Duration::from_nanos(lengths.max().unwrap_or(0));
        Self {
            gap: longest(&mut gaps.iter().map(|gap| gap.to.saturating_sub(gap.from))),
            standstill: longest(&mut gaps.iter().map(|gap| {
                // One that was sent before the window is on its way since before the gap, or is not there yet at all.
                let waiting = if gap.next < first { Some(gap.from) } else { sending(gap.next) };
                waiting.map_or(0, |since| gap.to.saturating_sub(since.max(gap.from)))
            })),
            missing: Duration::from_nanos(missing),
            open,
            sent: within().count() as u64,
            lost: within().filter(|(_, arrived)| !**arrived).count() as u64,
            reordered,
            duplicates,
            first_after: arrivals
                .iter()
                .find(inside)
                .map(|arrival| Duration::from_nanos(arrival.received_ns - window.start)),
        }
    }
}

/// The longest run of packets that have not arrived, and whether the last run reaches `end`. Packets are given by their
/// times of sending.
fn missing<'a>(packets: impl Iterator<Item = (&'a u64, &'a bool)>, end: u64) -> (u64, bool) {
    let (mut longest, mut since) = (0, None);
    for (&at, &arrived) in packets {
        if arrived {
            longest = longest.max(since.take().map_or(0, |since| at - since));
        } else {
            since.get_or_insert(at);
        }
    }
    (longest.max(since.map_or(0, |since| end - since)), since.is_some())
}

/// A time without an arrival.
struct Gap {
    from: u64,
    to: u64,
    /// The number that should have ended it: that after the highest before it.
    next: u64,
}

/// The gaps of which at least part lies within the window.
fn gaps(arrivals: &[Arrival], window: &Range<u64>) -> Vec<Gap> {
    // Before the first arrival and after the last one nothing is known but that nothing came within the window.
    let mut next = arrivals.first().map_or(0, |arrival| arrival.number);
    let mut from = arrivals.first().map_or(window.start, |arrival| arrival.received_ns.min(window.start));
    let mut gaps = Vec::new();
    for arrival in arrivals {
        gaps.push(Gap { from, to: arrival.received_ns, next });
        from = arrival.received_ns;
        next = next.max(arrival.number + 1);
    }
    gaps.push(Gap { from, to: window.end.max(from), next });
    gaps.retain(|gap| gap.to >= window.start && gap.from <= window.end);
    gaps
}
