//! What happens to links: members that come, change and go, and the group interface.

use std::time::Instant;

use super::{
    Driver, MemberKey, RESYNC_INTERVAL,
    found::Found,
    joining::see_carrier,
    prepare::{self, Place, PrepareError, Service},
};
use crate::{
    dataplane::saved::SavedMap,
    engine::event::{Event, MemberIndex},
    kernel::{
        ethtool,
        group_link::peer_name,
        netlink::{Change, LinkInfo},
    },
};

impl Driver {
    /// The kernel has told of a change.
    pub(super) async fn on_change(&mut self, change: Change) {
        if !self.snapshot.absorb(&change) {
            tracing::warn!("messages from the kernel were lost: reading everything anew");
            self.resync_at = Some(Instant::now() + RESYNC_INTERVAL);
            return;
        }
        match change {
            Change::Link(link) => self.on_link(link.ifindex).await,
            Change::LinkGone { ifindex, name } => self.on_link_gone(ifindex, &name),
            Change::Address(address) => {
                self.on_address(&address, true);
                if address.expires {
                    self.warn_of_unsupported();
                }
            }
            Change::AddressGone(address) => self.on_address(&address, false),
            Change::Lost => {}
        }
        self.look_at_strangers();
    }

    pub(super) fn on_carrier(&mut self, (number, member): MemberKey, up: bool) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let state = &mut group.members[member];
        state.edges += 1;
        if up {
            return self.make_ready(number, member);
        }
        if let Some(link) = &mut state.link {
            link.carrier = false;
        }
        group.engine.handle(Event::Carrier { member, up }, Instant::now());
    }

    /// Has the kernel make a link ready that has got its carrier. What is sent before it has done so is lost, and by itself
    /// it may take a second. Another thread asks, since that waits for the lock of the network stack.
    fn make_ready(&self, number: usize, member: MemberIndex) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        let state = &group.members[member];
        let Some(link) = &state.link else { return };
        let (group, edge, ifname) = (group.name().to_owned(), state.edges, link.name.clone());
        let (below, found) = (state.below.clone(), self.found.0.clone());
        tokio::task::spawn_blocking(move || {
            // A link that cannot be asked is gone, and netlink tells.
            if see_carrier(below.as_deref(), &ifname) {
                // The receiver goes only when the daemon ends.
                drop(found.send(Found::Ready { group, member, edge }));
            }
        });
    }

    /// A link appeared or changed. Its old name is given up before it is somebody else.
    pub(super) async fn on_link(&mut self, ifindex: u32) {
        self.warn_of_unsupported();
        let Some(link) = self.snapshot.links.get(&ifindex).cloned() else { return };
        for number in 0..self.groups.len() {
            let Some(group) = &self.groups[number] else { continue };
            if let Some(member) = group.member_with(ifindex)
                && group.config().members[member].name != link.name
            {
                self.release_member(number, member, &link.name).await;
            }
        }
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            if group.has_interface(ifindex) {
                group.follow_interface(&self.handle, &link);
                if !group.link_worker.is_content(None, link.limits.mtu) {
                    group.link_worker.again();
                }
                // What goes with an interface that is brought down goes silently.
                self.routes_changed();
            } else if ifindex == group.link.peer_ifindex && group.interface.is_there() {
                if !group.link_worker.is_content(Some(link.admin_up), link.limits.mtu) {
                    group.link_worker.again();
                }
            } else if let Some(member) = group.member_named(&link.name) {
                self.on_member_link(number, member, &link).await;
            }
        }
    }

    /// A link of a member's name appeared or changed. What netlink says of the carrier may be older than what the poll has
    /// seen, so the poll is asked to look now and is believed.
    pub(super) async fn on_member_link(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        if let Some(why) = self.unfit(number, member, link) {
            return self.exclude(number, member, link, why).await;
        }
        let key = (number, member);
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        if group.members[member].excluded.take().is_some() {
            tracing::info!(
                group = group.name(),
                member = link.name,
                "nothing keeps {} out of the group any more",
                link.name
            );
        }
        let known = group.members[member].link.as_ref().map(|known| known.ifindex);
        if known != Some(link.ifindex) {
            if known.is_some() {
                // Another one has the name: it was not told that the old one has gone.
                self.lose_member(number, member);
            }
            return self.begin_to_join(number, member, link);
        }
        for up in self.carrier.look(key) {
            self.on_carrier(key, up);
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let carrier = group.members[member].link.as_ref().map_or(link.carrier, |known| known.carrier);
        group.members[member].link = Some(LinkInfo { carrier, ..link.clone() });
        if let Some(link) = group.engine_link(member) {
            group.engine.handle(Event::Link { member, link }, Instant::now());
        }
        self.ask_speed(number, member);
    }

    /// Prepares a member as it has to be now.
    pub(super) async fn prepare(&mut self, number: usize, member: MemberIndex, ifindex: u32) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        let service = Service::of(group, member);
        if let Err(error) = self.try_prepare(number, member, ifindex, service).await
            && let Some(Some(group)) = self.groups.get(number)
        {
            let name = &group.config().members[member].name;
            tracing::warn!(group = group.name(), member = name, "{error}");
        }
    }

    /// Prepares a member for service, or for being out of it.
    pub(super) async fn try_prepare(
        &mut self,
        number: usize,
        member: MemberIndex,
        ifindex: u32,
        service: Service,
    ) -> Result<(), PrepareError> {
        let Some(Some(group)) = self.groups.get_mut(number) else { return Ok(()) };
        let config = group.config().clone();
        let place = Place { handle: &self.handle, group: &config, snapshot: &self.snapshot };
        let mut saved = SavedMap(group.path.tables().saved_settings());
        prepare::member(&place, &config.members[member], ifindex, service, &mut saved).await
    }

    pub(super) fn on_link_gone(&mut self, ifindex: u32, name: &str) {
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            let own = [group.link.ifindex, group.link.peer_ifindex];
            if own.contains(&ifindex) && group.interface.is_there() {
                self.lose_interface(number, &format!("{name} has been deleted"));
            } else if name == group.name() || name == peer_name(group.name()) {
                self.note_interface_gone(number, ifindex);
            } else if let Some(member) = group.member_with(ifindex) {
                self.lose_member(number, member);
            } else if let Some(member) = group.member_named(name) {
                let state = &mut group.members[member];
                state.joining.take_if(|joining| *joining == ifindex);
                state.excluded = None;
            }
        }
    }

    /// Asks another thread for the speed of a member's link: the kernel wants its lock for that.
    pub(super) fn ask_speed(&self, number: usize, member: MemberIndex) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        let Some(link) = &group.members[member].link else { return };
        let (group, ifindex, ifname) = (group.name().to_owned(), link.ifindex, link.name.clone());
        let found = self.found.0.clone();
        tokio::task::spawn_blocking(move || {
            let speed_mbps = ethtool::speed_mbps(&ifname);
            // The receiver goes only when the daemon ends.
            drop(found.send(Found::Speed { group, member, ifindex, speed_mbps }));
        });
    }
}
