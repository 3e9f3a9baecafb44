//! Interfaces without a group, where they are to be watched (`track-interfaces-only-with-groups = false`).

use std::{collections::BTreeMap, time::Instant};

use super::Driver;
use crate::{
    control::protocol::{GroupStatus, MemberStatus, MovesStatus, ProbeCounts, TargetsStatus},
    engine::anonymous::{Anonymous, Present, Remark, Shown},
    kernel::{group_link::peer_name, netlink::LinkInfo},
};

impl Driver {
    /// Interfaces without a group are watched from now on, or no longer.
    pub(super) fn watch_strangers(&mut self, watch: bool) {
        if !watch {
            self.strangers = None;
            return;
        }
        self.strangers.get_or_insert_default();
        self.look_at_strangers();
    }

    /// Links may have come, changed or gone, or have become members.
    pub(super) fn look_at_strangers(&mut self) {
        let Self { strangers: Some(strangers), snapshot, groups, config, .. } = self else { return };
        let is_member = |name: &str| groups.iter().flatten().any(|group| group.member_named(name).is_some());
        let is_made = |name: &str| {
            config.groups.iter().any(|group| name == group.name || name == peer_name(&group.name))
        };
        let eligible = |link: &&LinkInfo| {
            link.ethernet && link.admin_up && !is_member(&link.name) && !is_made(&link.name)
        };
        let present: BTreeMap<_, _> = snapshot
            .links
            .values()
            .filter(eligible)
            .map(|link| (link.ifindex, Present { name: link.name.clone(), carrier: link.carrier }))
            .collect();
        strangers.look(&present, Instant::now()).iter().for_each(log);
    }

    /// Does what time makes due.
    pub(super) fn serve_strangers(&mut self, now: Instant) {
        if let Some(strangers) = &mut self.strangers {
            strangers.serve(now).iter().for_each(log);
        }
    }

    /// Whether the interface is watched although it belongs to no group.
    pub(super) fn is_watched(&self, interface: &str) -> bool {
        self.strangers.iter().flat_map(Anonymous::shown).any(|shown| shown.name == interface)
    }
}

fn log((interface, remark): &(String, Remark)) {
    match remark {
        Remark::Watched => {
            tracing::info!(member = interface, "{interface} belongs to no group: its link is watched");
        }
        Remark::Unwatched => tracing::info!(member = interface, "{interface} is not watched any more"),
        Remark::LinkDown => {
            tracing::warn!(member = interface, "The link has gone down on {interface}");
            tracing::error!(
                member = interface,
                cause = "link",
                "IP interface failure detected on {interface}"
            );
        }
        Remark::LinkUp => tracing::info!(member = interface, "The link has come up on {interface}"),
        Remark::Repaired => {
            tracing::info!(member = interface, cause = "link", "IP interface repair detected on {interface}");
        }
        Remark::Flapping { retry_in } => tracing::warn!(
            member = interface,
            "The link of {interface} comes up too often; disabling repair until it stabilizes, for {} s at least",
            retry_in.as_secs()
        ),
    }
}

/// The status of the group: always ok, and without a name.
pub(super) fn status(strangers: &Anonymous) -> GroupStatus {
    GroupStatus {
        group: String::new(),
        state: "ok".to_owned(),
        fdt_ms: None,
        attached_by: None,
        members: strangers.shown().map(member_status).collect(),
        addresses: Vec::new(),
        targets: strangers.shown().map(targets_status).collect(),
        reasons: BTreeMap::new(),
        moves: MovesStatus::default(),
    }
}

fn member_status(Shown { name, link_up, failed }: Shown<'_>) -> MemberStatus {
    MemberStatus {
        interface: name.to_owned(),
        active: !failed,
        inactive: false,
        flags: "-".repeat(7),
        link: if link_up { "up" } else { "down" }.to_owned(),
        probe: "disabled".to_owned(),
        state: if failed { "failed" } else { "ok" }.to_owned(),
        weight: 0,
        tx_packets: 0,
        tx_bytes: 0,
        rx_packets: 0,
        rx_bytes: 0,
        probe_hook: None,
        probes: ProbeCounts::default(),
    }
}

fn targets_status(Shown { name, .. }: Shown<'_>) -> TargetsStatus {
    TargetsStatus {
        interface: name.to_owned(),
        mode: "disabled".to_owned(),
        test_address: None,
        targets: Vec::new(),
    }
}
