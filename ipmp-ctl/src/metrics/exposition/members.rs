//! Series of members.

use std::fmt;

use super::{
    Snapshot,
    out::{Labels, Out, states, with},
};
use crate::control::protocol::MemberStatus;

const MEMBER_STATES: [&str; 4] = ["ok", "failed", "offline", "unknown"];

/// A value of a member.
type Value<T> = (&'static str, &'static str, fn(&MemberStatus) -> T);

const GAUGES: [Value<Option<u64>>; 3] = [
    ("ipmp_member_active", "Whether the member carries traffic", |member| Some(u64::from(member.active))),
    ("ipmp_member_link_up", "Whether the member has link; absent if that is not known", |member| {
        (member.link != "unknown").then(|| u64::from(member.link == "up"))
    }),
    (
        "ipmp_member_weight",
        "Share of the traffic that the member should carry, relative to the others'",
        |member| Some(member.weight.into()),
    ),
];

const COUNTERS: [Value<u64>; 4] = [
    ("ipmp_member_transmit_packets", "Packets that the group sent by the member", |member| member.tx_packets),
    ("ipmp_member_transmit_bytes", "Bytes that the group sent by the member", |member| member.tx_bytes),
    ("ipmp_member_receive_packets", "Packets received by the member for the group", |member| {
        member.rx_packets
    }),
    ("ipmp_member_receive_bytes", "Bytes received by the member for the group", |member| member.rx_bytes),
];

impl Snapshot {
    pub(super) fn encode_members(&self, out: &mut Out<'_>) -> fmt::Result {
        let rows = self.members().flat_map(|(labels, member)| states(&labels, MEMBER_STATES, &member.state));
        out.gauges("ipmp_member_state", "State of the member: 1 for the one it is in", rows)?;
        for (name, help, value) in GAUGES {
            let rows = self.members().filter_map(|(labels, member)| Some((labels, value(member)?)));
            out.gauges(name, help, rows)?;
        }
        for (name, help, value) in COUNTERS {
            out.counters(name, help, self.members().map(|(labels, member)| (labels, value(member))))?;
        }
        self.encode_shares(out)?;
        let events = self.member_figures().flat_map(|(labels, member)| {
            member.events.iter().map(move |event| {
                let labels = with(&labels, "event", &event.event);
                let cause = event.cause.iter().map(|cause| ("cause", cause.as_str()));
                (labels.into_iter().chain(cause).collect(), event.count)
            })
        });
        out.counters("ipmp_member_events", "What happened to the member, by the word of the journal", events)
    }

    fn encode_shares(&self, out: &mut Out<'_>) -> fmt::Result {
        let buckets = self.member_figures().map(|(labels, member)| (labels, u64::from(member.buckets)));
        let help = "Buckets of the group's flow table whose flows leave by the member";
        out.gauges("ipmp_member_buckets", help, buckets)?;
        let wanted = self.member_figures().map(|(labels, member)| (labels, u64::from(member.wanted_buckets)));
        let help = "Buckets that are to leave by the member; others than these are moving";
        out.gauges("ipmp_member_wanted_buckets", help, wanted)?;
        let help = "Share of the traffic that the member should carry now, by weight among those that do";
        out.gauges("ipmp_member_wanted_share_ratio", help, self.wanted_shares())
    }

    fn wanted_shares(&self) -> impl Iterator<Item = (Labels<'_>, f64)> {
        self.groups().filter(|(group, _)| !group.is_empty()).flat_map(|(group, status)| {
            let weight = |member: &MemberStatus| if member.active { f64::from(member.weight) } else { 0.0 };
            let sum: f64 = status.members.iter().map(weight).sum();
            status.members.iter().map(move |member| {
                let share = if sum > 0.0 { weight(member) / sum } else { 0.0 };
                (vec![("group", group), ("interface", member.interface.as_str())], share)
            })
        })
    }
}
