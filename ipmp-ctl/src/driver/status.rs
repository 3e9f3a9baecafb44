//! What the daemon shows of itself: the engine's view with the packet path's counters.

use std::net::IpAddr;

use ipmp_common::{Choice, MemberCounters, SlotSet};

use super::group::{GroupRuntime, MemberRuntime};
use crate::{
    control::protocol::{
        AddressStatus, FlowReply, FlowRequest, GroupStatus, MemberStatus, MovesStatus, ProbeCounts,
        RttStatus, TargetStatus, TargetsStatus,
    },
    dataplane::flow::{Flow, Way},
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
        MemberStatus { active: carries, probes, ..member_status(member, counters) }
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
        probes: ProbeCounts::default(),
    }
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

/// Which member carries a flow that leaves the group, and why: the packet path's rules on the packet path's maps.
pub(super) fn flow(group: &GroupRuntime, flow: &FlowRequest) -> Result<FlowReply, String> {
    if flow.source.is_ipv4() != flow.destination.is_ipv4() {
        return Err(format!("{} and {} are of different families", flow.source, flow.destination));
    }
    let is_broadcast = matches!(flow.destination, IpAddr::V4(to) if is_broadcast(group, to));
    let installed = group.path.installed();
    let way = Flow {
        source: flow.source,
        destination: flow.destination,
        to_group: is_broadcast || flow.destination.is_multicast(),
        protocol: flow.protocol,
        source_port: flow.source_port,
        destination_port: flow.destination_port,
    }
    .way(group.path.hash_seed(), installed, |bucket| group.path.has_passed(bucket));
    let named = |slot: u16| {
        let ifindex = installed.slots.get(&slot)?.ifindex;
        Some(group.config().members[group.member_with(ifindex)?].name.clone())
    };
    let member = way.slot().and_then(named);
    Ok(match way {
        Way::TestAddress { .. } => {
            let why = format!("{} is a test address: it leaves by its own member only", flow.source);
            FlowReply { member, bucket: None, why }
        }
        Way::Nominated { .. } => {
            let why = "broadcast and multicast leave by the nominated member".to_owned();
            FlowReply { member, bucket: None, why }
        }
        Way::Bucket { number, choice, slot } => {
            let why = match (named(choice.backup), named(choice.slot)) {
                (Some(from), Some(to)) if choice.is_moving() => {
                    format!("its bucket is moving from {from} to {to}, when it is idle for a moment")
                }
                _ => why(choice, slot, installed.usable),
            };
            FlowReply { member, bucket: Some(number), why }
        }
    })
}

fn is_broadcast(group: &GroupRuntime, to: std::net::Ipv4Addr) -> bool {
    let of_subnet = group.config().addresses.iter().any(|data| match data.net {
        ipnet::IpNet::V4(net) => net.prefix_len() < 31 && net.broadcast() == to,
        ipnet::IpNet::V6(_) => false,
    });
    of_subnet || to.is_broadcast()
}

fn why(choice: Choice, slot: Option<u16>, usable: SlotSet) -> String {
    match slot {
        None => "no member of the group is usable".to_owned(),
        Some(slot) if slot == choice.slot => "its bucket names this member".to_owned(),
        Some(slot) if slot == choice.backup => {
            "the member that its bucket names is unusable; this is the backup".to_owned()
        }
        Some(_) => format!(
            "the member that its bucket names is unusable, and so is the backup; one of the {} usable members",
            usable.len()
        ),
    }
}
