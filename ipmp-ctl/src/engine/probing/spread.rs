//! How far apart the delays of the members are.

use std::{collections::BTreeMap, time::Duration};

use super::Probing;
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
            for (address, rtt) in alive.filter_map(|target| Some((target.address, target.estimate.view()?))) {
                by_target.entry(address).or_default().push(rtt);
            }
        }
        let spreads = by_target.values().filter(|rtts| rtts.len() > 1).map(|rtts| spread(rtts));
        Duration::from_micros(spreads.max().unwrap_or(0))
    }
}

/// The spread of the round trips to one target by several members, in microseconds.
fn spread(rtts: &[RttView]) -> u64 {
    let longest = rtts.iter().map(|rtt| rtt.smoothed_us + rtt.deviation_us).max().unwrap_or(0);
    let shortest = rtts.iter().map(|rtt| rtt.smoothed_us).min().unwrap_or(0);
    longest.saturating_sub(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;

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
