//! Interfaces that become members, and that cease to be.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc, time::Instant};

use super::{
    Driver,
    addresses::tell_link_locals,
    filters::Filter,
    found::Found,
    group::GroupRuntime,
    prepare::{self, Place, Service},
};
use crate::{
    dataplane::saved::{OwnSavedMap, SavedMap},
    engine::event::{Event, MemberIndex},
    kernel::{
        carrier::Watched,
        ethtool, multicast,
        netlink::{LinkInfo, Snapshot},
        preflight,
        settings::{self, SavedStore, Setting, SettingKey},
    },
};

/// What it takes to make an interface a member, on a thread of its own.
pub(super) struct Joined {
    /// The interface.
    pub(super) ifindex: u32,
    /// What tells of its carrier; `None` if it has gone again.
    pub(super) watched: Option<Watched>,
    /// The NIC below a VLAN.
    pub(super) below: Option<String>,
}

impl Driver {
    /// Why an interface cannot be the member of this name, if so.
    pub(super) fn unfit(&self, number: usize, member: MemberIndex, link: &LinkInfo) -> Option<String> {
        let group = self.groups.get(number)?.as_ref()?;
        let names: Vec<_> = self.groups.iter().flatten().map(|group| group.name().to_owned()).collect();
        let others = group.members.iter().enumerate().filter(|(other, _)| *other != member);
        let others: Vec<_> = others.filter_map(|(_, other)| other.link.as_ref()).collect();
        preflight::unfit(link, &names)
            .or_else(|| preflight::on_another_link(link, others.into_iter(), &self.snapshot))
    }

    /// An interface of a member's name is there and cannot be that member, or no longer.
    pub(super) async fn exclude(&mut self, number: usize, member: MemberIndex, link: &LinkInfo, why: String) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let was_member = group.members[member].link.is_some();
        if group.members[member].excluded.as_ref() != Some(&why) {
            let verb = if was_member { "leaves" } else { "stays out of" };
            tracing::error!(
                group = group.name(),
                member = link.name,
                "{} {verb} the group: {why}",
                link.name
            );
        }
        group.members[member].excluded = Some(why);
        group.members[member].joining = None;
        if was_member {
            if link.controller.is_some() {
                // Its new master wants it up.
                let key = SettingKey { ifindex: link.ifindex, setting: Setting::AdminUp };
                SavedMap(group.path.tables().saved_settings()).remove(key);
            }
            self.release_member(number, member, &link.name).await;
        }
    }

    /// A member is new here: another thread gives it what members have, since much of that waits for the lock of the network
    /// stack. Then it joins.
    pub(super) fn begin_to_join(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        if group.members[member].joining.replace(link.ifindex) == Some(link.ifindex) {
            return;
        }
        let (config, pins) = (group.config().clone(), group.path.pins().to_owned());
        let service = Service::of(group, member);
        let (handle, sysfs, found) = (self.handle.clone(), Arc::clone(&self.sysfs), self.found.0.clone());
        let watched = watched(link, &self.snapshot).clone();
        let (link, own) = (link.clone(), self.snapshot.addresses_of(link.ifindex).cloned().collect());
        let own = Snapshot { links: [].into(), addresses: own };
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            match OwnSavedMap::open(&pins) {
                Err(error) => tracing::warn!(group = config.name, member = link.name, "{error}"),
                Ok(mut saved) => {
                    if let Err(error) = settings::bring_up(&link.name, link.ifindex, &mut saved.map()) {
                        tracing::warn!(group = config.name, member = link.name, "{error}");
                    }
                    let place = Place { handle: &handle, group: &config, snapshot: &own };
                    let (member, mut saved) = (&config.members[member], saved.map());
                    let prepared = prepare::member(&place, member, link.ifindex, service, &mut saved);
                    if let Err(error) = runtime.block_on(prepared) {
                        tracing::warn!(group = config.name, member = link.name, "{error}");
                    }
                }
            }
            let opened = Watched::open(&sysfs, &watched.name, watched.carrier);
            let opened = opened.inspect_err(|error| tracing::debug!("{error}")).ok();
            let below = (watched.name != link.name).then_some(watched.name);
            // What is sent before the kernel has noticed the carrier is lost.
            see_carrier(below.as_deref(), &link.name);
            let joined = Joined { ifindex: link.ifindex, watched: opened, below };
            // The receiver goes only when the daemon ends.
            drop(found.send(Found::Joined { group: config.name.clone(), member: link.name, joined }));
        });
    }

    /// What a new member needs is done; meanwhile it may have gone, or be another one.
    pub(super) async fn on_joined(&mut self, group: &str, name: &str, joined: Joined) {
        let number = self.groups.iter().position(|it| it.as_ref().is_some_and(|it| it.name() == group));
        let Some(number) = number else { return };
        let ifindex = joined.ifindex;
        self.join(number, name, joined);
        let Some(group) = self.groups[number].as_mut() else { return };
        let is_wanted = group.member_with(ifindex).is_some()
            || group.members.iter().any(|state| state.joining == Some(ifindex));
        if let Some(link) = self.snapshot.links.get(&ifindex).filter(|_| !is_wanted) {
            // Somebody has taken or renamed it meanwhile: it is put back as it was.
            let tests = group.member_named(name).map_or_else(Vec::new, |member| tests(group, member));
            prepare::restore_member(&self.handle, &link.name, ifindex, &tests, group.path.tables()).await;
        }
    }

    fn join(&mut self, number: usize, name: &str, joined: Joined) {
        let Self { groups, carrier, snapshot, .. } = self;
        let Some(group) = groups[number].as_mut() else { return };
        let Some(member) = group.member_named(name) else { return };
        let state = &mut group.members[member];
        if state.joining.take_if(|ifindex| *ifindex == joined.ifindex).is_none() {
            return;
        }
        let link = snapshot.links.get(&joined.ifindex).filter(|link| link.name == name).cloned();
        let (Some(link), Some(watched)) = (link, joined.watched) else { return };
        match carrier.add((number, member), watched) {
            Ok(carrier) => state.link = Some(LinkInfo { carrier, ..link }),
            Err(error) => return tracing::warn!(group = group.name(), member = name, "{error}"),
        }
        state.below = joined.below;
        state.speed_mbps = None;
        tell_link_locals(group, snapshot);
        if let Some(link) = group.engine_link(member) {
            group.engine.handle(Event::Link { member, link }, Instant::now());
        }
        self.ask_speed(number, member);
    }

    /// A member is there but is none any more: it is put back as it was.
    pub(super) async fn release_member(&mut self, number: usize, member: MemberIndex, name: &str) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let Some(ifindex) = group.members[member].link.as_ref().map(|link| link.ifindex) else { return };
        let tests = tests(group, member);
        if let Err(error) = multicast::follow(name, &group.members[member].filter.given, &BTreeSet::new()) {
            tracing::debug!("taking multicast addresses out of the filter of {name}: {error}");
        }
        prepare::restore_member(&self.handle, name, ifindex, &tests, group.path.tables()).await;
        self.lose_member(number, member);
    }

    /// A member's interface is gone.
    pub(super) fn lose_member(&mut self, number: usize, member: MemberIndex) {
        if let Err(error) = self.carrier.remove((number, member)) {
            tracing::warn!("{error}");
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let GroupRuntime { members, path, .. } = group;
        let state = &mut members[member];
        if let Some(link) = state.link.take() {
            settings::forget(link.ifindex, &mut SavedMap(path.tables().saved_settings()));
        }
        state.filter = Filter::default();
        state.below = None;
        state.edges += 1;
        group.engine.handle(Event::LinkGone { member }, Instant::now());
    }
}

/// The configured test addresses of a member.
fn tests(group: &GroupRuntime, member: MemberIndex) -> Vec<IpAddr> {
    let tests = group.config().members[member].test_addresses.v4();
    tests.iter().map(|test| IpAddr::V4(test.net.addr())).collect()
}

/// The link whose carrier tells of a member's: a VLAN hears of a loss only when the kernel has got round to telling it.
pub(super) fn watched<'a>(link: &'a LinkInfo, snapshot: &'a Snapshot) -> &'a LinkInfo {
    snapshot.below(link).last().unwrap_or(link)
}

/// Has the kernel see the carrier of a link as it is now, and that of the NIC below a VLAN first. `false`: the link cannot be
/// asked, for it is gone. Waits for the lock of the network stack.
pub(super) fn see_carrier(below: Option<&str>, ifname: &str) -> bool {
    if let Some(below) = below {
        // Its absence shows in the link above.
        drop(ethtool::glink(below));
    }
    ethtool::glink(ifname).is_ok()
}
