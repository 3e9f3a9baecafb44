//! Checks of one member.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_route::{
    link::LinkFlags,
    route::{RouteProtocol, RouteType},
};

use super::{Facts, Findings, Severity};
use crate::{
    config::{Group, Member, TestAddresses},
    kernel::{
        addresses::dummy::DUMMY_ADDRESS,
        netlink::{AddressInfo, LinkInfo, RouteInfo},
    },
};

/// Controllers that take every frame of their ports.
const EXCLUSIVE: [&str; 5] = ["bridge", "bond", "team", "hsr", "openvswitch"];

pub(super) fn check(group: &Group, member: &Member, facts: &Facts, findings: &mut Findings<'_>) {
    let name = &member.name;
    let Some(link) = facts.snapshot.link(name) else {
        let text = format!("interface {name} is absent: the group runs without it until it appears");
        findings.warning(member.line, text);
        return;
    };
    let own_test_addresses = test_addresses(member);
    let data: Vec<IpAddr> = group.addresses.iter().map(|data| data.net.addr()).collect();
    let own = [own_test_addresses.as_slice(), &data].concat();
    let moving: Vec<String> = facts
        .snapshot
        .addresses_of(link.ifindex)
        .filter(|address| data.contains(&address.address))
        .filter(|address| !facts.lent.contains(&(link.ifindex, address.address)))
        .map(|address| address.net().to_string())
        .collect();
    if let Some(problem) = unfit(link, &facts.groups) {
        // A group that is there already works on without it, until it is freed.
        let is_enslaved = link.controller.is_some() && facts.snapshot.link(findings.group).is_some();
        let severity = if is_enslaved { Severity::Warning } else { Severity::Error };
        findings.add(severity, member.line, problem);
    }
    if let Some(problem) = address_in_the_way(link, &own, facts) {
        findings.error(member.line, problem);
    }
    if !moving.is_empty() {
        let text = format!(
            "{name} carries the data address {}: it is moved to {} with the routes of {name}; have whatever configures {name} leave it alone",
            moving.join(", "),
            group.name
        );
        findings.warning(member.line, text);
    } else if let Some(problem) = route_in_the_way(link, facts) {
        findings.error(member.line, problem);
    }
    if facts.arp_ignore_all > 1 && !own_test_addresses.is_empty() {
        let text = format!(
            "the test addresses of {name} would not answer ARP because sysctl net.ipv4.conf.all.arp_ignore is {}: set it \
             to 1 or 0, or use no test addresses (test-addresses = [])",
            facts.arp_ignore_all
        );
        findings.error(member.line, text);
    }
}

fn test_addresses(member: &Member) -> Vec<IpAddr> {
    match &member.test_addresses {
        TestAddresses::V4(tests) => tests.iter().map(|test| IpAddr::V4(test.net.addr())).collect(),
        TestAddresses::LinkLocal | TestAddresses::None => Vec::new(),
    }
}

/// What keeps an interface from being a member of any of the `groups` there are.
pub fn unfit(link: &LinkInfo, groups: &[String]) -> Option<String> {
    let name = &link.name;
    if link.flags.contains(LinkFlags::Loopback) {
        return Some(format!("{name} is a loopback interface: name Ethernet interfaces as members"));
    }
    if !link.ethernet {
        return Some(format!("{name} is not an Ethernet interface: only those can be members"));
    }
    if let Some(group) = group_of_pair(name, groups) {
        return Some(format!("{name} belongs to the interface of group {group}: name other members"));
    }
    if link.is_kind("bridge") {
        return Some(format!("{name} is a bridge: name its ports as members instead, and delete the bridge"));
    }
    if let Some(controller) = &link.controller
        && EXCLUSIVE.contains(&controller.kind.as_str())
    {
        return Some(format!(
            "{name} is a port of the {kind} {controller}: take it out with `ip link set {name} nomaster`",
            kind = controller.kind,
            controller = controller.name
        ));
    }
    if link.flags.contains(LinkFlags::Noarp) {
        return Some(format!("{name} has ARP switched off: switch it on with `ip link set {name} arp on`"));
    }
    if !link.flags.contains(LinkFlags::Multicast) {
        return Some(format!(
            "{name} has multicast switched off: switch it on with `ip link set {name} multicast on`"
        ));
    }
    link.mac.is_none().then(|| format!("{name} has no MAC address: it cannot be a member"))
}

fn group_of_pair<'a>(name: &str, groups: &'a [String]) -> Option<&'a String> {
    groups.iter().find(|group| name == *group || name.strip_suffix("-p") == Some(group))
}

/// An address by which the host would go past the group.
fn address_in_the_way(link: &LinkInfo, own: &[IpAddr], facts: &Facts) -> Option<String> {
    let foreign: Vec<&AddressInfo> = facts
        .snapshot
        .addresses_of(link.ifindex)
        .filter(|address| !is_allowed(address, own, facts))
        .collect();
    if foreign.is_empty() {
        return None;
    }
    let name = &link.name;
    let shown: Vec<String> = foreign.iter().map(|address| address.net().to_string()).collect();
    // One that a router's advertisements made comes back by itself.
    let returns = foreign.iter().any(|address| address.expires && address.address.is_ipv6());
    let keep_away =
        if returns { format!(" after `sysctl -w net/ipv6/conf/{name}/accept_ra=0`") } else { String::new() };
    Some(format!(
        "{name} carries {}: traffic would go past the group. Make it a data address (`addresses`) of the group, or \
         remove it with `ip addr flush dev {name}`{keep_away}",
        shown.join(", ")
    ))
}

fn is_allowed(address: &AddressInfo, own: &[IpAddr], facts: &Facts) -> bool {
    address.is_ipv6_link_local()
        || own.contains(&address.address)
        || address.address == IpAddr::V4(DUMMY_ADDRESS)
        || facts.lent.contains(&(address.ifindex, address.address))
}

/// A route by which the host would go past the group. Those that belong to an address are told of with the address.
fn route_in_the_way(link: &LinkInfo, facts: &Facts) -> Option<String> {
    let foreign: Vec<String> = facts
        .routes
        .iter()
        .filter(|route| route.ifindex == link.ifindex && is_in_the_way(route))
        .map(|route| match route.destination {
            any if any.prefix_len() == 0 => "default".to_owned(),
            destination => destination.to_string(),
        })
        .collect();
    let name = &link.name;
    (!foreign.is_empty()).then(|| {
        format!(
            "{name} has routes to {}: traffic would go past the group. Make them `routes` of the group, or remove them with \
             `ip route flush dev {name}` and `ip -6 route flush dev {name}`",
            foreign.join(", ")
        )
    })
}

fn is_in_the_way(route: &RouteInfo) -> bool {
    let local_to_the_link = match route.destination {
        IpNet::V4(net) => net.addr().is_link_local() || net.addr().is_multicast(),
        IpNet::V6(net) => net.addr().is_unicast_link_local() || net.addr().is_multicast(),
    };
    route.kind == RouteType::Unicast && route.protocol != RouteProtocol::Kernel && !local_to_the_link
}
