//! The table, and the same as JSON.

use ipmp_tests::{Figures, machine};
use serde_json::{Value, json};

use super::{Direction, Family, Options, System};

/// What one system came to: instructions for a packet of each run, or why there are none.
pub(super) struct Row {
    pub(super) system: System,
    pub(super) outcome: Result<Figures, String>,
}

/// Rows of one direction and family.
pub(super) struct Part {
    direction: Direction,
    family: Family,
    rows: Vec<Row>,
}

impl Part {
    pub(super) fn new(direction: Direction, family: Family, rows: Vec<Row>) -> Self {
        Self { direction, family, rows }
    }

    /// What a system costs more than the bare device.
    fn over_bare(&self, figures: &Figures) -> Option<f64> {
        Some(figures.median() - self.median(System::Bare)?)
    }

    /// The same as a share of what bonding by layer 3+4 costs more.
    fn to_bonding(&self, figures: &Figures) -> Option<f64> {
        let bonding = self.median(System::Layer34)? - self.median(System::Bare)?;
        Some(self.over_bare(figures)? / bonding)
    }

    fn median(&self, system: System) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.system == system)?;
        row.outcome.as_ref().ok().map(Figures::median)
    }

    /// Prints the table.
    pub(super) fn print(&self) {
        println!(
            "{:<30} {:>12} {:>10} {:>14} {:>7}",
            format!("{} {}", self.direction.title(), self.family.title()),
            "instructions",
            "over bare",
            "of layer3+4's",
            "spread"
        );
        for Row { system, outcome } in &self.rows {
            let name = system.title();
            match outcome {
                Ok(figures) => {
                    let over = self.over_bare(figures).unwrap_or_default();
                    let ratio = self.to_bonding(figures).unwrap_or_default();
                    let (all, spread) = (figures.median(), spread(figures) * 100.0);
                    println!("{name:<30} {all:>12.0} {over:>+10.0} {ratio:>14.2} {spread:>6.2}%");
                }
                Err(why) => println!("{name:<30} not available: {why}"),
            }
        }
        println!();
    }

    fn json(&self) -> Vec<Value> {
        let row = |Row { system, outcome }: &Row| {
            let (direction, family) = (self.direction.title(), self.family.title());
            let system = system.title();
            match outcome {
                Ok(figures) => json!({
                    "direction": direction,
                    "family": family,
                    "system": system,
                    "instructions": figures.median(),
                    "over_bare": self.over_bare(figures),
                    "of_layer3+4": self.to_bonding(figures),
                    "spread": spread(figures),
                }),
                Err(why) => json!({
                    "direction": direction, "family": family, "system": system, "not_available": why,
                }),
            }
        };
        self.rows.iter().map(row).collect()
    }
}

/// Largest minus smallest run, as a share of the median.
fn spread(figures: &Figures) -> f64 {
    (figures.max() - figures.min()) / figures.median()
}

/// Everything as one object.
pub(super) fn json(parts: &[Part], options: &Options) -> Value {
    json!({
        "bench": "cost",
        "machine": machine::describe(),
        "unit": "instructions per packet",
        "packets": options.packets,
        "runs": options.runs,
        "rows": parts.iter().flat_map(Part::json).collect::<Vec<_>>(),
    })
}
