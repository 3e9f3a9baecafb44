//! What other threads find out for the loop: whatever has to wait for the lock of the network stack.

use std::{collections::BTreeSet, time::Instant};

use ipmp_common::member::Mac;

use super::{DEMOTE_DELAY, Driver, group::GroupRuntime, joining::Joined};
use crate::{
    dataplane::hook::Place,
    engine::event::{Event, MemberIndex},
    kernel::{
        group_link::{GroupLink, GroupLinkError},
        netlink::RouteInfo,
    },
};

/// A finding, of the group of this name.
pub(super) enum Found {
    /// The speed of a member's link.
    Speed { group: String, member: MemberIndex, ifindex: u32, speed_mbps: Option<u32> },
    /// The kernel has made a link ready that got its carrier by its `edge`th change.
    Ready { group: String, member: MemberIndex, edge: u64 },
    /// Somebody has taken a program from its place.
    Lost { group: String, place: Place, number: u64 },
    /// The interface of this name has what a member needs.
    Joined { group: String, member: String, joined: Joined },
    /// A member's filter was given these multicast addresses, and refused those.
    Filtered {
        group: String,
        member: MemberIndex,
        ifindex: u32,
        given: BTreeSet<Mac>,
        refused: BTreeSet<Mac>,
    },
    /// The group interface has been made anew.
    Interface { group: String, link: Result<GroupLink, GroupLinkError> },
    /// The routes by a group interface.
    Routes { group: String, routes: Vec<RouteInfo> },
}

impl Found {
    fn group(&self) -> &str {
        match self {
            Self::Speed { group, .. }
            | Self::Ready { group, .. }
            | Self::Lost { group, .. }
            | Self::Joined { group, .. }
            | Self::Filtered { group, .. }
            | Self::Interface { group, .. }
            | Self::Routes { group, .. } => group,
        }
    }
}

impl Driver {
    /// Takes a finding in; its group may be gone by now.
    pub(super) async fn on_found(&mut self, found: Found) {
        if let Found::Joined { group, member, joined } = found {
            return self.on_joined(&group, &member, joined).await;
        }
        let Self { groups, snapshot, hooks, .. } = self;
        let Some(group) = groups.iter_mut().flatten().find(|group| group.name() == found.group()) else {
            return;
        };
        match found {
            Found::Speed { member, ifindex, speed_mbps, .. } => {
                set_speed(group, member, ifindex, speed_mbps);
            }
            Found::Ready { member, edge, .. } => {
                let state = &mut group.members[member];
                // Lost again meanwhile, or it is another link by now.
                if state.edges != edge {
                    return;
                }
                if let Some(link) = &mut state.link {
                    link.carrier = true;
                    self.demote_at = Some(Instant::now() + DEMOTE_DELAY);
                    group.engine.handle(Event::Carrier { member, up: true }, Instant::now());
                }
            }
            Found::Lost { place, number, .. } => {
                group.path.note_lost(place, number);
                group.sync_hooks(hooks);
            }
            Found::Routes { routes, .. } => group.tell_routes(&routes, snapshot),
            Found::Filtered { member, ifindex, given, refused, .. } => {
                let state = &mut group.members[member];
                if state.link.as_ref().is_some_and(|link| link.ifindex == ifindex) {
                    state.filter.changed(given, &refused);
                }
            }
            Found::Interface { link, .. } => {
                if group.take_interface(link, snapshot, hooks) {
                    group.make_interface(&self.handle, &self.found.0);
                }
                self.routes_changed();
            }
            Found::Joined { .. } => {}
        }
    }
}

fn set_speed(group: &mut GroupRuntime, member: MemberIndex, ifindex: u32, speed_mbps: Option<u32>) {
    let state = &mut group.members[member];
    if state.speed_mbps == speed_mbps || state.link.as_ref().is_none_or(|link| link.ifindex != ifindex) {
        return;
    }
    state.speed_mbps = speed_mbps;
    if let Some(link) = group.engine_link(member) {
        group.engine.handle(Event::Link { member, link }, Instant::now());
    }
}
