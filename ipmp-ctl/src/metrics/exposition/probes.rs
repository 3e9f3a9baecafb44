//! Series of probes and their targets.

use std::fmt;

use prometheus_client::metrics::MetricType;

use super::{
    Snapshot,
    out::{Labels, Out, states, with},
};
use crate::control::protocol::TargetStatus;

const TARGET_STATES: [&str; 4] = ["active", "unused", "slow", "dead"];

impl Snapshot {
    pub(super) fn encode_probes(&self, out: &mut Out<'_>) -> fmt::Result {
        let probes = self.members().flat_map(|(labels, member)| {
            let probes = &member.probes;
            [
                ("sent", probes.sent),
                ("unsent", probes.unsent),
                ("answered", probes.answered),
                ("lost", probes.lost),
            ]
            .map(|(result, count)| (with(&labels, "result", result), count))
        });
        out.counters("ipmp_member_probes", "Probes of the member, by what became of them", probes)?;
        let replies = self.members().flat_map(|(labels, member)| {
            let probes = &member.probes;
            [
                ("counted", probes.replies),
                ("forged", probes.forged),
                ("duplicate", probes.duplicate),
                ("out-of-window", probes.out_of_window),
                ("malformed", probes.malformed),
            ]
            .map(|(kind, count)| (with(&labels, "kind", kind), count))
        });
        let help = "What arrived at the member as a reply to a probe; only those counted are signs of life";
        out.counters("ipmp_member_probe_replies", help, replies)?;
        self.encode_targets(out)
    }

    fn encode_targets(&self, out: &mut Out<'_>) -> fmt::Result {
        let targets = self.targets();
        let rows = targets
            .iter()
            .flat_map(|(labels, target)| states(&borrowed(labels), TARGET_STATES, &target.state));
        let help = "State of the target as seen by the member: 1 for the one it is in";
        out.gauges("ipmp_target_state", help, rows)?;
        let trips = targets.iter().filter_map(|(labels, target)| {
            Some((borrowed(labels), Trips::of(&target.rtt.as_ref()?.histogram)))
        });
        let help = "Round trips of probes; the sum is an estimate from the buckets";
        out.family("ipmp_target_round_trip_seconds", help, MetricType::Histogram, trips, |trips, mut out| {
            out.encode_histogram::<Labels<'_>>(trips.sum, trips.count, &trips.buckets, None)
        })
    }

    /// The targets, with labels.
    fn targets(&self) -> Vec<(Vec<(&'static str, String)>, &TargetStatus)> {
        let mut all = Vec::new();
        for (group, status) in self.groups() {
            for probing in &status.targets {
                for target in &probing.targets {
                    let labels = vec![
                        ("group", group.to_owned()),
                        ("interface", probing.interface.clone()),
                        ("target", target.address.to_string()),
                    ];
                    all.push((labels, target));
                }
            }
        }
        all
    }
}

fn borrowed<'a>(labels: &'a [(&'static str, String)]) -> Labels<'a> {
    labels.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Round trips of a target as Prometheus wants them, in seconds.
struct Trips {
    sum: f64,
    count: u64,
    /// Upper bounds and what lies below each and above the one before.
    buckets: Vec<(f64, u64)>,
}

impl Trips {
    /// Bins of a factor of two that make one bucket: with one series for each bin there would be thousands.
    const MERGED: usize = 2;
    /// The first bucket ends with this bin; nothing is faster than 64 us but on the same host.
    const FIRST: usize = 5;
    /// The last bucket but one ends with this bin, at about a second.
    const LAST: usize = 19;

    /// From bins, of which the i-th counts the trips of 2^i to 2^(i+1) microseconds.
    fn of(bins: &[u32]) -> Self {
        let ends = |bin: usize| 2.0 * (1_u64 << bin) as f64 / 1e6;
        let sum = bins.iter().enumerate().map(|(bin, &count)| ends(bin) * 0.75 * f64::from(count)).sum();
        let mut buckets: Vec<_> =
            (Self::FIRST..=Self::LAST).step_by(Self::MERGED).map(|bin| (ends(bin), 0)).collect();
        buckets.push((f64::MAX, 0));
        for (bin, &count) in bins.iter().enumerate() {
            let place = bin.saturating_sub(Self::FIRST).div_ceil(Self::MERGED).min(buckets.len() - 1);
            buckets[place].1 += u64::from(count);
        }
        Self { sum, count: buckets.iter().map(|(_, count)| count).sum(), buckets }
    }
}
