//! Test addresses: which one a member is probed by, and whom it may probe from there.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::{IpNet, Ipv6Net};

use crate::{
    config::{self, TestAddresses},
    engine::{
        event::{Family, MemberIndex},
        member::Member,
    },
};

/// What is known of a member's test address of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The family is not probed.
    Unused,
    /// It should be, but there is no address yet.
    Missing,
    /// The only address is another member's too.
    Duplicate(IpAddr),
    /// This one, with the prefix that its targets lie in.
    Usable(IpNet),
}

/// Chooses the test address of a member. `ipv6` tells whether the group has an IPv6 data address.
pub(super) fn choose(
    config: &config::Group,
    members: &[Member],
    index: MemberIndex,
    wanted: Family,
    ipv6: bool,
) -> Source {
    let named = config.targets.iter().any(|&target| Family::of(target) == wanted);
    if !named && !config.targets.is_empty() {
        return Source::Unused;
    }
    let tests = &config.members[index].test_addresses;
    let candidates: Vec<IpNet> = match wanted {
        Family::V4 if tests.v4().is_empty() => return Source::Unused,
        Family::V4 => tests.v4().iter().map(|test| test.net.into()).collect(),
        Family::V6 if !ipv6 || *tests == TestAddresses::None => return Source::Unused,
        Family::V6 => {
            members[index].test_addresses.iter().filter_map(|&address| link_local(address)).collect()
        }
    };
    let unique = |net: &&IpNet| !(0..index).any(|other| has(config, members, other, net.addr()));
    match candidates.iter().find(unique).or(candidates.first()) {
        None => Source::Missing,
        Some(net) if !unique(&net) => Source::Duplicate(net.addr()),
        Some(&net) => Source::Usable(net),
    }
}

/// Whether a member that is present has this test address.
fn has(config: &config::Group, members: &[Member], index: MemberIndex, address: IpAddr) -> bool {
    let mut tests = config.members[index].test_addresses.v4().iter();
    members[index].link.is_some()
        && (members[index].test_addresses.contains(&address)
            || tests.any(|test| IpAddr::V4(test.net.addr()) == address))
}

/// All addresses of a group that are its own.
pub(super) fn own(
    config: &config::Group,
    members: &[Member],
    data: impl Iterator<Item = IpAddr>,
) -> BTreeSet<IpAddr> {
    let tests = config.members.iter().flat_map(|member| member.test_addresses.v4());
    let tests = tests.map(|test| IpAddr::V4(test.net.addr()));
    let found = members.iter().flat_map(|member| member.test_addresses.iter().copied());
    data.chain(config.addresses.iter().map(|data| data.net.addr())).chain(tests).chain(found).collect()
}

/// Whether an address can be a target from `source`: a neighbour, and nobody of the group itself.
pub(super) fn admits(source: IpNet, own: &BTreeSet<IpAddr>, target: IpAddr) -> bool {
    source.contains(&target) && !target.is_unspecified() && !target.is_multicast() && !own.contains(&target)
}

/// The prefix of a link-local IPv6 address.
fn link_local(address: IpAddr) -> Option<IpNet> {
    let IpAddr::V6(address) = address else { return None };
    let net = Ipv6Net::new(address, 10).ok()?;
    address.is_unicast_link_local().then_some(net.into())
}

#[cfg(test)]
mod tests;
