//! Series of groups and their data addresses.

use std::fmt;

use ipmp_common::Reason;

use super::{
    Snapshot,
    out::{Labels, Out, states, with},
};
use crate::metrics::figures::AnnouncementCount;

const GROUP_STATES: [&str; 3] = ["ok", "degraded", "failed"];

impl Snapshot {
    pub(super) fn encode_groups(&self, out: &mut Out<'_>) -> fmt::Result {
        let rows = self.groups().flat_map(|(group, status)| states(&of(group), GROUP_STATES, &status.state));
        out.gauges("ipmp_group_state", "State of the group: 1 for the one it is in", rows)?;
        let times =
            self.groups().filter_map(|(group, status)| Some((of(group), status.fdt_ms? as f64 / 1e3)));
        let help = "Time within which a silent member is found; absent while no member is probed";
        out.gauges("ipmp_group_failure_detection_seconds", help, times)?;
        let moving = self.groups().map(|(group, status)| (of(group), status.moves.pending as u64));
        out.gauges(
            "ipmp_group_moving_buckets",
            "Buckets that wait for a gap to move to another member",
            moving,
        )?;
        let forced = self.groups().map(|(group, status)| (of(group), status.moves.forced));
        let help = "Buckets that were moved though their flows were not idle in time";
        out.counters("ipmp_group_forced_moves", help, forced)?;
        let help = "Packets that the packet path dropped, by reason";
        out.counters("ipmp_group_dropped_packets", help, self.packets(true))?;
        let help = "Packets that the packet path sent in an unusual way, by reason";
        out.counters("ipmp_group_irregular_packets", help, self.packets(false))?;
        self.encode_history(out)?;
        self.encode_addresses(out)
    }

    /// Packets of the groups by reason: those that were dropped, or the others.
    fn packets(&self, dropped: bool) -> impl Iterator<Item = (Labels<'_>, u64)> {
        let is_drop = |name: &str| {
            let reason = Reason::ALL.iter().find(|reason| reason.as_str() == name);
            reason.is_some_and(|reason| reason.is_drop())
        };
        self.groups().flat_map(move |(group, status)| {
            let reasons = status.reasons.iter().filter(move |(reason, _)| is_drop(reason) == dropped);
            reasons.map(move |(reason, count)| (with(&of(group), "reason", reason), *count))
        })
    }

    fn encode_history(&self, out: &mut Out<'_>) -> fmt::Result {
        let events = self.group_figures().flat_map(|(group, figures)| {
            figures.events.iter().map(move |(event, count)| (with(&of(group), "event", event), *count))
        });
        let help =
            "What happened to the group as a whole and to its data addresses, by the word of the journal";
        out.counters("ipmp_group_events", help, events)?;
        let outages = self.group_figures().flat_map(|(group, figures)| {
            figures.outages.iter().map(move |(cause, outages)| (with(&of(group), "cause", cause), outages))
        });
        let help = "Failovers of members that carried traffic: time from the last sign of life to the last map write";
        out.histograms("ipmp_group_failover_outage_seconds", help, outages)?;
        let help = "Frames that tell the link where addresses are, have memberships reported, or show that a member lives";
        out.counters("ipmp_group_announcements", help, self.announcements(|count| count.sent))?;
        let help = "Such frames that the interface did not take";
        out.counters("ipmp_group_announcement_errors", help, self.announcements(|count| count.failed))
    }

    fn announcements(&self, value: fn(&AnnouncementCount) -> u64) -> impl Iterator<Item = (Labels<'_>, u64)> {
        self.group_figures().flat_map(move |(group, figures)| {
            figures.announcements.iter().map(move |count| {
                let family = count.family.iter().map(|family| ("family", family.as_str()));
                let labels = [("group", group), ("kind", count.kind.as_str())].into_iter().chain(family);
                (labels.collect(), value(count))
            })
        })
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

fn of(group: &str) -> Labels<'_> {
    vec![("group", group)]
}
