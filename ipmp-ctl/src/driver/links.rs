//! What happens to links: members that come, change and go, and the group interface.

use std::{collections::BTreeSet, net::IpAddr, time::Instant};

use super::{
    Driver, MemberKey,
    addresses::tell_link_locals,
    found::Found,
    group::GroupRuntime,
    prepare::{self, Place, PrepareError, Service},
};
use crate::{
    dataplane::saved::SavedMap,
    engine::event::{Event, MemberIndex},
    kernel::{ethtool, multicast, netlink::LinkInfo, settings},
};

impl Driver {
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
        let Some(link) = &group.members[member].link else { return };
        let (group, edge, ifname) = (group.name().to_owned(), group.members[member].edges, link.name.clone());
        let found = self.found.0.clone();
        tokio::task::spawn_blocking(move || {
            // A link that cannot be asked is gone, and netlink tells.
            if ethtool::glink(&ifname).is_ok() {
                // The receiver goes only when the daemon ends.
                drop(found.send(Found::Ready { group, member, edge }));
            }
        });
    }

    pub(super) async fn on_link(&mut self, link: &LinkInfo) {
        self.warn_of_unsupported();
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            if link.ifindex == group.link.ifindex {
                follow_group_interface(group, link);
                // What goes with an interface that is brought down goes silently.
                self.routes_changed();
            } else if let Some(member) = group.member_named(&link.name) {
                self.on_member_link(number, member, link).await;
            } else if let Some(member) = group.member_with(link.ifindex) {
                // Renamed: the configuration knows it by another name.
                self.release_member(number, member, &link.name).await;
            }
        }
    }

    /// A member's link appeared or changed. What netlink says of the carrier may be older than what the poll has seen, so
    /// the poll is asked to look now and is believed.
    pub(super) async fn on_member_link(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        let key = (number, member);
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let known = group.members[member].link.as_ref().is_some_and(|known| known.ifindex == link.ifindex);
        if known {
            for up in self.carrier.look(key) {
                self.on_carrier(key, up);
            }
        } else {
            match self.carrier.add(key, &self.sysfs, &link.name, link.carrier) {
                Ok(carrier) => {
                    if carrier {
                        // As in `make_ready`; here the loop waits anyway.
                        drop(ethtool::glink(&link.name));
                    }
                    self.appear(number, member, &LinkInfo { carrier, ..link.clone() }).await;
                }
                // Gone again already; netlink will say so.
                Err(error) => return tracing::debug!("{error}"),
            }
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let carrier = group.members[member].link.as_ref().map_or(link.carrier, |known| known.carrier);
        group.members[member].link = Some(LinkInfo { carrier, ..link.clone() });
        if let Some(link) = group.engine_link(member) {
            group.engine.handle(Event::Link { member, link }, Instant::now());
        }
        self.ask_speed(number, member);
    }

    /// A member is new here: it is given the settings that members have.
    pub(super) async fn appear(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let config = group.config().clone();
        if let Err(problem) = usable_as_member(link) {
            tracing::error!(group = config.name, "member {}: {problem}", link.name);
        }
        let mut saved = SavedMap(group.path.tables().saved_settings());
        if let Err(error) = settings::bring_up(&link.name, link.ifindex, &mut saved) {
            tracing::warn!(group = config.name, "{error}");
        }
        self.prepare(number, member, link.ifindex).await;
        if let Some(Some(group)) = self.groups.get_mut(number) {
            group.members[member].link = Some(link.clone());
            group.members[member].speed_mbps = None;
            tell_link_locals(group, &self.snapshot);
        }
    }

    /// Prepares a member as it has to be now.
    pub(super) async fn prepare(&mut self, number: usize, member: MemberIndex, ifindex: u32) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        let service = if group.engine.is_retired(member) { Service::Out } else { Service::In };
        if let Err(error) = self.try_prepare(number, member, ifindex, service).await
            && let Some(Some(group)) = self.groups.get(number)
        {
            tracing::warn!(group = group.name(), "{error}");
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
        prepare::member(&place, &config.members[member], ifindex, service, group.path.tables()).await
    }

    pub(super) fn on_link_gone(&mut self, ifindex: u32, name: &str) {
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            if group.link.ifindex == ifindex {
                tracing::error!(
                    group = group.name(),
                    "the group interface {name} has been deleted: nothing is sent or received by the group; run `ipmp-ctl down {}` \
                     and start the daemon again",
                    group.name()
                );
                group.interface_up = false;
                // It has joined nothing any more: the members' filters are as they were.
                group.follow_multicast();
            } else if let Some(member) = group.member_with(ifindex) {
                self.lose_member(number, member);
            }
        }
    }

    /// A member is there but is none any more: it is put back as it was.
    pub(super) async fn release_member(&mut self, number: usize, member: MemberIndex, name: &str) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let Some(ifindex) = group.members[member].link.as_ref().map(|link| link.ifindex) else { return };
        let tests: Vec<_> = group.config().members[member]
            .test_addresses
            .v4()
            .iter()
            .map(|test| IpAddr::V4(test.net.addr()))
            .collect();
        if let Err(error) = multicast::follow(name, &group.members[member].multicast, &BTreeSet::new()) {
            tracing::debug!("taking multicast addresses out of the filter of {name}: {error}");
        }
        prepare::restore_member(&self.handle, name, ifindex, &tests, group.path.tables()).await;
        self.lose_member(number, member);
    }

    pub(super) fn lose_member(&mut self, number: usize, member: MemberIndex) {
        if let Err(error) = self.carrier.remove((number, member)) {
            tracing::warn!("{error}");
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        if let Some(link) = group.members[member].link.take() {
            let mut saved = SavedMap(group.path.tables().saved_settings());
            settings::forget(link.ifindex, &mut saved);
        }
        group.members[member].multicast.clear();
        group.members[member].edges += 1;
        group.engine.handle(Event::LinkGone { member }, Instant::now());
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

/// The group interface changed: its MAC address may be another one, and it may have been brought down.
pub(super) fn follow_group_interface(group: &mut GroupRuntime, link: &LinkInfo) {
    if let Some(mac) = link.mac.filter(|&mac| mac != group.link.mac) {
        tracing::warn!(
            group = group.name(),
            "the MAC address of the group interface has been changed to {mac}"
        );
        group.link.mac = mac;
        group.path.set_group_mac(mac);
    }
    if group.interface_up != link.admin_up {
        group.interface_up = link.admin_up;
        let name = group.name();
        if link.admin_up {
            tracing::info!(group = name, "the group interface is administratively up");
        } else {
            tracing::warn!(
                group = name,
                "the group interface is administratively down: bring it up with `ip link set {name} up`"
            );
        }
    }
}

/// Whether a link that has just appeared can be a member; at the start this is checked before anything is touched.
fn usable_as_member(link: &LinkInfo) -> Result<(), String> {
    if !link.ethernet {
        return Err("is no Ethernet interface and carries nothing".to_owned());
    }
    match &link.controller {
        Some(controller) => Err(format!(
            "is a port of {}: take it out with `ip link set {} nomaster`",
            controller.name, link.name
        )),
        None => Ok(()),
    }
}
