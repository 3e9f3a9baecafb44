//! The systems on the link that routes name: what can be probed without asking anybody.

use std::net::IpAddr;

use netlink_packet_route::route::RouteType;

use crate::{engine::event::RouteTargets, kernel::netlink::RouteInfo};

/// The table of the host's own addresses.
const TABLE_LOCAL: u32 = 255;

/// Goes through the routes by an interface. Who has a host route of its own is meant to be probed; a router before another
/// host is a router like any.
pub fn targets(routes: &[RouteInfo], ifindex: u32, is_own: impl Fn(IpAddr) -> bool) -> RouteTargets {
    let mut found = RouteTargets { hosts: Vec::new(), next_hops: Vec::new() };
    let unicast =
        routes.iter().filter(|route| route.kind == RouteType::Unicast && route.table != TABLE_LOCAL);
    for route in unicast {
        let to_host = route.destination.prefix_len() == route.destination.max_prefix_len();
        for hop in route.hops.iter().filter(|hop| hop.ifindex == ifindex) {
            let target = hop.gateway.or(to_host.then(|| route.destination.addr()));
            let Some(target) = target.filter(|&target| !target.is_unspecified() && !is_own(target)) else {
                continue;
            };
            let is_host = to_host && target == route.destination.addr();
            let list = if is_host { &mut found.hosts } else { &mut found.next_hops };
            if !list.contains(&target) {
                list.push(target);
            }
        }
    }
    let hosts = &found.hosts;
    found.next_hops.retain(|next_hop| !hosts.contains(next_hop));
    found
}

#[cfg(test)]
mod tests;
