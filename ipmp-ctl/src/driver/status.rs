//! What the daemon shows of itself: the engine's view with the packet path's counters.

use ipmp_common::MemberCounters;

use super::group::{GroupRuntime, MemberRuntime};
use crate::{
    control::protocol::{
        AddressStatus, GroupStatus, MemberStatus, MovesStatus, ProbeCounts, RttStatus, TargetStatus,
        TargetsStatus,
    },
    engine::{
        event::MemberIndex,
        view::{
            GroupState, MemberView, ProbeShown, ShownState, TargetMode, TargetState, TargetView, TargetsView,
        },
    },
};

/// The status of a group.
pub(super) fn group(group: &GroupRuntime) -> GroupStatus {
    let view = group.engine.view();
    let counters = group.path.counters().unwrap_or_default();
    let reasons = group.path.reasons().unwrap_or_default();
    let installed = group.path.installed();
    let state = match view.state {
        // Whatever the members can do, nothing gets in or out.
        _ if !group.interface.works() => "failed",
        GroupState::Ok => "ok",
        GroupState::Degraded => "degraded",
        GroupState::Failed => "failed",
    };
    let members = view.members.iter().enumerate().map(|(index, member)| {
        let counters = member.slot.and_then(|slot| counters.get(&slot)).copied().unwrap_or_default();
        // A member whose program is not attached yet carries nothing, whatever the engine has planned.
        let carries = member.active && member.slot.is_some_and(|slot| installed.usable.contains(slot));
        let probes = probe_counts(group, index);
        let probe_hook = member.slot.and_then(|slot| probe_hook(group, slot)).map(str::to_owned);
        MemberStatus { active: carries, probes, probe_hook, ..member_status(member, counters) }
    });
    let addresses = view.addresses.iter().map(|address| AddressStatus {
        address: address.address,
        state: if address.up { "up" } else { "down" }.to_owned(),
        inbound: address.inbound.clone(),
        outbound: address.outbound.clone(),
    });
    GroupStatus {
        group: group.name().to_owned(),
        state: state.to_owned(),
        fdt_ms: view.fdt.map(|fdt| u64::try_from(fdt.as_micros().div_ceil(1000)).unwrap_or(u64::MAX)),
        attached_by: group.path.attached_by().map(str::to_owned),
        members: members.collect(),
        addresses: addresses.collect(),
        moves: MovesStatus {
            pending: view.moves.pending,
            gap_us: view.moves.gap.as_micros() as u64,
            forced: view.moves.forced,
        },
        targets: view.targets.iter().map(|targets| targets_status(group, targets)).collect(),
        reasons: reasons.into_iter().map(|(reason, count)| (reason.as_str().to_owned(), count)).collect(),
    }
}

fn member_status(member: &MemberView, counters: MemberCounters) -> MemberStatus {
    let link = match member.link_up {
        Some(true) => "up",
        Some(false) => "down",
        None => "unknown",
    };
    let state = match member.state {
        ShownState::Ok => "ok",
        ShownState::Failed => "failed",
        ShownState::Offline => "offline",
        ShownState::Unknown => "unknown",
    };
    let probe = match member.probe {
        ProbeShown::Ok => "ok",
        ProbeShown::Failed => "failed",
        ProbeShown::Unknown => "unknown",
        ProbeShown::Disabled => "disabled",
    };
    MemberStatus {
        interface: member.name.clone(),
        active: member.active,
        inactive: member.inactive,
        flags: flags(member),
        link: link.to_owned(),
        probe: probe.to_owned(),
        state: state.to_owned(),
        weight: member.weight,
        tx_packets: counters.tx_packets,
        tx_bytes: counters.tx_bytes,
        rx_packets: counters.rx_packets,
        rx_bytes: counters.rx_bytes,
        probe_hook: None,
        probes: ProbeCounts::default(),
    }
}

/// Where replies to the probes of the member in this slot are accounted for.
fn probe_hook(group: &GroupRuntime, slot: u16) -> Option<&'static str> {
    if group.path.at_driver().any(|at| at == slot) {
        return Some("xdp");
    }
    group.path.has_program(slot).then_some("tc")
}

fn probe_counts(group: &GroupRuntime, member: MemberIndex) -> ProbeCounts {
    let MemberRuntime { slot, tally, .. } = &group.members[member];
    let heard = slot.and_then(|slot| group.path.probes().counters(slot).ok()).unwrap_or_default();
    ProbeCounts {
        sent: tally.sent,
        unsent: tally.unsent,
        answered: tally.answered,
        lost: tally.lost,
        replies: heard.answered,
        forged: heard.forged,
        duplicate: heard.duplicate,
        out_of_window: heard.out_of_window,
        malformed: heard.malformed,
    }
}

fn targets_status(group: &GroupRuntime, view: &TargetsView) -> TargetsStatus {
    let mode = match view.mode {
        TargetMode::Routes => "routes",
        TargetMode::Multicast => "multicast",
        TargetMode::Disabled => "disabled",
    };
    let slot = group.member_named(&view.member).and_then(|member| group.members[member].slot);
    let histogram = |target: &TargetView| {
        let counts = group.path.probes().histogram(slot?, view.family, target.index?);
        Some(counts.to_vec())
    };
    let target = |target: &TargetView| TargetStatus {
        address: target.address,
        state: match target.state {
            TargetState::Active => "active",
            TargetState::Unused => "unused",
            TargetState::Slow => "slow",
            TargetState::Dead => "dead",
        }
        .to_owned(),
        lost: target.lost,
        judged: target.judged,
        rtt: target.rtt.map(|rtt| RttStatus {
            smoothed_us: rtt.smoothed_us,
            deviation_us: rtt.deviation_us,
            min_us: rtt.min_us,
            max_us: rtt.max_us,
            histogram: histogram(target).unwrap_or_default(),
        }),
    };
    TargetsStatus {
        interface: view.member.clone(),
        mode: mode.to_owned(),
        test_address: view.test_address,
        targets: view.targets.iter().map(target).collect(),
    }
}

/// The FLAGS column of ipmpstat.
fn flags(member: &MemberView) -> String {
    let flags = [
        (member.inactive, 'i'),
        (member.standby, 's'),
        (member.nominated, 'm'),
        (member.nominated, 'b'),
        (member.nominated, 'M'),
        (member.admin_down || member.retired, 'd'),
        (member.duplicate_mac, 'h'),
    ];
    flags.into_iter().map(|(set, flag)| if set { flag } else { '-' }).collect()
}
