//! The members of the group that is to be, and what they hold.

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::{
    adopt::request::{AdoptRequest, TestAddressWish},
    kernel::{
        holdings::{HeldAddress, Holdings},
        netlink::Snapshot,
    },
};

/// Those that are there, by index.
pub(super) fn present(request: &AdoptRequest, snapshot: &Snapshot) -> BTreeMap<u32, String> {
    let links = request.interfaces.iter().filter_map(|name| snapshot.link(name));
    links.map(|link| (link.ifindex, link.name.clone())).collect()
}

/// What moves: every address but the link-local IPv6 ones, and every route that somebody has made.
pub(super) fn moving(interfaces: &BTreeMap<u32, String>, holdings: &Holdings) -> Holdings {
    let is_moving = |held: &&HeldAddress| {
        interfaces.contains_key(&held.info().ifindex) && !held.info().is_ipv6_link_local()
    };
    let by_member = |ifindex: u32| interfaces.contains_key(&ifindex);
    let routes = holdings
        .routes
        .iter()
        .filter(|route| route.is_made() && route.info().hops.iter().any(|hop| by_member(hop.ifindex)));
    Holdings {
        addresses: holdings.addresses.iter().filter(is_moving).cloned().collect(),
        routes: routes.cloned().collect(),
    }
}

/// The test addresses of each member, as the configuration says them: those given to a member by name, and then the others
/// to the members that have none, in order.
pub(super) fn test_addresses(
    request: &AdoptRequest,
    moving: &Holdings,
) -> Result<BTreeMap<String, Vec<String>>, Vec<String>> {
    let mut given: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut problems = Vec::new();
    let (named, others): (Vec<_>, Vec<_>) =
        request.test_addresses.iter().partition(|wish| wish.interface.is_some());
    for wish in named.into_iter().chain(others) {
        let free = || request.interfaces.iter().find(|name| !given.contains_key(*name));
        let Some(member) = wish.interface.as_ref().or_else(free) else {
            problems.push(format!(
                "test address {}: every member has one; give it to one of them as in --test-address {}={}",
                wish.address,
                request.interfaces.last().map_or("eth0", String::as_str),
                wish.address
            ));
            continue;
        };
        if !request.interfaces.contains(member) {
            problems.push(format!("test address {}: {member} is not among the members", wish.address));
            continue;
        }
        match with_prefix(wish, moving) {
            Some(net) => given.entry(member.clone()).or_default().push(net.to_string()),
            None => problems.push(format!(
                "test address {0}: it is in the subnet of no address that moves; give its prefix length, as in {0}/24",
                wish.address
            )),
        }
    }
    if problems.is_empty() { Ok(given) } else { Err(problems) }
}

/// The test address with the prefix length that was given, or that of the subnet which it is in.
fn with_prefix(wish: &TestAddressWish, moving: &Holdings) -> Option<IpNet> {
    let subnets = moving.addresses.iter().map(|held| held.info().net());
    let length = wish
        .prefix_len
        .or_else(|| subnets.filter(|net| net.contains(&wish.address)).map(|net| net.prefix_len()).max())?;
    IpNet::new(wish.address, length).ok()
}
