//! SIGUSR1: what the daemon knows goes to the log.

use super::{Driver, group::GroupRuntime, status};
use crate::control::protocol::{GroupStatus, MemberStatus, TargetsStatus};

impl Driver {
    /// Logs members, targets and what became of the probes, of all groups.
    pub(super) fn dump(&self) {
        for group in self.groups.iter().flatten() {
            dump(group, &status::group(group));
        }
    }
}

fn dump(group: &GroupRuntime, status: &GroupStatus) {
    let name = group.name();
    let fdt = status.fdt_ms.map_or_else(|| "none".to_owned(), |ms| format!("{ms} ms"));
    tracing::info!(group = name, "state {}, failure detection time {fdt}", status.state);
    for MemberStatus { interface, flags, link, probe, state, probes, .. } in &status.members {
        tracing::info!(
            group = name,
            member = interface,
            "{interface}: state {state}, link {link}, probe {probe}, flags {flags}; probes: {} sent, {} not sent, {} answered, \
             {} lost; replies: {} counted, {} forged, {} duplicate, {} out of window, {} malformed",
            probes.sent,
            probes.unsent,
            probes.answered,
            probes.lost,
            probes.replies,
            probes.forged,
            probes.duplicate,
            probes.out_of_window,
            probes.malformed
        );
    }
    for TargetsStatus { interface, mode, test_address, targets } in &status.targets {
        let from = test_address.map_or_else(|| "no test address".to_owned(), |address| address.to_string());
        tracing::info!(
            group = name,
            member = interface,
            "{interface}: {from}, mode {mode}, {} targets",
            targets.len()
        );
        for target in targets {
            let times = target.rtt.as_ref().map_or_else(
                || "no round trip yet".to_owned(),
                |rtt| {
                    format!(
                        "round trip {} us, deviation {} us, from {} to {} us",
                        rtt.smoothed_us, rtt.deviation_us, rtt.min_us, rtt.max_us
                    )
                },
            );
            tracing::info!(
                group = name,
                member = interface,
                "{interface}: target {} is {}: {times}",
                target.address,
                target.state
            );
        }
    }
}
