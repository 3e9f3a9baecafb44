//! Series of the daemon itself.

use std::fmt;

use super::{
    Snapshot,
    out::{Labels, Out},
};

impl Snapshot {
    pub(super) fn encode_daemon(&self, out: &mut Out<'_>) -> fmt::Result {
        let daemon = &self.figures.daemon;
        let one = |value| std::iter::once((Labels::new(), value));
        let version = std::iter::once((vec![("version", daemon.version.as_str())], 1_u64));
        out.gauges("ipmp_build_info", "Version of the daemon, always 1", version)?;
        let help = "When the daemon was started, since 1970";
        out.gauges("process_start_time_seconds", help, one(daemon.started_us as f64 / 1e6))?;
        let help = "How late the loop of the daemon was at what it wanted to do at a certain time";
        let lateness = std::iter::once((Labels::new(), &daemon.lateness));
        out.histograms("ipmp_daemon_lateness_seconds", help, lateness)?;
        let runs = daemon.hook_program.iter().flat_map(|counts| {
            [
                ("done", counts.done),
                ("failed", counts.failed),
                ("killed", counts.killed),
                ("unstarted", counts.unstarted),
            ]
            .map(|(result, count)| (vec![("result", result)], count))
        });
        out.counters("ipmp_on_event_runs", "Runs of the program for events, by their end", runs)?;
        let left_out = daemon.hook_program.iter().map(|counts| (Labels::new(), counts.left_out));
        let help = "Events that the program was not told of, because too many waited";
        out.counters("ipmp_on_event_left_out", help, left_out)
    }
}
