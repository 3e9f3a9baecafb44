//! `stat -t`.

use std::net::IpAddr;

use ipmp_ctl::control::protocol::{RttStatus, Status, TargetStatus, TargetsStatus};
use serde::Serialize;

use super::{View, milliseconds};
use crate::cli::{names::Names, table::Field};

/// Targets: a line for each test address that is probed from, and one for each member that has none.
pub(in crate::cli) struct Targets;

impl View for Targets {
    const KEY: &'static str = "targets";

    type Line<'a> = TargetsLine<'a>;

    fn fields<'a>() -> Vec<Field<TargetsLine<'a>>> {
        vec![
            Field::new("INTERFACE", 12, |line: &TargetsLine<'_>| line.interface.to_owned()),
            Field::new("MODE", 10, |line| line.mode.to_owned()),
            Field::new("TESTADDR", 20, |line| {
                line.test_address.map(|address| line.names.of(address)).unwrap_or_default()
            }),
            Field::new("TARGETS", 38, |line| {
                joined(line.targets.iter().map(|&target| line.names.of(target)))
            }),
            Field::extra("OTHERS", 38, |line| joined(line.others())),
            Field::extra("RTTAVG", 24, |line| line.each(|rtt| milliseconds(rtt.smoothed_us))),
            Field::extra("RTTDEV", 24, |line| line.each(|rtt| milliseconds(rtt.deviation_us))),
            Field::extra("RTTMIN", 24, |line| line.each(|rtt| milliseconds(rtt.min_us))),
            Field::extra("RTTMAX", 24, |line| line.each(|rtt| milliseconds(rtt.max_us))),
            Field::extra("LOST", 24, |line| {
                joined(line.active().map(|line| format!("{}/{}", line.lost, line.judged)))
            }),
            Field::extra("HISTOGRAM", 38, |line| line.each(|rtt| bars(&rtt.histogram))),
        ]
    }

    fn lines<'a>(status: &'a Status, names: &'a Names) -> Vec<TargetsLine<'a>> {
        let targets = status.groups.iter().flat_map(|group| &group.targets);
        targets.map(|targets| TargetsLine::new(targets, names)).collect()
    }

    fn addresses(status: &Status) -> Vec<IpAddr> {
        let all = || status.groups.iter().flat_map(|group| &group.targets);
        let targets = all().flat_map(|line| &line.targets).map(|target| target.address);
        all().filter_map(|line| line.test_address).chain(targets).collect()
    }
}

/// The targets of a test address.
#[derive(Serialize)]
pub(in crate::cli) struct TargetsLine<'a> {
    interface: &'a str,
    mode: &'a str,
    test_address: Option<IpAddr>,
    /// The active ones.
    targets: Vec<IpAddr>,
    /// All that are known.
    rtt: Vec<TargetLine<'a>>,
    #[serde(skip)]
    names: &'a Names,
}

/// A target.
#[derive(Serialize)]
struct TargetLine<'a> {
    target: IpAddr,
    state: &'a str,
    lost: usize,
    judged: usize,
    #[serde(flatten)]
    rtt: Option<&'a RttStatus>,
}

impl<'a> TargetsLine<'a> {
    fn new(targets: &'a TargetsStatus, names: &'a Names) -> Self {
        let active = targets.targets.iter().filter(|target| is_active(target));
        let line = |target: &'a TargetStatus| TargetLine {
            target: target.address,
            state: &target.state,
            lost: target.lost,
            judged: target.judged,
            rtt: target.rtt.as_ref(),
        };
        Self {
            interface: &targets.interface,
            mode: &targets.mode,
            test_address: targets.test_address,
            targets: active.map(|target| target.address).collect(),
            rtt: targets.targets.iter().map(line).collect(),
            names,
        }
    }

    /// Those that are not probed at present, with the reason.
    fn others(&self) -> impl Iterator<Item = String> {
        let others = self.rtt.iter().filter(|line| !self.targets.contains(&line.target));
        others.map(|line| format!("{}({})", self.names.of(line.target), line.state))
    }

    fn active(&self) -> impl Iterator<Item = &TargetLine<'a>> {
        self.rtt.iter().filter(|line| self.targets.contains(&line.target))
    }

    /// Something about the round trips of each active target, in their order.
    fn each(&self, show: impl Fn(&RttStatus) -> String) -> String {
        joined(self.active().map(|line| line.rtt.map_or_else(|| "--".to_owned(), &show)))
    }
}

fn is_active(target: &TargetStatus) -> bool {
    target.state == "active"
}

fn joined(values: impl IntoIterator<Item = impl ToString>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
}

/// The bins that are not empty: `64us=3,128us=12` for three round trips of 64 to 127 microseconds, twelve of 128 to 255.
fn bars(histogram: &[u32]) -> String {
    let filled = histogram.iter().zip(0_u32..).filter(|(count, _)| **count > 0);
    filled.map(|(count, bin)| format!("{}us={count}", 1_u64 << bin)).collect::<Vec<_>>().join(",")
}
