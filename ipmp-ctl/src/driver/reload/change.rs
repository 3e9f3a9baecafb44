//! A group that runs gets another configuration.
//!
//! What can fail comes first, while the old engine still decides: settings, addresses and routes that are new. Then the
//! new engine takes over; and last, what nobody needs any more is taken away.

use std::{collections::BTreeSet, net::IpAddr, time::Instant};

use crate::{
    config,
    dataplane::{hook::xdp, saved::SavedMap},
    driver::{
        Driver, GroupNumber,
        group::{GroupRuntime, MemberRuntime},
        prepare::{self, Place, PrepareError, Service},
        teardown,
    },
    engine::{Engine, memory::Adopted},
    kernel::{
        addresses::{self, Interface, dummy},
        ethtool, multicast,
        netlink::{Snapshot, dump},
        preflight,
        random::Random,
        routes, settings,
    },
};

/// Added to the count of carrier changes, so that what was found out about another member of this number is not taken for
/// this one's.
const OTHER_TIMES: u64 = 1 << 32;

impl Driver {
    /// Changes a group. After an error it is as it was.
    pub(super) async fn change(
        &mut self,
        number: GroupNumber,
        next: config::Group,
        warnings: &mut Vec<String>,
    ) -> Result<(), String> {
        let seed = Random::new()
            .number()
            .map_err(|error| format!("asking the kernel for a random seed: {error}"))?;
        let snapshot = dump(&self.handle).await.map_err(|error| error.to_string())?;
        let Some(Some(group)) = self.groups.get_mut(number) else { return Err("it is gone".to_owned()) };
        let old = group.config().clone();
        if let Err(error) = make_ready(&self.handle, group, &old, &next, &snapshot).await {
            let undone =
                prepare::group(&self.handle, &old, &group.link, &snapshot, group.path.tables()).await;
            warnings.extend(undone.err().map(|error| format!("group {}: {error}", old.name)));
            let new = teardown::strangers(&old, &snapshot, group.path.tables());
            teardown::restore(&self.handle, &old.name, new, group.path.tables()).await;
            return Err(error.to_string());
        }
        let strangers = teardown::strangers(&next, &snapshot, group.path.tables());
        let hook = xdp::Mode::of(next.probe_hook);
        let stale = group.path.change(next.receive == config::Receive::Member, hook);
        for attached in stale.map_err(|error| error.to_string())? {
            self.hooks.detach(&old.name, attached);
        }

        let Some(group) = self.groups[number].take() else { return Err("it is gone".to_owned()) };
        for member in 0..group.members.len() {
            if let Err(error) = self.carrier.remove((number, member)) {
                tracing::warn!("{error}");
            }
        }
        self.prober.close_group(number);
        self.repairs.retain(|(of, _)| *of != number);
        let group = with_other_engine(group, &old, next.clone(), &snapshot, seed);
        self.enter(number, group).await.map_err(|error| format!("{error}; restart the daemon"))?;

        let Some(Some(group)) = self.groups.get_mut(number) else { return Ok(()) };
        for error in take_away(&self.handle, group, &old, &snapshot).await {
            warnings.push(format!("group {}: {error}", old.name));
        }
        teardown::restore(&self.handle, &old.name, strangers, group.path.tables()).await;
        self.routes_changed();
        Ok(())
    }
}

/// Gives members and group interface what they need besides what they have.
async fn make_ready(
    handle: &rtnetlink::Handle,
    group: &mut GroupRuntime,
    old: &config::Group,
    next: &config::Group,
    snapshot: &Snapshot,
) -> Result<(), PrepareError> {
    for member in &next.members {
        let info = snapshot.link(&member.name).filter(|info| preflight::unfit(info, &[]).is_none());
        let Some(info) = info else { continue };
        if old.member(&member.name).is_none() {
            let mut saved = SavedMap(group.path.tables().saved_settings());
            settings::bring_up(&info.name, info.ifindex, &mut saved)?;
        }
        let retired = group.member_named(&member.name).is_some_and(|index| group.engine.is_retired(index));
        let service = if retired { Service::Out } else { Service::In };
        let place = Place { handle, group: next, snapshot };
        let mut saved = SavedMap(group.path.tables().saved_settings());
        prepare::member(&place, member, info.ifindex, service, &mut saved).await?;
    }
    prepare::group(handle, next, &group.link, snapshot, group.path.tables()).await
}

/// The group with an engine of another configuration, which knows what the last one knew.
fn with_other_engine(
    group: GroupRuntime,
    old: &config::Group,
    next: config::Group,
    snapshot: &Snapshot,
    seed: u64,
) -> GroupRuntime {
    let GroupRuntime { engine, path, members, .. } = group;
    let adopted =
        Adopted { assignment: engine.assignment().clone(), memory: engine.memory(), ..Adopted::default() };
    let mut known: Vec<_> = members.into_iter().map(Some).collect();
    for slot in known.iter().flatten().filter_map(|member| member.slot) {
        for family in ipmp_common::Family::ALL {
            path.probes().close(slot, family);
        }
    }
    let members = next.members.iter().map(|member| {
        let was = old.members.iter().position(|old| old.name == member.name);
        match was.and_then(|was| known[was].take()) {
            Some(known) => MemberRuntime { edges: known.edges + OTHER_TIMES, slot: None, ..known },
            None => newcomer(&member.name, snapshot),
        }
    });
    let members = members.collect();
    for gone in known.into_iter().flatten() {
        let Some(link) = gone.link else { continue };
        if let Err(error) = multicast::follow(&link.name, &gone.filter.given, &BTreeSet::new()) {
            tracing::debug!("taking multicast addresses out of the filter of {}: {error}", link.name);
        }
    }
    GroupRuntime {
        engine: Engine::new(next, Some(adopted), seed, Instant::now()),
        path,
        members,
        awaiting: Vec::new(),
        routes: None,
        is_new: false,
        ..group
    }
}

/// A member that was none before. One that cannot be a member, which the check before has said, stays out until it is freed.
fn newcomer(name: &str, snapshot: &Snapshot) -> MemberRuntime {
    let Some(link) = snapshot.link(name) else { return MemberRuntime::default() };
    match preflight::unfit(link, &[]) {
        Some(why) => MemberRuntime { excluded: Some(why), ..MemberRuntime::default() },
        None => MemberRuntime {
            link: Some(link.clone()),
            speed_mbps: ethtool::speed_mbps(name),
            ..MemberRuntime::default()
        },
    }
}

/// Takes away what the old configuration had put somewhere and the new one does not name. Goes on past errors.
async fn take_away(
    handle: &rtnetlink::Handle,
    group: &mut GroupRuntime,
    old: &config::Group,
    snapshot: &Snapshot,
) -> Vec<PrepareError> {
    let mut errors: Vec<PrepareError> = Vec::new();
    let next = group.config().clone();
    let link = group.link.clone();
    let interface = Interface { name: &link.name, index: link.ifindex };
    let same = |a: &config::Route, b: &config::Route| {
        (a.destination, a.via, a.metric, a.source) == (b.destination, b.via, b.metric, b.source)
    };
    for route in old.routes.iter().filter(|old| !next.routes.iter().any(|next| same(old, next))) {
        errors.extend(routes::remove_route(handle, interface, route).await.err().map(Into::into));
    }
    if old.ipv6_token.is_some() && next.ipv6_token.is_none() {
        prepare::no_token(handle, interface).await;
    }
    let kept = prepare::foreign_test_prefixes(&next);
    for prefix in prepare::foreign_test_prefixes(old).into_iter().filter(|prefix| !kept.contains(prefix)) {
        errors.extend(routes::remove_test_prefix(handle, interface, prefix).await.err().map(Into::into));
    }
    for member in &next.members {
        let (Some(before), Some(info)) = (old.member(&member.name), snapshot.link(&member.name)) else {
            continue;
        };
        let interface = Interface { name: &info.name, index: info.ifindex };
        let tests = |member: &config::Member| -> Vec<IpAddr> {
            member.test_addresses.v4().iter().map(|test| IpAddr::V4(test.net.addr())).collect()
        };
        let kept = tests(member);
        for test in tests(before).into_iter().filter(|test| !kept.contains(test)) {
            let removed = addresses::remove_address(handle, interface, test.into()).await;
            errors.extend(removed.err().map(Into::into));
        }
        if next.receive == config::Receive::Group {
            let mut saved = SavedMap(group.path.tables().saved_settings());
            let back = dummy::take_back(handle, interface, &mut saved).await;
            errors.extend(back.err().map(Into::into));
        }
    }
    errors
}
