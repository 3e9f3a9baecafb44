//! The routes that every interface has, and members must not win with.
//!
//! Every interface with IPv6 gets `fe80::/64` and `ff00::/8` with the same metric, and the kernel takes the first: a
//! program that sends multicast without naming an interface would use a member. So members' are made worse.

use std::net::Ipv6Addr;

use futures::StreamExt;
use ipnet::{IpNet, Ipv6Net};
use netlink_packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::{
    RouteNetlinkMessage,
    route::{RouteAttribute, RouteMessage, RouteProtocol, RouteType},
};
use rtnetlink::Handle;

use super::{Interface, RouteError, TABLE_MAIN, message, remove};
use crate::kernel::netlink::io_error;

/// Metric that the kernel gives its own IPv6 routes.
const KERNEL_METRIC: u32 = 256;
/// Metric of members' routes: worse than the group interface's.
const MEMBER_METRIC: u32 = 1024;
const TABLE_LOCAL: u8 = 255;

/// The routes that every interface has: destination, table, kind.
const COMMON: [(Ipv6Net, u8, RouteType); 2] = [
    (Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 64), TABLE_MAIN, RouteType::Unicast),
    (Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8), TABLE_LOCAL, RouteType::Multicast),
];

/// Makes those routes of a member worse than those of the group interface; says how many were
/// changed. The kernel makes them anew, with its own metric, whenever the member comes up or gets its link-local
/// address: call it again then, it does nothing where nothing is to be done.
pub async fn demote(handle: &Handle, member: Interface<'_>) -> Result<usize, RouteError> {
    change_metric(handle, member, KERNEL_METRIC, MEMBER_METRIC).await
}

/// Undoes [`demote`].
pub async fn restore(handle: &Handle, member: Interface<'_>) -> Result<usize, RouteError> {
    change_metric(handle, member, MEMBER_METRIC, KERNEL_METRIC).await
}

/// Without looking first: a host with a full routing table takes seconds to dump it, and this is repeated.
async fn change_metric(handle: &Handle, of: Interface<'_>, from: u32, to: u32) -> Result<usize, RouteError> {
    let mut changed = 0;
    for (destination, table, kind) in COMMON {
        let destination = IpNet::V6(destination);
        let with_metric = |metric| {
            let mut message = message(of.index, destination);
            message.header.table = table;
            message.header.kind = kind;
            message.header.protocol = RouteProtocol::Kernel;
            message.attributes.push(RouteAttribute::Priority(metric));
            message
        };
        // The new one first: the interface is never without.
        let Some(made) = append(handle, of, destination, with_metric(to)).await? else { continue };
        if remove(handle, of, destination, with_metric(from)).await? {
            changed += 1;
        } else if made {
            // There was none to replace.
            remove(handle, of, destination, with_metric(to)).await?;
        }
    }
    Ok(changed)
}

/// Adds a route beside those of other interfaces that have the same destination and metric. `false`: it was there;
/// `None`: the interface has no IPv6, or is gone.
async fn append(
    handle: &Handle,
    by: Interface<'_>,
    destination: IpNet,
    message: RouteMessage,
) -> Result<Option<bool>, RouteError> {
    let failed = |source| RouteError::Change { verb: "add", destination, ifname: by.name.to_owned(), source };
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewRoute(message));
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND;
    let mut answers = handle.clone().request(request).map_err(|error| failed(io_error(error)))?;
    while let Some(answer) = answers.next().await {
        if let NetlinkPayload::Error(error) = answer.payload {
            match -error.raw_code() {
                0 => {}
                libc::EEXIST => return Ok(Some(false)),
                libc::EACCES | libc::EAFNOSUPPORT | libc::ENODEV | libc::ENETDOWN => return Ok(None),
                _ => return Err(failed(error.to_io())),
            }
        }
    }
    Ok(Some(true))
}

#[cfg(test)]
mod tests;
