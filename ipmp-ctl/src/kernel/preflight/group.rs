//! Checks of the group interface and its addresses.

use ipnet::IpNet;

use super::{Facts, Finding, Findings, Severity};
use crate::{
    config::Group,
    kernel::{
        group_link::{GroupLink, peer_name},
        netlink::{AddressInfo, Snapshot},
    },
};

pub(super) fn check(group: &Group, facts: &Facts, findings: &mut Findings<'_>) {
    if let Err(error) = GroupLink::find(&facts.snapshot, &group.name) {
        findings.error(group.line, error.to_string());
    }
    for data in &group.addresses {
        if let Some(problem) = address_elsewhere(&data.net, group, facts) {
            findings.error(data.line, problem);
        }
    }
    findings.found.extend(unsupported(&group.name, group.line, &facts.snapshot));
}

/// The data address, or its subnet, on an interface that has nothing to do with the group.
fn address_elsewhere(data: &IpNet, group: &Group, facts: &Facts) -> Option<String> {
    let name_of = |address: &AddressInfo| {
        facts.snapshot.links.get(&address.ifindex).map_or("", |link| link.name.as_str())
    };
    let elsewhere = || {
        facts.snapshot.addresses.iter().filter(|address| {
            let name = name_of(address);
            name != group.name && !group.members.iter().any(|member| member.name == name)
        })
    };
    if let Some(holder) = elsewhere().find(|address| address.address == data.addr()) {
        let name = name_of(holder);
        return Some(format!(
            "data address {} is already on interface {name}: remove it there with `ip addr del {} dev {name}`, or choose \
             another",
            data.addr(),
            holder.net()
        ));
    }
    let overlaps = |address: &&AddressInfo| {
        let subnet = address.net().trunc();
        let is_subnet = !address.is_ipv6_link_local() && subnet.prefix_len() < subnet.max_prefix_len();
        is_subnet && (subnet.contains(&data.trunc()) || data.trunc().contains(&subnet))
    };
    elsewhere().find(overlaps).map(|holder| {
        let name = name_of(holder);
        format!(
            "the subnet of data address {data} is also that of interface {name} ({}): one subnet on two interfaces does \
             not work; make {name} a member, or use another subnet",
            holder.net()
        )
    })
}

/// An IPv4 address on the group interface whose lifetime ends: a DHCP client put it there. (IPv6 addresses from router
/// advertisements end too, and are welcome.)
fn expiring_address(group: &str, snapshot: &Snapshot) -> Option<String> {
    let link = snapshot.link(group)?;
    let leased =
        snapshot.addresses_of(link.ifindex).find(|address| address.expires && address.address.is_ipv4())?;
    Some(format!(
        "{} on {group} has a limited lifetime: a DHCP client that puts the group interface's MAC address into its requests \
         may get no answers; give the address in `addresses`, or make the client ask for broadcast answers",
        leased.net()
    ))
}

/// What others have done with a group interface that does not work, or not well. The group itself works on: warnings.
pub fn unsupported(group: &str, line: usize, snapshot: &Snapshot) -> Vec<Finding> {
    let texts = expiring_address(group, snapshot).into_iter().chain(on_top(group, snapshot));
    texts.map(|text| Finding { severity: Severity::Warning, group: group.to_owned(), line, text }).collect()
}

/// What has been put on top of a group interface.
fn on_top(group: &str, snapshot: &Snapshot) -> Vec<String> {
    let Some(own) = snapshot.link(group) else { return Vec::new() };
    let mut texts = Vec::new();
    // A VRF, the one controller that takes no frames away, is fine.
    if let Some(controller) = own.controller.as_ref().filter(|controller| controller.kind != "vrf") {
        texts.push(format!(
            "{group} is a port of {}, which is not supported: its frames would have MAC addresses that no member has. Take it \
             out with `ip link set {group} nomaster`",
            controller.name
        ));
    }
    let upper = snapshot.links.values().filter(|link| {
        link.lower == Some(own.ifindex) && !link.lower_elsewhere && link.name != peer_name(group)
    });
    for link in upper {
        texts.push(format!(
            "{} is a {} on top of {group}, which is not supported: make a group of VLAN members instead",
            link.name,
            link.kind.as_deref().unwrap_or("device")
        ));
    }
    texts
}
