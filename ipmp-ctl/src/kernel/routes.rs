//! Routes of the group.

pub mod common;
pub mod follow;
pub mod targets;

use std::{io, net::IpAddr};

use ipnet::IpNet;
use netlink_packet_route::{
    AddressFamily,
    route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType},
};
use rtnetlink::Handle;

use super::{
    addresses::Interface,
    netlink::{NetlinkError, RouteInfo, dump_routes, io_error},
};
use crate::config::Route;

const TABLE_MAIN: u8 = 254;
/// Metric of an IPv6 route for which none was given.
const DEFAULT_IPV6_METRIC: u32 = 1024;

/// Why a route could not be changed.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The kernel refused a route.
    #[error("cannot {verb} route to {destination} by {ifname}: {source}{hint}", hint = hint(.source))]
    Change {
        /// Add or remove.
        verb: &'static str,
        /// Where it leads.
        destination: IpNet,
        /// By which interface.
        ifname: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Another route has the same destination and metric.
    #[error(
        "there is another route to {destination} with the same metric, by {}: remove that one, or give the route by \
         {ifname} a `metric` of its own",
        other.map_or_else(|| "no interface".to_owned(), |other| format!("interface number {other}"))
    )]
    Taken {
        /// Where it leads.
        destination: IpNet,
        /// By which interface it was to lead.
        ifname: String,
        /// By which interface the other one leads; `None` if by none (blackhole...).
        other: Option<u32>,
    },
    /// The routes could not be listed.
    #[error(transparent)]
    List(#[from] NetlinkError),
}

fn hint(source: &io::Error) -> &'static str {
    match source.raw_os_error() {
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH) => {
            "; its router must be inside the subnet of a data address"
        }
        Some(libc::EINVAL) => "; `src` must be a data address of the group",
        Some(libc::EPERM) => "; this needs CAP_NET_ADMIN (root)",
        _ => "",
    }
}

/// Adds a configured route by the group interface. `false` if it was there already.
pub async fn add_route(handle: &Handle, by: Interface<'_>, route: &Route) -> Result<bool, RouteError> {
    add(handle, by, route.destination, configured(by.index, route)).await
}

/// Removes a configured route. `false` if it was not there.
pub async fn remove_route(handle: &Handle, by: Interface<'_>, route: &Route) -> Result<bool, RouteError> {
    remove(handle, by, route.destination, configured(by.index, route)).await
}

/// Adds `PREFIX dev GROUP scope link`: a test prefix outside every data prefix needs it for the answers of its targets
/// to pass the reverse path check. `false` if it was there already.
pub async fn add_test_prefix(handle: &Handle, by: Interface<'_>, prefix: IpNet) -> Result<bool, RouteError> {
    add(handle, by, prefix, on_link(by.index, prefix)).await
}

/// Removes what [`add_test_prefix`] added. `false` if it was not there.
pub async fn remove_test_prefix(
    handle: &Handle,
    by: Interface<'_>,
    prefix: IpNet,
) -> Result<bool, RouteError> {
    remove(handle, by, prefix, on_link(by.index, prefix)).await
}

fn message(ifindex: u32, destination: IpNet) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = match destination {
        IpNet::V4(_) => AddressFamily::Inet,
        IpNet::V6(_) => AddressFamily::Inet6,
    };
    message.header.destination_prefix_length = destination.prefix_len();
    message.header.table = TABLE_MAIN;
    message.header.kind = RouteType::Unicast;
    message.attributes.push(RouteAttribute::Oif(ifindex));
    // A default route has no destination attribute.
    if destination.prefix_len() > 0 {
        message.attributes.push(RouteAttribute::Destination(route_address(destination.network())));
    }
    message
}

fn configured(ifindex: u32, route: &Route) -> RouteMessage {
    let mut message = message(ifindex, route.destination);
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Universe;
    message.attributes.push(RouteAttribute::Gateway(route_address(route.via)));
    message.attributes.extend(route.metric.map(RouteAttribute::Priority));
    message.attributes.extend(route.source.map(|source| RouteAttribute::PrefSource(route_address(source))));
    message
}

fn on_link(ifindex: u32, prefix: IpNet) -> RouteMessage {
    let mut message = message(ifindex, prefix);
    message.header.protocol = RouteProtocol::Static;
    message.header.scope = RouteScope::Link;
    message
}

fn route_address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

/// Adds a route unless it is there. The kernel calls any route of the same destination and metric "there", whichever way
/// it leads; that one is looked at.
async fn add(
    handle: &Handle,
    by: Interface<'_>,
    destination: IpNet,
    message: RouteMessage,
) -> Result<bool, RouteError> {
    let wanted = RouteInfo::from_message(&message);
    match handle.route().add(message).execute().await.map_err(io_error) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => {
            let present = dump_routes(handle).await?;
            match wanted.map_or(Ok(()), |wanted| find(&present, &wanted)) {
                Err(other) => Err(RouteError::Taken { destination, ifname: by.name.to_owned(), other }),
                Ok(()) => Ok(false),
            }
        }
        Err(source) => {
            Err(RouteError::Change { verb: "add", destination, ifname: by.name.to_owned(), source })
        }
    }
}

/// Whether the wanted route is there. `Err`: the kernel takes another for it, which leads by that interface.
fn find(present: &[RouteInfo], wanted: &RouteInfo) -> Result<(), Option<u32>> {
    let metric = match (wanted.metric, wanted.destination) {
        (0, IpNet::V6(_)) => DEFAULT_IPV6_METRIC,
        (metric, _) => metric,
    };
    let key = (wanted.destination, wanted.table, metric);
    let mut same = present.iter().filter(|route| (route.destination, route.table, route.metric) == key);
    let is_there =
        same.clone().any(|route| (route.ifindex, route.gateway) == (wanted.ifindex, wanted.gateway));
    if is_there { Ok(()) } else { Err(same.next().map(|route| route.ifindex)) }
}

async fn remove(
    handle: &Handle,
    by: Interface<'_>,
    destination: IpNet,
    message: RouteMessage,
) -> Result<bool, RouteError> {
    match handle.route().del(message).execute().await.map_err(io_error) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENODEV)) => Ok(false),
        Err(source) => {
            Err(RouteError::Change { verb: "remove", destination, ifname: by.name.to_owned(), source })
        }
    }
}

#[cfg(test)]
mod tests;
