//! One route.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_route::{
    AddressFamily,
    route::{RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType, RouteVia},
};

/// A route by one interface, as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// What it reaches.
    pub destination: IpNet,
    /// The interface, of the first hop if there are several.
    pub ifindex: u32,
    /// The router, if there is one.
    pub gateway: Option<IpAddr>,
    /// Every way it leads: one, or several if the kernel shares the traffic out.
    pub hops: Vec<Hop>,
    /// The table.
    pub table: u32,
    /// Its metric; 0 if it has none.
    pub metric: u32,
    /// Who made it.
    pub protocol: RouteProtocol,
    /// How far away the destination is.
    pub scope: RouteScope,
    /// Unicast, local, multicast...
    pub kind: RouteType,
}

/// A way that a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The interface.
    pub ifindex: u32,
    /// The router, if there is one; it may be of the other family.
    pub gateway: Option<IpAddr>,
}

impl RouteInfo {
    /// Takes a route message; `None` for routes by no interface (blackhole...) and other families.
    pub fn from_message(message: &RouteMessage) -> Option<Self> {
        let header = &message.header;
        let mut destination = match header.address_family {
            AddressFamily::Inet => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            AddressFamily::Inet6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            _ => return None,
        };
        let mut ifindex = None;
        let mut gateway = None;
        let mut table = u32::from(header.table);
        let mut metric = 0;
        let mut hops = Vec::new();
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Destination(address) => destination = ip(address)?,
                RouteAttribute::Gateway(_) | RouteAttribute::Via(_) => gateway = router(attribute),
                RouteAttribute::Oif(index) => ifindex = Some(*index),
                RouteAttribute::MultiPath(several) => {
                    hops.extend(several.iter().map(|hop| Hop {
                        ifindex: hop.interface_index,
                        gateway: hop.attributes.iter().find_map(router),
                    }));
                }
                RouteAttribute::Table(number) => table = *number,
                RouteAttribute::Priority(priority) => metric = *priority,
                _ => {}
            }
        }
        hops.extend(ifindex.map(|ifindex| Hop { ifindex, gateway }));
        Some(Self {
            destination: IpNet::new(destination, header.destination_prefix_length).ok()?,
            ifindex: hops.first()?.ifindex,
            gateway,
            hops,
            table,
            metric,
            protocol: header.protocol,
            scope: header.scope,
            kind: header.kind,
        })
    }
}

/// The router that an attribute names.
fn router(attribute: &RouteAttribute) -> Option<IpAddr> {
    match attribute {
        RouteAttribute::Gateway(address) => ip(address),
        RouteAttribute::Via(RouteVia::Inet(address)) => Some(IpAddr::V4(*address)),
        RouteAttribute::Via(RouteVia::Inet6(address)) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}

pub(in crate::kernel) fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(address) => Some(IpAddr::V4(*address)),
        RouteAddress::Inet6(address) => Some(IpAddr::V6(*address)),
        _ => None,
    }
}
