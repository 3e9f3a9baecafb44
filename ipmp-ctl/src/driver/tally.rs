//! What happened, counted: for metrics. Pure.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use crate::metrics::{
    figures::{AnnouncementCount, EventCount},
    histogram::Histogram,
};

/// What can happen to a member, by the journal's words, with its cause where there are several. All are shown from the start,
/// so that the first one counts.
const MEMBER_EVENTS: [(&str, Option<&str>); 13] = [
    ("failed", Some("link")),
    ("failed", Some("probes")),
    ("repaired", Some("link")),
    ("repaired", Some("probes")),
    ("absent", None),
    ("appeared", None),
    ("offline", None),
    ("online", None),
    ("duplicate-mac", None),
    ("unique-mac", None),
    ("flapping", None),
    ("activated", None),
    ("deactivated", None),
];

/// What can happen to a group.
const GROUP_EVENTS: [&str; 4] = ["group-failed", "group-repaired", "group-silent", "moved"];

/// Why a member that carried traffic stops doing so.
const OUTAGES: [&str; 3] = ["link", "probes", "absent"];

/// Something that is told to the link, or by the kernel to the link on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Announced {
    /// Where an IPv4 address is: a gratuitous ARP.
    AddressV4,
    /// Where an IPv6 address is: an unsolicited neighbour advertisement.
    AddressV6,
    /// A question that makes the kernel report its IPv4 memberships.
    MembershipsV4,
    /// A question that makes the kernel report its IPv6 memberships.
    MembershipsV6,
    /// A sign of life for switches.
    KeepAlive,
}

impl Announced {
    const ALL: [Self; 5] =
        [Self::AddressV4, Self::AddressV6, Self::MembershipsV4, Self::MembershipsV6, Self::KeepAlive];

    /// The announcement of this address.
    pub(super) const fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::AddressV4,
            IpAddr::V6(_) => Self::AddressV6,
        }
    }

    const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::AddressV4 => ("address", Some("ipv4")),
            Self::AddressV6 => ("address", Some("ipv6")),
            Self::MembershipsV4 => ("membership-query", Some("ipv4")),
            Self::MembershipsV6 => ("membership-query", Some("ipv6")),
            Self::KeepAlive => ("keep-alive", None),
        }
    }
}

/// The counts of a group. They outlive its engine, and a change of its configuration.
#[derive(Debug, Default)]
pub struct GroupTally {
    /// By member, event and cause.
    members: BTreeMap<(String, &'static str, Option<&'static str>), u64>,
    events: BTreeMap<&'static str, u64>,
    outages: BTreeMap<&'static str, Histogram>,
    /// Sent, and not sent.
    announced: BTreeMap<Announced, (u64, u64)>,
}

impl GroupTally {
    /// Something has happened, to this member if it is one's matter.
    pub(super) fn note(
        &mut self,
        event: &'static str,
        member: Option<&str>,
        cause: Option<&'static str>,
        outage: Option<Duration>,
    ) {
        if GROUP_EVENTS.contains(&event) {
            *self.events.entry(event).or_default() += 1;
        }
        if let Some(member) = member.filter(|_| MEMBER_EVENTS.contains(&(event, cause))) {
            *self.members.entry((member.to_owned(), event, cause)).or_default() += 1;
        }
        if let Some(outage) = outage {
            let cause = cause.unwrap_or(event);
            self.outages.entry(cause).or_insert_with(Histogram::of_outages).note(outage);
        }
    }

    /// Something was told to the link, or could not be.
    pub(super) fn announced(&mut self, what: Announced, is_sent: bool) {
        let (sent, failed) = self.announced.entry(what).or_default();
        *if is_sent { sent } else { failed } += 1;
    }

    /// What happened to a member.
    pub(super) fn of_member(&self, member: &str) -> Vec<EventCount> {
        let count = |(event, cause): (&'static str, Option<&'static str>)| EventCount {
            event: event.to_owned(),
            cause: cause.map(str::to_owned),
            count: self.members.get(&(member.to_owned(), event, cause)).copied().unwrap_or_default(),
        };
        MEMBER_EVENTS.into_iter().map(count).collect()
    }

    /// What happened to the group.
    pub(super) fn events(&self) -> BTreeMap<String, u64> {
        let count = |event| (str::to_owned(event), self.events.get(event).copied().unwrap_or_default());
        GROUP_EVENTS.into_iter().map(count).collect()
    }

    /// How long packets were lost, by cause.
    pub(super) fn outages(&self) -> BTreeMap<String, Histogram> {
        let of = |cause| self.outages.get(cause).cloned().unwrap_or_else(Histogram::of_outages);
        OUTAGES.into_iter().map(|cause| (cause.to_owned(), of(cause))).collect()
    }

    /// What was told to the link.
    pub(super) fn announcements(&self) -> Vec<AnnouncementCount> {
        let count = |what: Announced| {
            let (kind, family) = what.words();
            let (sent, failed) = self.announced.get(&what).copied().unwrap_or_default();
            AnnouncementCount { kind: kind.to_owned(), family: family.map(str::to_owned), sent, failed }
        };
        Announced::ALL.into_iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests;
