//! `stat -p`.

use std::net::IpAddr;

use ipmp_ctl::control::protocol::ProbeLine;
use serde::Serialize;

use super::milliseconds;
use crate::cli::{names::Names, table::Field};

/// A probe that was answered or lost.
#[derive(Serialize)]
pub(in crate::cli) struct ProbeRow {
    time_s: f64,
    interface: String,
    probe: u16,
    netrtt_ms: Option<f64>,
    rtt_ms: Option<f64>,
    rttavg_ms: Option<f64>,
    rttdev_ms: Option<f64>,
    target: IpAddr,
    /// The target as it is shown in a table.
    #[serde(skip)]
    shown: String,
    #[serde(skip)]
    line: ProbeLine,
}

impl ProbeRow {
    /// The row of a probe, whose target is shown by its name if `names` knows it.
    pub(in crate::cli) fn new(line: ProbeLine, names: &Names) -> Self {
        let ms = |micros: Option<u64>| micros.map(|micros| micros as f64 / 1e3);
        Self {
            time_s: line.time_us as f64 / 1e6,
            interface: line.interface.clone(),
            probe: line.probe,
            // The kernel's time of arrival is what counts: there is no other round trip.
            netrtt_ms: ms(line.rtt_us),
            rtt_ms: ms(line.rtt_us),
            rttavg_ms: ms(line.smoothed_us),
            rttdev_ms: ms(line.deviation_us),
            target: line.target,
            shown: names.of(line.target),
            line,
        }
    }
}

/// The fields: ipmpstat's, of which the last does not fit into 80 columns and is shown only when named.
pub(in crate::cli) fn fields() -> Vec<Field<ProbeRow>> {
    vec![
        Field::new("TIME", 10, |row: &ProbeRow| format!("{:.2}s", row.time_s)),
        Field::new("INTERFACE", 12, |row| row.interface.clone()),
        Field::new("PROBE", 7, |row| row.probe.to_string()),
        Field::new("NETRTT", 10, |row| time(row.line.rtt_us)),
        Field::new("RTT", 10, |row| time(row.line.rtt_us)),
        Field::new("RTTAVG", 10, |row| time(row.line.smoothed_us)),
        Field::new("TARGET", 20, |row| row.shown.clone()),
        Field::extra("RTTDEV", 10, |row| time(row.line.deviation_us)),
    ]
}

fn time(micros: Option<u64>) -> String {
    micros.map(milliseconds).unwrap_or_default()
}
