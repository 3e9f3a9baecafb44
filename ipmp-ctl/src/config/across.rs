//! What only the whole file can tell: names, addresses, subnets and routes that clash.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use super::{Group, Member, draft::Draft, findings::Findings, name::peer_of, subject::Subject};

/// Checks the groups against each other.
pub(super) fn check(drafts: &[Draft], findings: &mut Findings) {
    check_names(drafts, findings);
    let own = check_addresses(drafts, findings);
    check_systems(drafts, &own, findings);
    check_subnets(drafts, findings);
    check_routes(drafts, findings);
}

fn of_group(group: &Group) -> Subject {
    Subject::Group(group.name.clone())
}

fn of_member(group: &Group, member: &Member) -> Subject {
    Subject::Member { group: group.name.clone(), member: member.name.clone() }
}

fn groups(drafts: &[Draft]) -> impl Iterator<Item = &Group> {
    drafts.iter().map(|draft| &draft.group)
}

fn members(drafts: &[Draft]) -> impl Iterator<Item = (&Group, &Member)> {
    groups(drafts).flat_map(|group| group.members.iter().map(move |member| (group, member)))
}

/// No interface is in two groups, and none has the name of an interface that a group makes.
fn check_names(drafts: &[Draft], findings: &mut Findings) {
    let mut made = BTreeMap::new();
    for group in groups(drafts) {
        made.insert(group.name.clone(), (group, "the group interface"));
    }
    for group in groups(drafts) {
        let peer = peer_of(&group.name);
        if let Some((other, _)) = made.get(&peer) {
            let line = group.line;
            let what =
                format!("the name is that of the peer of group {} (line {line}); rename one", group.name);
            findings.error(other.line, &of_group(other), what);
        } else {
            made.insert(peer, (group, "the peer of the group interface"));
        }
    }
    let mut first: BTreeMap<&str, (&Group, usize)> = BTreeMap::new();
    for (group, member) in members(drafts) {
        if let Some((maker, which)) = made.get(&member.name) {
            let what = format!(
                "the name is that of {which} of group {} (line {}); rename the group, or name another interface",
                maker.name, maker.line
            );
            findings.error(member.line, &of_member(group, member), what);
        }
        if let Some((other, line)) = first.get(member.name.as_str()) {
            let what = format!(
                "already a member of group {} (line {line}); an interface is in one group: remove it from one",
                other.name
            );
            findings.error(member.line, &of_member(group, member), what);
        } else {
            first.insert(&member.name, (group, member.line));
        }
    }
}

/// An address that is ours, as messages name it.
struct Own {
    what: String,
    line: usize,
}

/// No address is ours twice. Returns all that are.
fn check_addresses(drafts: &[Draft], findings: &mut Findings) -> BTreeMap<IpAddr, Own> {
    let data = groups(drafts).flat_map(|group| {
        group.addresses.iter().map(move |data| {
            let what = format!("a data address of group {}", group.name);
            ("data", data.net.addr(), of_group(group), Own { what, line: data.line })
        })
    });
    let test = members(drafts).flat_map(|(group, member)| {
        member.test_addresses.v4().iter().map(move |test| {
            let what = format!("a test address of member {} of group {}", member.name, group.name);
            let address = IpAddr::V4(test.net.addr());
            ("test", address, of_member(group, member), Own { what, line: test.line })
        })
    });
    let mut own: BTreeMap<IpAddr, Own> = BTreeMap::new();
    for (role, address, subject, new) in data.chain(test) {
        if let Some(Own { what, line }) = own.get(&address) {
            let text =
                format!("{role} address {address} is already {what} (line {line}); remove one of the two");
            findings.error(new.line, &subject, text);
        } else {
            own.insert(address, new);
        }
    }
    own
}

/// No router or target is ourselves.
fn check_systems(drafts: &[Draft], own: &BTreeMap<IpAddr, Own>, findings: &mut Findings) {
    for Draft { group, targets } in drafts {
        let targets =
            targets.iter().map(|target| ("target", target.value, target.line, "a system on the link"));
        let routers = group.routes.iter().map(|route| ("route via", route.via, route.line, "the router"));
        for (role, address, line, wanted) in targets.chain(routers) {
            if let Some(own) = own.get(&address) {
                let what = &own.what;
                let text =
                    format!("{role} {address} is {what} (line {}); give the address of {wanted}", own.line);
                findings.error(line, &of_group(group), text);
            }
        }
    }
}

/// The subnets of a group: of its data addresses and of its test addresses, each once, with its first line.
fn subnets(group: &Group) -> Vec<(IpNet, usize)> {
    let data = group.addresses.iter().map(|data| (data.net.trunc(), data.line));
    let test = group
        .members
        .iter()
        .flat_map(|member| member.test_addresses.v4())
        .map(|test| (IpNet::V4(test.net.trunc()), test.line));
    let mut subnets: Vec<(IpNet, usize)> = Vec::new();
    for (net, line) in data.chain(test) {
        if subnets.iter().all(|(known, _)| *known != net) {
            subnets.push((net, line));
        }
    }
    subnets
}

/// No two groups are on one subnet: a packet would have two ways out.
fn check_subnets(drafts: &[Draft], findings: &mut Findings) {
    let mut earlier: Vec<(&Group, IpNet, usize)> = Vec::new();
    for group in groups(drafts) {
        let subnets = subnets(group);
        for &(net, line) in &subnets {
            let clash = earlier.iter().find(|(_, other, _)| other.contains(&net) || net.contains(other));
            if let Some((other, other_net, other_line)) = clash {
                let what = format!(
                    "subnet {net} overlaps {other_net} of group {} (line {other_line}); one subnet is on one group: \
                     move the addresses to one, or make one group of the two",
                    other.name
                );
                findings.error(line, &of_group(group), what);
            }
        }
        earlier.extend(subnets.into_iter().map(|(net, line)| (group, net, line)));
    }
}

/// No two routes reach one destination with one metric: the kernel would refuse the second.
fn check_routes(drafts: &[Draft], findings: &mut Findings) {
    /// The metric that the kernel gives an IPv6 route without one.
    const IPV6_METRIC: u32 = 1024;
    let mut first: BTreeMap<(IpNet, u32), (&Group, usize)> = BTreeMap::new();
    for group in groups(drafts) {
        for route in &group.routes {
            let metric = match (route.destination, route.metric.unwrap_or(0)) {
                (IpNet::V6(_), 0) => IPV6_METRIC,
                (_, metric) => metric,
            };
            if let Some((other, line)) = first.get(&(route.destination, metric)) {
                let what = format!(
                    "a route to {} with the same metric is in group {} already (line {line}); remove one, or give it \
                     another metric",
                    route.destination, other.name
                );
                findings.error(route.line, &of_group(group), what);
            } else {
                first.insert((route.destination, metric), (group, route.line));
            }
        }
    }
}
