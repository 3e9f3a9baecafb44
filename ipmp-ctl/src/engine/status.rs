//! The group as people see it.

use std::time::Duration;

use ipmp_common::passage::ns;

use super::{
    Engine, group,
    probing::show,
    view::{AddressView, GroupView, MemberView, MovesView},
};

/// Draws the picture.
pub(super) fn view(engine: &Engine) -> GroupView {
    let members = engine.roster.members();
    let weights = super::weights::weights(&engine.config.members, members);
    let name = |index: usize| engine.config.members[index].name.clone();
    let active: Vec<_> = (0..members.len()).filter(|&index| members[index].is_active()).map(name).collect();
    let nominee = engine.assignment.nominee.slot;

    let member_view = |index: usize| {
        let member = &members[index];
        MemberView {
            name: name(index),
            slot: member.slot,
            present: member.link.is_some(),
            active: member.is_active(),
            inactive: member.inactive,
            standby: member.standby,
            nominated: member.is_active() && member.slot == Some(nominee),
            admin_down: member.link.is_some_and(|link| !link.admin_up),
            retired: member.is_retired(),
            duplicate_mac: member.is_offline() && !member.is_retired(),
            link_up: member.link.map(|_| member.link_up()),
            state: member.state.shown(),
            probe: show::probe(member),
            weight: weights[index],
        }
    };
    let address_view = |home: &super::homes::Home| {
        let bound =
            engine.bound_member(home.address).filter(|&member| home.up && members[member].is_active());
        let inbound = bound.map(name);
        let outbound = if inbound.is_some() { active.clone() } else { Vec::new() };
        AddressView { address: home.address, up: home.up, inbound, outbound }
    };
    GroupView {
        state: group::state(members),
        fdt: engine.probing.shown_fdt(),
        members: (0..members.len()).map(member_view).collect(),
        addresses: engine.homes.iter().map(address_view).collect(),
        moves: MovesView {
            pending: engine.assignment.buckets.iter().filter(|choice| choice.is_moving()).count(),
            gap: Duration::from_nanos(ns(engine.assignment.gap)),
            forced: engine.moves.forced(),
        },
        targets: engine.probing.shown_targets(&engine.config),
    }
}
