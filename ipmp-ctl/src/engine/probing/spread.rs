//! How far apart the delays of the members are.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use super::{Probing, estimate::Estimate, window::Window};
use crate::engine::{
    event::MemberIndex,
    view::{RttView, TargetState},
};

impl Probing {
    /// The largest difference of the members' delays, as far as probes know them: of the round trips to one target, the
    /// longest that is to be expected less the shortest mean. Members that are not `concerned` do not count.
    pub(in crate::engine) fn delay_spread(&self, concerned: impl Fn(MemberIndex) -> bool) -> Duration {
        let mut by_target: BTreeMap<_, Vec<RttView>> = BTreeMap::new();
        for instance in self.instances.iter().filter(|instance| concerned(instance.member)) {
            let alive = instance.targets.in_turn().filter(|target| target.state != TargetState::Dead);
            for target in alive {
                // Of a member that is just repaired there are the answers that have repaired it.
                let estimate =
                    || target.estimate.view().or_else(|| estimated(&instance.window, target.address));
                by_target.entry(target.address).or_default().extend(estimate());
            }
        }
        let spreads = by_target.values().filter(|rtts| rtts.len() > 1).map(|rtts| spread(rtts));
        Duration::from_micros(spreads.max().unwrap_or(0))
    }
}

/// What the latest answers of a target say of it.
fn estimated(window: &Window, target: IpAddr) -> Option<RttView> {
    let mut trips: Vec<_> = window.trips(target).collect();
    trips.reverse();
    let mut estimate = Estimate::default();
    for trip in trips {
        estimate.feed(trip, Duration::MAX);
    }
    estimate.view()
}

/// The spread of the round trips to one target by several members, in microseconds.
fn spread(rtts: &[RttView]) -> u64 {
    let longest = rtts.iter().map(|rtt| rtt.smoothed_us + rtt.deviation_us).max().unwrap_or(0);
    let shortest = rtts.iter().map(|rtt| rtt.smoothed_us).min().unwrap_or(0);
    longest.saturating_sub(shortest)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_member_just_repaired_is_known_by_the_answers_that_repaired_it() {
        let (target, start) = (IpAddr::from([192, 0, 2, 1]), Instant::now());
        let mut window = Window::new(50);
        let mut at = start;
        // A loss, then a row of answers; the first is late, for a neighbour was looked up.
        let takes =
            [None, Some(90), Some(20), Some(20), Some(20), Some(20), Some(20), Some(20), Some(20), Some(20)];
        for (sequence, takes) in (0..).zip(takes) {
            let sent = at;
            window.push(sequence, target, sent);
            window.sent(sequence, sent, sent);
            let arrival = takes.map(|ms| sent + Duration::from_millis(ms));
            at += Duration::from_millis(200);
            window.next_answer(at, |asked| arrival.filter(|_| asked == sequence));
            window.next_loss(at, |_| Duration::from_millis(100));
        }
        let known = estimated(&window, target).expect("there are answers");
        assert!((20_000..50_000).contains(&known.smoothed_us), "{known:?}");
        assert_eq!((known.min_us, known.max_us), (20_000, 90_000));
        assert_eq!(estimated(&window, IpAddr::from([192, 0, 2, 2])), None);
    }

    #[test]
    fn the_spread_is_from_the_shortest_mean_to_the_longest_with_its_deviation() {
        let rtt = |(smoothed_us, deviation_us)| RttView { smoothed_us, deviation_us, min_us: 0, max_us: 0 };
        for (rtts, expected) in [
            (&[(500, 0), (500, 0)][..], 0),
            (&[(500, 100), (500, 50)], 100),
            (&[(500, 100), (20_500, 300), (700, 0)], 20_300),
            (&[(500, 100)], 100),
            (&[], 0),
        ] {
            let rtts: Vec<_> = rtts.iter().copied().map(rtt).collect();
            assert_eq!(spread(&rtts), expected, "{rtts:?}");
        }
    }
}
