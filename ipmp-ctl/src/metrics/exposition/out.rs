//! Where families of series are written.

use std::fmt;

use prometheus_client::{
    encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::metrics::histogram::Histogram;

/// Labels of a series.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// The same with one more.
pub(super) fn with<'a>(labels: &Labels<'a>, name: &'static str, value: &'a str) -> Labels<'a> {
    labels.iter().copied().chain([(name, value)]).collect()
}

/// One series for each state that something can be in, and whether it is in it.
pub(super) fn states<'a, const N: usize>(
    labels: &Labels<'a>,
    all: [&'static str; N],
    is: &str,
) -> [(Labels<'a>, u64); N] {
    all.map(|state| (with(labels, "state", state), u64::from(state == is)))
}

/// The families. One without series is left out.
pub(super) struct Out<'a>(pub(super) DescriptorEncoder<'a>);

impl Out<'_> {
    /// Values that go up and down.
    pub(super) fn gauges<'l, N>(
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

    /// Values that only go up. `_total` is added to the name.
    pub(super) fn counters<'l, N>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (Labels<'l>, N)>,
    ) -> fmt::Result
    where
        ConstCounter<N>: EncodeMetric,
    {
        self.family(name, help, MetricType::Counter, rows, |value, out| ConstCounter::new(value).encode(out))
    }

    /// Times, counted by their length.
    pub(super) fn histograms<'l>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl Iterator<Item = (Labels<'l>, &'l Histogram)>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Histogram, rows, |histogram, mut out| {
            out.encode_histogram::<Labels<'_>>(histogram.sum(), histogram.count(), &histogram.buckets(), None)
        })
    }

    /// Anything.
    pub(super) fn family<'l, V>(
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
            if labels.is_empty() {
                // There is no other.
                return encode(value, family);
            }
            encode(value, family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
