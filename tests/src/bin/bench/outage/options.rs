//! The command line of `outage`.

use std::{
    env,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use ipmp_tests::machine::is_counted;

use super::{
    class::Class,
    results::{Event, Row},
    system::Kind,
};
use crate::veth::Veth;

#[cfg(test)]
mod tests;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Failures of each class, each with its repair; a 99th percentile is shown from 200 on [default: 50, and 10 in a
    /// virtual machine]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=5000))]
    trials: Option<u32>,
    /// Classes of failures, separated by commas [default: all]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,..", hide_default_value = true,
          default_values_t = Class::ALL.iter().copied())]
    class: Vec<Class>,
    /// Systems, separated by commas [default: all; bonding needs a kernel that has it]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAME,..", hide_default_value = true,
          default_values_t = Kind::all().iter().copied())]
    system: Vec<Kind>,
    /// Packets a second of each of the four streams; `auto`: as many as a bare path carries without loss [default:
    /// 10000, and auto in a virtual machine]
    #[arg(long)]
    rate: Option<Rate>,
    /// Kind of veth pairs
    #[arg(long, value_enum, default_value = "equal")]
    pub(super) veth: Veth,
    /// IPMP's failure detection time for failures that carriers do not show, such as 100ms
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = milliseconds)]
    pub(super) fdt: Duration,
    /// TCP connections for each family and direction [default: 4, and 1 in a virtual machine]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=100))]
    connections: Option<u32>,
    /// Make fewer trials than asked for where that is needed to end after so many minutes [default: no limit, and 50 in
    /// a virtual machine]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    minutes: Option<u32>,
    /// Print the results as JSON and nothing else on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Directory for outage.json and outage.svg [default: target/bench]
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,
    /// Measure nothing: draw the picture of an earlier run's outage.json again, of the chosen classes and systems; into
    /// outage.svg beside it, or in the directory of --out
    #[arg(long, value_name = "FILE")]
    pub(super) draw: Option<PathBuf>,
    /// Draw only the failures, or only the repairs
    #[arg(long, value_enum, requires = "draw")]
    event: Option<Event>,
}

/// How fast streams are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// As fast as a bare path allows.
    Auto,
    /// So many packets a second.
    Fixed(u32),
}

/// The variable with the directory for results.
const RESULTS: &str = "IPMP_RESULTS";

impl Options {
    /// Failures of each class.
    pub(super) fn trials(&self) -> u32 {
        self.trials.unwrap_or(if is_counted() { 10 } else { 50 })
    }

    /// Each class once, in their own order.
    pub(super) fn classes(&self) -> Vec<Class> {
        Class::ALL.iter().copied().filter(|class| self.class.contains(class)).collect()
    }

    /// Each system once, in their own order.
    pub(super) fn systems(&self) -> Vec<Kind> {
        Kind::all().iter().copied().filter(|kind| self.system.contains(kind)).collect()
    }

    /// Whether this row of an earlier run is chosen.
    pub(super) fn chooses(&self, row: &Row) -> bool {
        self.class.iter().any(|class| class.to_string() == row.class)
            && self.system.iter().any(|system| system.to_string() == row.system)
            && self.event.is_none_or(|event| event == row.event)
    }

    /// Where the picture of an earlier run goes.
    pub(super) fn picture(&self, file: &Path) -> PathBuf {
        self.out.as_ref().map_or_else(|| file.with_extension("svg"), |out| out.join("outage.svg"))
    }

    /// How fast the streams are.
    pub(super) fn rate(&self) -> Rate {
        self.rate.unwrap_or(if is_counted() { Rate::Auto } else { Rate::Fixed(10_000) })
    }

    /// TCP connections for each family and direction.
    pub(super) fn connections(&self) -> usize {
        self.connections.unwrap_or(if is_counted() { 1 } else { 4 }) as usize
    }

    /// The time that there is, if it is limited.
    pub(super) fn limit(&self) -> Option<Duration> {
        let minutes = self.minutes.or_else(|| is_counted().then_some(50));
        minutes.map(|minutes| Duration::from_mins(minutes.into()))
    }

    /// Where results go; an error if they could not be found there.
    pub(super) fn out(&self) -> Result<PathBuf, String> {
        let usual = env::var_os(RESULTS).map_or_else(|| PathBuf::from("target/bench"), PathBuf::from);
        match &self.out {
            Some(_) if is_counted() => Err(format!(
                "what a virtual machine writes elsewhere than in {} is lost: leave --out away",
                usual.display()
            )),
            Some(out) => Ok(out.clone()),
            None => Ok(usual),
        }
    }
}

impl std::str::FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(rate @ 10..=100_000) => Ok(Self::Fixed(rate)),
            _ if text == "auto" => Ok(Self::Auto),
            _ => Err("give 10 to 100000 packets a second, or `auto`".to_owned()),
        }
    }
}

/// A time such as `100ms` or `1s`, within the limits that a configuration file has.
fn milliseconds(text: &str) -> Result<Duration, String> {
    let time = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => number.parse().ok().map(Duration::from_millis),
        (None, Some(number)) => number.parse().ok().map(Duration::from_secs),
        (None, None) => None,
    };
    time.filter(|time| (Duration::from_millis(30)..=Duration::from_secs(10)).contains(time))
        .ok_or_else(|| "give a time from 30ms to 10s".to_owned())
}
