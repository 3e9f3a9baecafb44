//! What is in the way of an adoption.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use netlink_packet_route::address::AddressFlags;

use super::Host;
use crate::{
    adopt::request::AdoptRequest,
    config::{Config, Group},
    kernel::{
        holdings::{HeldAddress, HeldRoute, Holdings},
        preflight::{Facts, Severity, check_group},
    },
};

/// The longest that an operator may take to confirm.
const LONGEST_WAIT_S: u64 = 3600;

/// What is wrong with the request itself.
pub(super) fn request(request: &AdoptRequest, host: &Host) -> Vec<String> {
    let AdoptRequest { group, interfaces, standby, confirm_s, .. } = request;
    let snapshot = &host.facts.snapshot;
    let config = Config::parse(&host.text, "".as_ref()).ok().map(|(config, _)| config);
    let mut problems = Vec::new();
    if let Err(error) = crate::config::check_group_name(group) {
        problems.push(format!("{error:#}"));
    }
    let is_configured = config.as_ref().is_some_and(|config| config.group(group).is_some());
    if is_configured || host.running.contains(group) {
        problems.push(format!("group {group}: there is one already; choose another name, or add members to it in the configuration"));
    } else if snapshot.link(group).is_some() {
        problems.push(format!("group {group}: there is an interface of that name; choose another name"));
    }
    if *confirm_s > LONGEST_WAIT_S {
        problems.push(format!("--confirm {confirm_s}: longer than {LONGEST_WAIT_S} s is not waited"));
    }
    let mut seen = BTreeSet::new();
    for name in interfaces {
        if !seen.insert(name) {
            problems.push(format!("{name} is named twice; name each member once"));
            continue;
        }
        let elsewhere =
            config.iter().flat_map(|config| &config.groups).find(|other| other.member(name).is_some());
        if let Some(other) = elsewhere {
            let other = &other.name;
            problems.push(format!(
                "{name} is a member of group {other}; take it out of that group in the configuration first"
            ));
        }
        match snapshot.link(name) {
            None => problems.push(format!(
                "interface {name}: there is none of that name; `ip link` shows those there are"
            )),
            Some(link) => {
                if let Some(master) = &link.controller {
                    let kind = if master.kind.is_empty() { "master" } else { &master.kind };
                    problems.push(format!(
                        "{name} is a port of the {kind} {master}: take it out with `ip link set {name} nomaster`, or adopt {master}'s ports \
                         after removing it",
                        master = master.name
                    ));
                }
            }
        }
    }
    for name in standby.iter().filter(|name| !interfaces.contains(name)) {
        problems.push(format!("--standby {name}: it is not among the members; name it among them too"));
    }
    if !interfaces.is_empty() && interfaces.iter().all(|name| standby.contains(name)) {
        problems.push("all members are standbys; leave at least one active".to_owned());
    }
    problems
}

/// What is wrong with what would have to be moved.
pub(super) fn moving(interfaces: &BTreeMap<u32, String>, moving: &Holdings) -> Vec<String> {
    let name = |ifindex: u32| interfaces.get(&ifindex).map_or("another interface", String::as_str);
    let mut problems = Vec::new();
    for held in &moving.addresses {
        let (info, on) = (held.info(), name(held.info().ifindex));
        let net = info.net();
        if held.has_peer() {
            problems.push(format!("{net} on {on} is the end of a point-to-point link: it cannot be a data address; remove it first"));
        }
        if info.flags.contains(AddressFlags::Dadfailed) {
            problems.push(format!("{net} on {on} is used by another host too (duplicate address detection has failed): remove it first"));
        } else if info.flags.contains(AddressFlags::Tentative) {
            problems.push(format!(
                "{net} on {on} is still being checked for duplicates: try again in two seconds"
            ));
        }
    }
    for (first, second) in twice(moving) {
        let place =
            |held: &HeldAddress| format!("as /{} on {}", held.info().prefix_len, name(held.info().ifindex));
        problems.push(format!(
            "{} is held twice: {} and {}; the group interface can have it once: remove one of the two",
            first.info().address,
            place(first),
            place(second)
        ));
    }
    for route in &moving.routes {
        if let Some(why) = route.strange() {
            let on = name(route.info().ifindex);
            problems.push(format!("the {route} by {on} {why}: such routes are not moved; remove it, and put it on the group interface afterwards"));
        }
    }
    problems.extend(apart(interfaces, moving));
    problems
        .extend(moving.routes.iter().filter_map(|route| beyond(route, moving, name(route.info().ifindex))));
    problems
}

/// Addresses that are there more than once: each with the first of them.
fn twice(moving: &Holdings) -> impl Iterator<Item = (&HeldAddress, &HeldAddress)> {
    moving.addresses.iter().enumerate().filter_map(|(at, second)| {
        let mut earlier = moving.addresses[..at].iter();
        Some((earlier.find(|first| first.info().address == second.info().address)?, second))
    })
}

/// Members that carry addresses and no subnet together: they are not on one link.
fn apart(interfaces: &BTreeMap<u32, String>, moving: &Holdings) -> Option<String> {
    let subnets = |ifindex: u32| -> BTreeSet<IpNet> {
        let own = moving.addresses.iter().filter(|held| held.info().ifindex == ifindex);
        own.map(|held| held.info().net().trunc()).collect()
    };
    let carriers: Vec<_> = interfaces
        .iter()
        .map(|(index, name)| (name, subnets(*index)))
        .filter(|(_, nets)| !nets.is_empty())
        .collect();
    let (first, rest) = carriers.split_first()?;
    let (other, nets) = rest.iter().find(|(_, nets)| nets.is_disjoint(&first.1))?;
    let list = |nets: &BTreeSet<IpNet>| nets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Some(format!(
        "{} and {other} carry addresses of different subnets ({}; {}): the members of a group share one link; make a group of each",
        first.0,
        list(&first.1),
        list(nets)
    ))
}

/// A default route whose router is on no subnet of its interface.
fn beyond(route: &HeldRoute, moving: &Holdings, on: &str) -> Option<String> {
    let gateway = route.info().gateway.filter(|_| route.is_default())?;
    let own = |ifindex: u32| ifindex == route.info().ifindex;
    let in_subnet =
        moving.addresses.iter().any(|held| own(held.info().ifindex) && held.info().net().contains(&gateway));
    let by_route = moving.routes.iter().any(|other| {
        own(other.info().ifindex)
            && other.info().gateway.is_none()
            && other.info().destination.contains(&gateway)
    });
    let is_link_local = matches!(gateway, std::net::IpAddr::V6(gateway) if gateway.is_unicast_link_local());
    if in_subnet || by_route || is_link_local || route.is_onlink() {
        return None;
    }
    Some(format!(
        "the {route} by {on}: its router is in no subnet of {on}, so it is not on this link; correct or remove the route first"
    ))
}

/// What the checks before every start of a group say, once what moves has moved. The warnings, or all errors.
pub(super) fn host(
    group: &Group,
    config: &Config,
    host: &Host,
    moving: &Holdings,
) -> Result<Vec<String>, Vec<String>> {
    let is_moving = |ifindex, destination| {
        moving
            .routes
            .iter()
            .any(|held| (held.info().ifindex, held.info().destination) == (ifindex, destination))
    };
    let facts = Facts {
        routes: host
            .facts
            .routes
            .iter()
            .filter(|route| !is_moving(route.ifindex, route.destination))
            .cloned()
            .collect(),
        lent: moving.addresses.iter().map(|held| (held.info().ifindex, held.info().address)).collect(),
        groups: config.groups.iter().map(|group| group.name.clone()).collect(),
        ..host.facts.clone()
    };
    let (errors, warnings): (Vec<_>, Vec<_>) =
        check_group(group, &facts).into_iter().partition(|finding| finding.severity == Severity::Error);
    let texts =
        |findings: Vec<crate::kernel::preflight::Finding>| findings.into_iter().map(|it| it.text).collect();
    if errors.is_empty() { Ok(texts(warnings)) } else { Err(texts(errors)) }
}
