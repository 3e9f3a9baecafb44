//! Names, labels and values: the status of the daemon in the text format of `OpenMetrics`.
//!
//! A state is one series for each value it can have, 1 for the one it has, so that alerts need no numbers that stand for
//! words. Counters of a member begin anew when its interface is replaced, and all of them with the daemon, but for those
//! of the packet path, which outlives it.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::control::protocol::{GroupStatus, MemberStatus, RttStatus, Status, TargetStatus};

/// What [`text()`] is, for the Content-Type.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const GROUP_STATES: [&str; 3] = ["ok", "degraded", "failed"];
const MEMBER_STATES: [&str; 4] = ["ok", "failed", "offline", "unknown"];
const TARGET_STATES: [&str; 4] = ["active", "unused", "slow", "dead"];

/// The status as text.
///
/// # Errors
/// None in practice: text is written to memory.
pub fn text(status: Status) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot(status)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

/// Labels of a series.
type Labels<'a> = Vec<(&'static str, &'a str)>;

#[derive(Debug)]
struct Snapshot(Status);

impl Snapshot {
    fn groups(&self) -> impl Iterator<Item = (&str, &GroupStatus)> {
        self.0.groups.iter().map(|group| (group.group.as_str(), group))
    }

    fn members(&self) -> impl Iterator<Item = (Labels<'_>, &MemberStatus)> {
        self.groups().flat_map(|(group, status)| {
            status
                .members
                .iter()
                .map(move |member| (vec![("group", group), ("interface", member.interface.as_str())], member))
        })
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        self.encode_groups(&mut out)?;
        self.encode_members(&mut out)?;
        self.encode_probes(&mut out)?;
        self.encode_addresses(&mut out)
    }
}

impl Snapshot {
    fn encode_groups(&self, out: &mut Out<'_>) -> fmt::Result {
        let states = self.groups().flat_map(|(group, status)| {
            states("group", group, &GROUP_STATES, &status.state).map(|(labels, is)| (labels, u64::from(is)))
        });
        out.gauges("ipmp_group_state", "State of the group: 1 for the one it is in", states)?;
        let times = self
            .groups()
            .filter_map(|(group, status)| Some((vec![("group", group)], status.fdt_ms? as f64 / 1e3)));
        let help = "Time within which a silent member is found; absent while no member is probed";
        out.gauges("ipmp_group_failure_detection_seconds", help, times)?;
        let moving =
            self.groups().map(|(group, status)| (vec![("group", group)], status.moves.pending as u64));
        out.gauges(
            "ipmp_group_moving_buckets",
            "Buckets that wait for a gap to move to another member",
            moving,
        )?;
        let forced = self.groups().map(|(group, status)| (vec![("group", group)], status.moves.forced));
        let help = "Buckets that were moved though their flows were not idle in time";
        out.counters("ipmp_group_forced_moves", help, forced)?;
        let packets = self.groups().flat_map(|(group, status)| {
            status
                .reasons
                .iter()
                .map(move |(reason, count)| (vec![("group", group), ("reason", reason.as_str())], *count))
        });
        let help = "Packets that the packet path dropped or sent in an unusual way, by reason";
        out.counters("ipmp_group_irregular_packets", help, packets)
    }

    fn encode_members(&self, out: &mut Out<'_>) -> fmt::Result {
        let states = self.members().flat_map(|(labels, member)| {
            MEMBER_STATES.map(|state| {
                let labels = labels.iter().copied().chain([("state", state)]).collect::<Labels<'_>>();
                (labels, u64::from(member.state == state))
            })
        });
        out.gauges("ipmp_member_state", "State of the member: 1 for the one it is in", states)?;
        for (name, help, value) in MEMBER_GAUGES {
            out.gauges(
                name,
                help,
                self.members().filter_map(|(labels, member)| Some((labels, value(member)?))),
            )?;
        }
        for (name, help, value) in MEMBER_COUNTERS {
            out.counters(name, help, self.members().map(|(labels, member)| (labels, value(member))))?;
        }
        Ok(())
    }

    fn encode_probes(&self, out: &mut Out<'_>) -> fmt::Result {
        let probes = self.members().flat_map(|(labels, member)| {
            let probes = &member.probes;
            [
                ("sent", probes.sent),
                ("unsent", probes.unsent),
                ("answered", probes.answered),
                ("lost", probes.lost),
            ]
            .map(|(result, count)| {
                (labels.iter().copied().chain([("result", result)]).collect::<Labels<'_>>(), count)
            })
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
            .map(|(kind, count)| {
                (labels.iter().copied().chain([("kind", kind)]).collect::<Labels<'_>>(), count)
            })
        });
        let help = "What arrived at the member as a reply to a probe; only those counted are signs of life";
        out.counters("ipmp_member_probe_replies", help, replies)?;

        let targets: Vec<_> = self.targets();
        let states = targets.iter().flat_map(|(labels, target)| {
            TARGET_STATES.map(|state| {
                let labels = borrowed(labels).chain([("state", state)]).collect::<Labels<'_>>();
                (labels, u64::from(target.state == state))
            })
        });
        out.gauges(
            "ipmp_target_state",
            "State of the target as seen by the member: 1 for the one it is in",
            states,
        )?;
        let trips = targets
            .iter()
            .filter_map(|(labels, target)| Some((borrowed(labels).collect(), target.rtt.as_ref()?)));
        out.histograms(
            "ipmp_target_round_trip_seconds",
            "Round trips of probes; the sum is an estimate from the buckets",
            trips,
        )
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

    fn encode_addresses(&self, out: &mut Out<'_>) -> fmt::Result {
        let bound: Vec<_> = self
            .groups()
            .flat_map(|(group, status)| status.addresses.iter().map(move |address| (group, address)))
            .map(|(group, status)| {
                (group, status.address.to_string(), status.inbound.as_deref().unwrap_or_default())
            })
            .collect();
        let rows = bound.iter().map(|(group, address, interface)| {
            (
                vec![("group", *group), ("address", address.as_str()), ("interface", *interface)],
                u64::from(!interface.is_empty()),
            )
        });
        let help = "1 with the member that receives for the data address; 0, without one, if none does";
        out.gauges("ipmp_address_bound", help, rows)
    }
}

/// A value of a member.
type Value<T> = (&'static str, &'static str, fn(&MemberStatus) -> T);

const MEMBER_GAUGES: [Value<Option<u64>>; 3] = [
    ("ipmp_member_active", "Whether the member carries traffic", |member| Some(u64::from(member.active))),
    ("ipmp_member_link_up", "Whether the member has link; absent if that is not known", |member| {
        (member.link != "unknown").then(|| u64::from(member.link == "up"))
    }),
    (
        "ipmp_member_weight",
        "Share of the traffic that the member should carry, relative to the others'",
        |member| Some(member.weight.into()),
    ),
];

const MEMBER_COUNTERS: [Value<u64>; 4] = [
    ("ipmp_member_transmit_packets", "Packets that the group sent by the member", |member| member.tx_packets),
    ("ipmp_member_transmit_bytes", "Bytes that the group sent by the member", |member| member.tx_bytes),
    ("ipmp_member_receive_packets", "Packets received by the member for the group", |member| {
        member.rx_packets
    }),
    ("ipmp_member_receive_bytes", "Bytes received by the member for the group", |member| member.rx_bytes),
];

fn borrowed<'a>(labels: &'a [(&'static str, String)]) -> impl Iterator<Item = (&'static str, &'a str)> {
    labels.iter().map(|(name, value)| (*name, value.as_str()))
}

/// One series for each state that something can be in, and whether it is in it.
fn states<'a>(
    what: &'static str,
    name: &'a str,
    all: &'static [&'static str],
    is: &'a str,
) -> impl Iterator<Item = (Labels<'a>, bool)> {
    all.iter().map(move |state| (vec![(what, name), ("state", *state)], *state == is))
}

/// Where families of series are written. A family without series is left out.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauges<'l, N>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (Labels<'l>, N)>,
    ) -> fmt::Result
    where
        ConstGauge<N>: EncodeMetric,
    {
        self.family(name, help, MetricType::Gauge, rows, |value, out| ConstGauge::new(value).encode(out))
    }

    fn counters<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (Labels<'l>, u64)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Counter, rows, |value, out| ConstCounter::new(value).encode(out))
    }

    /// Histograms of round trips, whose bins are powers of two in microseconds.
    fn histograms<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (Labels<'l>, &'l RttStatus)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Histogram, rows, |rtt, mut out| {
            let trips = Trips::of(&rtt.histogram);
            out.encode_histogram::<Labels<'_>>(trips.sum, trips.count, &trips.buckets, None)
        })
    }

    fn family<'l, V>(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        rows: impl Iterator<Item = (Labels<'l>, V)>,
        encode: impl Fn(V, MetricEncoder<'_>) -> fmt::Result,
    ) -> fmt::Result {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return Ok(());
        }
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in rows {
            encode(value, family.encode_family(&labels)?)?;
        }
        Ok(())
    }
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

#[cfg(test)]
mod tests;
