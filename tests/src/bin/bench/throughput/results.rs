//! Runs, and what follows from them.

use std::fmt;

use ipmp_tests::{Figures, machine};
use serde_json::{Value, json};

/// What carries the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum System {
    Bare,
    Group,
    Member,
}

/// Direction, as the host sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Sending,
    Receiving,
}

/// One measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) streams: u16,
    pub(super) way: Way,
    pub(super) system: System,
    pub(super) round: u16,
    pub(super) gbits: f64,
}

/// All measurements.
#[derive(Debug)]
pub(super) struct Results {
    what: String,
    machine: String,
    runs: Vec<Run>,
}

impl System {
    /// Every system; the one that the others are compared with comes first.
    pub(super) const ALL: [Self; 3] = [Self::Bare, Self::Group, Self::Member];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare veth",
            Self::Group => "ipmp, receive = group",
            Self::Member => "ipmp, receive = member",
        }
    }
}

impl Way {
    pub(super) const ALL: [Self; 2] = [Self::Sending, Self::Receiving];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Receiving => "receiving",
        }
    }

    /// The share of the bare veth that the project wants one stream to have at least.
    const fn wanted(self) -> f64 {
        match self {
            Self::Sending => 0.95,
            Self::Receiving => 0.88,
        }
    }
}

impl Results {
    pub(super) fn new(what: String, runs: Vec<Run>) -> Self {
        Self { what, machine: machine::describe(), runs }
    }

    /// Numbers of streams and ways, in the order of the first round.
    fn cases(&self) -> Vec<(u16, Way)> {
        let mut cases = Vec::new();
        for run in &self.runs {
            if !cases.contains(&(run.streams, run.way)) {
                cases.push((run.streams, run.way));
            }
        }
        cases
    }

    /// Gbit/s of a system, by round.
    fn gbits(&self, case: (u16, Way), system: System) -> Vec<f64> {
        let fits = |run: &&Run| (run.streams, run.way) == case && run.system == system;
        let mut runs: Vec<_> = self.runs.iter().filter(fits).collect();
        runs.sort_by_key(|run| run.round);
        runs.into_iter().map(|run| run.gbits).collect()
    }

    /// A system's share of the bare veth in the same round, by round.
    fn ratios(&self, case: (u16, Way), system: System) -> Vec<f64> {
        let bare = self.gbits(case, System::Bare);
        self.gbits(case, system).iter().zip(bare).map(|(gbits, bare)| gbits / bare).collect()
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let rows = self.cases().into_iter().flat_map(|case| System::ALL.map(|system| (case, system)));
        let rows: Vec<_> = rows
            .map(|(case, system)| {
                let (gbits, ratios) = (self.gbits(case, system), self.ratios(case, system));
                json!({
                    "streams": case.0,
                    "way": case.1.name(),
                    "system": system.name(),
                    "gbit_per_s": { "median": median(&gbits), "rounds": gbits },
                    "ratio_to_bare": { "median": median(&ratios), "rounds": ratios },
                })
            })
            .collect();
        json!({ "bench": "throughput", "what": self.what, "machine": self.machine, "results": rows })
    }
}

fn median(values: &[f64]) -> f64 {
    values.iter().copied().collect::<Figures>().median()
}

/// A table of medians. Ratios are of runs of the same round.
impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n{:>7} {:<9}  {:<23} {:>7}  {:>6}   (all rounds)",
            "streams", "", "", "Gbit/s", "ratio"
        )?;
        for case @ (streams, way) in self.cases() {
            for system in System::ALL {
                let gbits = median(&self.gbits(case, system));
                write!(f, "{streams:>7} {:<9}  {:<23} {gbits:7.2}", way.name(), system.name())?;
                if system != System::Bare {
                    let ratios: Figures = self.ratios(case, system).into_iter().collect();
                    let (least, most) = (ratios.percentile(0), ratios.max());
                    write!(f, "  {:6.3}   ({least:.2} to {most:.2})", ratios.median())?;
                }
                writeln!(f)?;
            }
        }
        write!(f, "\nMedians; ratio to the bare veth of the same round. Wanted of one stream:")?;
        let wanted = Way::ALL.map(|way| format!(" {} {:.2}", way.name(), way.wanted()));
        write!(f, "{}", wanted.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::{Results, Run, System, Way};

    /// Two rounds; in the second everything is half as fast.
    fn results() -> Results {
        let run = |round, system, gbits| Run { streams: 4, way: Way::Sending, system, round, gbits };
        let runs = vec![
            run(1, System::Bare, 10.0),
            run(1, System::Group, 9.0),
            run(1, System::Member, 8.0),
            run(2, System::Member, 4.0),
            run(2, System::Group, 4.5),
            run(2, System::Bare, 5.0),
        ];
        Results::new("a test".to_owned(), runs)
    }

    #[test]
    fn ratios_are_of_runs_of_the_same_round() {
        assert_eq!(results().ratios((4, Way::Sending), System::Group), [0.9, 0.9]);
        assert_eq!(results().ratios((4, Way::Sending), System::Member), [0.8, 0.8]);
    }

    #[test]
    fn programs_and_people_are_told_the_same() {
        let (json, text) = (results().json(), results().to_string());
        let row = &json["results"][1];
        assert_eq!(row["system"], "ipmp, receive = group");
        assert_eq!((&row["streams"], &row["way"]), (&4.into(), &"sending".into()));
        assert_eq!(row["gbit_per_s"]["median"], 6.75);
        assert_eq!(row["ratio_to_bare"]["median"], 0.9);
        assert!(text.contains("6.75   0.900   (0.90 to 0.90)"), "{text}");
    }
}
