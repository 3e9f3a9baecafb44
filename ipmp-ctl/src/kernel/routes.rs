//! Routes: the group's own, and those that members must not win with.
//!
//! Every interface with IPv6 gets `fe80::/64` and `ff00::/8` with the same metric, and the kernel takes the first: a
//! program that sends multicast without naming an interface would use a member. So members' are made worse.

use std::{
    io,
    net::{IpAddr, Ipv6Addr},
};

use futures::StreamExt;
use ipnet::{IpNet, Ipv6Net};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType},
};
use rtnetlink::Handle;

use super::{
    addresses::Interface,
    netlink::{NetlinkError, RouteInfo, dump_routes, io_error},
};
use crate::config::Route;

/// Metric that the kernel gives its own IPv6 routes.
const KERNEL_METRIC: u32 = 256;
/// Metric of members' routes: worse than the group interface's.
const MEMBER_METRIC: u32 = 1024;
const TABLE_MAIN: u8 = 254;
const TABLE_LOCAL: u8 = 255;

/// The routes that every interface has: destination, table, kind.
const COMMON: [(Ipv6Net, u8, RouteType); 2] = [
    (Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64), TABLE_MAIN, RouteType::Unicast),
    (Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8), TABLE_LOCAL, RouteType::Multicast),
];

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
        "there is another route to {destination} with the same metric, by interface number {other}: remove that one, or \
         give the route by {ifname} a `metric` of its own"
    )]
    Taken {
        /// Where it leads.
        destination: IpNet,
        /// By which interface it was to lead.
        ifname: String,
        /// By which interface the other one leads.
        other: u32,
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

/// Makes the link-local and multicast routes of a member worse than those of the group interface; says how many were
/// changed. The kernel makes them anew, with its own metric, whenever the member comes up or gets its link-local
/// address: call it again then, it does nothing where nothing is to be done.
pub async fn demote_member_routes(handle: &Handle, member: Interface<'_>) -> Result<usize, RouteError> {
    change_metric(handle, member, KERNEL_METRIC, MEMBER_METRIC).await
}

/// Undoes [`demote_member_routes`].
pub async fn restore_member_routes(handle: &Handle, member: Interface<'_>) -> Result<usize, RouteError> {
    change_metric(handle, member, MEMBER_METRIC, KERNEL_METRIC).await
}

async fn change_metric(handle: &Handle, of: Interface<'_>, from: u32, to: u32) -> Result<usize, RouteError> {
    let present = dump_routes(handle).await?;
    let mut changed = 0;
    for (destination, table, kind) in COMMON {
        let destination = IpNet::V6(destination);
        let is_there = present.iter().any(|route| {
            route.ifindex == of.index
                && route.destination == destination
                && route.table == u32::from(table)
                && route.metric == from
        });
        if is_there {
            let with_metric = |metric| {
                let mut message = message(of.index, destination);
                message.header.table = table;
                message.header.kind = kind;
                message.header.protocol = RouteProtocol::Kernel;
                message.attributes.push(RouteAttribute::Priority(metric));
                message
            };
            // The new one first: the interface is never without.
            append(handle, of, destination, with_metric(to)).await?;
            remove(handle, of, destination, with_metric(from)).await?;
            changed += 1;
        }
    }
    Ok(changed)
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
            let leads_as_wanted = |route: &RouteInfo| {
                wanted
                    .as_ref()
                    .is_some_and(|wanted| (route.ifindex, route.gateway) == (wanted.ifindex, wanted.gateway))
            };
            let present = dump_routes(handle).await?;
            let mut rivals = present
                .iter()
                .filter(|route| route.destination == destination && route.table == u32::from(TABLE_MAIN));
            match rivals.clone().any(leads_as_wanted) {
                true => Ok(false),
                false => Err(RouteError::Taken {
                    destination,
                    ifname: by.name.to_owned(),
                    other: rivals.next().map_or(0, |route| route.ifindex),
                }),
            }
        }
        Err(source) => {
            Err(RouteError::Change { verb: "add", destination, ifname: by.name.to_owned(), source })
        }
    }
}

/// Adds a route beside those of other interfaces that have the same destination and metric.
async fn append(
    handle: &Handle,
    by: Interface<'_>,
    destination: IpNet,
    message: RouteMessage,
) -> Result<(), RouteError> {
    let failed = |source| RouteError::Change { verb: "add", destination, ifname: by.name.to_owned(), source };
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewRoute(message));
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND;
    let mut answers = handle.clone().request(request).map_err(|error| failed(io_error(error)))?;
    while let Some(answer) = answers.next().await {
        if let NetlinkPayload::Error(error) = answer.payload
            && error.raw_code() != -libc::EEXIST
        {
            return Err(failed(error.to_io()));
        }
    }
    Ok(())
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
