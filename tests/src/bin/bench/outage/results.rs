//! What a run has found, as its JSON file has it.

use std::time::Duration;

use clap::ValueEnum;
use ipmp_tests::Figures;
use serde::{Deserialize, Serialize};

use super::{
    class::Class,
    lane::Lane,
    trial::{Sample, Suffered},
};

#[cfg(test)]
mod tests;

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    /// The command that made it.
    pub(crate) command: String,
    /// Processor, kernel, load.
    pub(crate) machine: String,
    /// Packets a second of each stream.
    pub(crate) rate: u32,
    /// Where the rate comes from.
    pub(crate) rate_from: String,
    /// Systems that were not measured.
    pub(crate) left_out: Vec<LeftOut>,
    /// A row for each system, class and event.
    pub(crate) rows: Vec<Row>,
}

/// A system that was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    /// Its name.
    pub(crate) system: String,
    /// What is missing here.
    pub(crate) why: String,
}

/// What of a class it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Event {
    /// The failure.
    Failure,
    /// Its repair.
    Repair,
}

/// What a system made of one kind of event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The system.
    pub(crate) system: String,
    /// The class of failure.
    pub(crate) class: String,
    /// Failure or repair.
    pub(crate) event: Event,
    /// The event in words.
    pub(crate) what: String,
    /// How often it was made to happen.
    pub(crate) trials: usize,
    /// Why there are no figures, if there are none.
    pub(crate) not_supported: Option<String>,
    /// What happened to make the trials end before their number was complete.
    pub(crate) ended_by: Option<String>,
    /// Buckets that were moved between working members though their flows did not pause, over all trials.
    #[serde(default)]
    pub(crate) forced: u64,
    /// The streams.
    pub(crate) streams: Vec<StreamFigures>,
    /// TCP connections that ran along, over all trials of the class.
    pub(crate) connections: usize,
    /// Those of them that did not go on.
    pub(crate) connections_lost: usize,
}

/// What one of the four streams suffered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StreamFigures {
    /// Direction and family.
    #[serde(flatten)]
    pub(crate) lane: Lane,
    /// Half of the outages are not longer.
    pub(crate) p50_ms: f64,
    /// Nine of ten are not longer.
    pub(crate) p90_ms: f64,
    /// 99 of 100 are not longer; from 200 trials on.
    pub(crate) p99_ms: Option<f64>,
    /// The longest.
    pub(crate) max_ms: f64,
    /// Packets sent while it was looked at.
    pub(crate) sent: u64,
    /// Those that did not arrive.
    pub(crate) lost: u64,
    /// Arrivals out of order.
    pub(crate) reordered: u64,
    /// Arrivals of a packet that had arrived before.
    pub(crate) duplicates: u64,
    /// Outages that had not ended when the trial gave up, after three seconds.
    pub(crate) unended: usize,
    /// The outage of each trial.
    pub(crate) outages_ms: Vec<f64>,
    /// The longest time of each trial that packets had been sent and nothing arrived.
    pub(crate) standstills_ms: Vec<f64>,
}

impl Row {
    /// A row without figures.
    pub(super) fn empty(system: &str, class: Class, event: Event) -> Self {
        Self {
            system: system.to_owned(),
            class: class.name().to_owned(),
            event,
            what: class.words()[usize::from(event == Event::Repair)].to_owned(),
            trials: 0,
            not_supported: None,
            ended_by: None,
            forced: 0,
            streams: Vec::new(),
            connections: 0,
            connections_lost: 0,
        }
    }

    /// A row that says why it has no figures.
    pub(super) fn unsupported(system: &str, class: Class, event: Event, why: &str) -> Self {
        Self { not_supported: Some(why.to_owned()), ..Self::empty(system, class, event) }
    }

    /// A row of trials.
    pub(super) fn measured(system: &str, class: Class, event: Event, trials: &[Suffered]) -> Self {
        let streams = Lane::ALL.into_iter().enumerate().map(|(number, lane)| {
            let samples: Vec<_> = trials.iter().map(|suffered| suffered[number]).collect();
            StreamFigures::new(lane, &samples)
        });
        Self { trials: trials.len(), streams: streams.collect(), ..Self::empty(system, class, event) }
    }
}

impl StreamFigures {
    fn new(lane: Lane, samples: &[Sample]) -> Self {
        let outages_ms: Vec<_> = samples.iter().map(|sample| ms(sample.outage)).collect();
        let figures: Figures = outages_ms.iter().copied().collect();
        let sum = |count: fn(&Sample) -> u64| samples.iter().map(count).sum();
        Self {
            lane,
            p50_ms: figures.percentile(50),
            p90_ms: figures.percentile(90),
            p99_ms: figures.p99(),
            max_ms: figures.max(),
            sent: sum(|sample| sample.sent),
            lost: sum(|sample| sample.lost),
            reordered: sum(|sample| sample.reordered),
            duplicates: sum(|sample| sample.duplicates),
            unended: samples.iter().filter(|sample| sample.open).count(),
            standstills_ms: samples.iter().map(|sample| ms(sample.standstill)).collect(),
            outages_ms,
        }
    }
}

/// Milliseconds, to the microsecond.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
