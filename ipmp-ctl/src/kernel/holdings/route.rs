//! One route that an interface holds.

use std::fmt;

use ipnet::IpNet;
use netlink_packet_core::Parseable;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteMessage, RouteNextHop, RouteNextHopFlags, RouteProtocol, RouteType,
};
use serde::{Deserialize, Serialize};

use super::{HeldAddress, from_hex, to_hex};
use crate::kernel::netlink::RouteInfo;

const TABLE_MAIN: u32 = 254;
const TABLE_LOCAL: u32 = 255;

/// The kernel counts the time that a route has left in these ticks a second.
const TICKS: u32 = 100;

/// What is wrong with a route.
type Words = &'static str;

/// A route as the kernel told it, with its interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeldRoute {
    /// Only what can be asked for.
    message: RouteMessage,
    info: RouteInfo,
    strange: Option<Words>,
    /// Somebody has made it in the kernel's name: `NetworkManager` makes the routes of subnets by itself.
    posed: bool,
}

/// Before a route in text that somebody has made in the kernel's name.
const POSED: char = '+';

impl HeldRoute {
    /// Takes a route message, which may stand for several IPv6 routes: the kernel shows those of the same destination and metric
    /// as one, and yet each of them can be put and taken alone.
    pub fn all(message: RouteMessage) -> Vec<Self> {
        if message.header.address_family != AddressFamily::Inet6 {
            return Self::new(message).into_iter().collect();
        }
        let hops: Vec<_> = message.attributes.iter().filter_map(hops_of).flatten().cloned().collect();
        if hops.is_empty() {
            return Self::new(message).into_iter().collect();
        }
        let alone = |hop: RouteNextHop| {
            let mut message = message.clone();
            message.attributes.retain(|attribute| hops_of(attribute).is_none());
            message.attributes.push(RouteAttribute::Oif(hop.interface_index));
            let gateways = hop.attributes.into_iter().filter(|it| matches!(it, RouteAttribute::Gateway(_)));
            message.attributes.extend(gateways);
            message.header.flags.set(RouteFlags::Onlink, hop.flags.contains(RouteNextHopFlags::Onlink));
            Self::new(message)
        };
        hops.into_iter().filter_map(alone).collect()
    }

    /// Takes a route message; `None` for routes by no interface and other families.
    pub fn new(mut message: RouteMessage) -> Option<Self> {
        let info = RouteInfo::from_message(&message)?;
        let strange = message.attributes.iter().find_map(strange);
        let cached = message.header.flags.contains(RouteFlags::Cloned);
        let expires = message.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::CacheInfo(info) if info.expires > 0 => Some(info.expires / TICKS),
            _ => None,
        });
        message.attributes.retain(can_be_asked_for);
        message.attributes.extend(expires.map(RouteAttribute::Expires));
        message.header.flags &= RouteFlags::Onlink;
        (!cached).then_some(Self { message, info, strange, posed: false })
    }

    /// What the rest of the program knows of it.
    pub const fn info(&self) -> &RouteInfo {
        &self.info
    }

    /// Why it cannot be moved, if so: what it is.
    pub fn strange(&self) -> Option<&'static str> {
        if self.info.hops.len() > 1 { Some("has several next hops") } else { self.strange }
    }

    /// Whether it is unicast beyond what every interface has.
    pub fn is_own(&self) -> bool {
        let common = match self.info.destination {
            IpNet::V4(_) => false,
            IpNet::V6(net) => net.addr().is_unicast_link_local() || net.addr().is_multicast(),
        };
        self.info.kind == RouteType::Unicast && self.info.table != TABLE_LOCAL && !common
    }

    /// Whether somebody has made it: not the kernel, along with an address.
    pub fn is_made(&self) -> bool {
        self.is_own() && (self.info.protocol != RouteProtocol::Kernel || self.posed)
    }

    /// Sees, by the addresses of this network namespace, whether the kernel has made it: not if it is the route of a subnet,
    /// and each address in that is one with which the kernel makes none (`noprefixroute`).
    pub(super) fn find_maker(&mut self, addresses: &[HeldAddress]) {
        let (ifindex, to) = (self.info.ifindex, self.info.destination);
        let is_in = |held: &&HeldAddress| held.info().ifindex == ifindex && held.info().net().trunc() == to;
        let mut within = addresses.iter().filter(is_in).peekable();
        self.posed = self.info.protocol == RouteProtocol::Kernel
            && within.peek().is_some()
            && within.all(HeldAddress::has_no_route);
    }

    /// Whether the kernel has made it of a router's advertisement.
    pub fn is_advertised(&self) -> bool {
        self.info.protocol == RouteProtocol::Ra && self.expires_s().is_some()
    }

    /// How long it had left when it was read, in seconds; `None`: for ever.
    pub fn expires_s(&self) -> Option<u32> {
        self.message.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::Expires(left) => Some(*left),
            _ => None,
        })
    }

    /// Whether it is the default route of its table.
    pub fn is_default(&self) -> bool {
        self.info.destination.prefix_len() == 0
    }

    /// Whether its router need not be inside a subnet.
    pub fn is_onlink(&self) -> bool {
        self.message.header.flags.contains(RouteFlags::Onlink)
    }

    /// Whether the configuration can say it, and if so with which source.
    pub fn preferred_source(&self) -> Option<std::net::IpAddr> {
        self.message.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::PrefSource(source) => super::super::netlink::route::ip(source),
            _ => None,
        })
    }

    /// Whether `default|PREFIX via ADDR [metric N] [src ADDR]` says all of it.
    pub fn is_plain(&self) -> bool {
        let is_plain = |attribute: &RouteAttribute| match attribute {
            RouteAttribute::Destination(_)
            | RouteAttribute::Gateway(_)
            | RouteAttribute::Oif(_)
            | RouteAttribute::Priority(_)
            | RouteAttribute::PrefSource(_)
            | RouteAttribute::Table(_) => true,
            RouteAttribute::Preference(preference) => u8::from(*preference) == 0,
            RouteAttribute::Metrics(metrics) => metrics.is_empty(),
            _ => false,
        };
        let by_router = matches!((self.info.gateway, self.info.destination),
            (Some(via), to) if via.is_ipv4() == to.addr().is_ipv4());
        by_router
            && self.info.table == TABLE_MAIN
            && self.message.header.tos == 0
            && !self.is_onlink()
            && self.message.attributes.iter().all(is_plain)
    }

    /// The same by another interface.
    #[must_use]
    pub fn moved(&self, ifindex: u32) -> Self {
        let mut moved = self.clone();
        for attribute in &mut moved.message.attributes {
            if let RouteAttribute::Oif(index) = attribute {
                *index = ifindex;
            }
        }
        moved.info.ifindex = ifindex;
        moved.info.hops.iter_mut().for_each(|hop| hop.ifindex = ifindex);
        moved
    }

    /// The same, but worse than the one that the kernel will make of the next advertisement, which it would not make beside
    /// an equal one.
    #[must_use]
    pub fn standing_in(mut self) -> Self {
        self.info.metric += 1;
        self.message.attributes.retain(|it| !matches!(it, RouteAttribute::Priority(_)));
        self.message.attributes.push(RouteAttribute::Priority(self.info.metric));
        self
    }

    /// The same after so many seconds. `None`: its time is over.
    pub fn aged(mut self, seconds: u32) -> Option<Self> {
        for attribute in &mut self.message.attributes {
            if let RouteAttribute::Expires(left) = attribute {
                *left = left.checked_sub(seconds).filter(|left| *left > 0)?;
            }
        }
        Some(self)
    }

    /// Its place in an order in which routes can be put: without router first, then from the narrowest to the widest.
    pub(super) fn rank(&self) -> (bool, u8) {
        (self.info.gateway.is_some(), u8::MAX - self.info.destination.prefix_len())
    }

    /// What is asked of the kernel.
    pub(super) const fn message(&self) -> &RouteMessage {
        &self.message
    }
}

/// The next hops, where there are several.
fn hops_of(attribute: &RouteAttribute) -> Option<&Vec<RouteNextHop>> {
    if let RouteAttribute::MultiPath(hops) = attribute { Some(hops) } else { None }
}

/// What cannot be carried from one interface to another, in words.
fn strange(attribute: &RouteAttribute) -> Option<&'static str> {
    match attribute {
        RouteAttribute::MultiPath(_) => Some("has several next hops"),
        RouteAttribute::NhId(_) => Some("uses a next-hop object"),
        RouteAttribute::Encap(_) | RouteAttribute::EncapType(_) => Some("encapsulates"),
        RouteAttribute::NewDestination(_) => Some("is a label route"),
        _ => None,
    }
}

fn can_be_asked_for(attribute: &RouteAttribute) -> bool {
    matches!(
        attribute,
        RouteAttribute::Destination(_)
            | RouteAttribute::Source(_)
            | RouteAttribute::Gateway(_)
            | RouteAttribute::Via(_)
            | RouteAttribute::Oif(_)
            | RouteAttribute::Priority(_)
            | RouteAttribute::PrefSource(_)
            | RouteAttribute::Metrics(_)
            | RouteAttribute::Table(_)
            | RouteAttribute::Preference(_)
            | RouteAttribute::Realm(_)
            | RouteAttribute::Expires(_)
    )
}

impl fmt::Display for HeldRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RouteInfo { destination, gateway, table, metric, .. } = &self.info;
        match destination {
            _ if self.is_default() && destination.addr().is_ipv6() => f.write_str("IPv6 default route")?,
            _ if self.is_default() => f.write_str("default route")?,
            destination => write!(f, "route to {destination}")?,
        }
        if let Some(gateway) = gateway {
            write!(f, " via {gateway}")?;
        }
        if *metric != 0 {
            write!(f, " metric {metric}")?;
        }
        if let Some(source) = self.preferred_source() {
            write!(f, " src {source}")?;
        }
        if *table == TABLE_MAIN { Ok(()) } else { write!(f, " table {table}") }
    }
}

impl From<HeldRoute> for String {
    fn from(route: HeldRoute) -> Self {
        let digits = to_hex(&route.message);
        if route.posed { format!("{POSED}{digits}") } else { digits }
    }
}

impl TryFrom<String> for HeldRoute {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (posed, digits) = text.strip_prefix(POSED).map_or((false, &*text), |digits| (true, digits));
        let bytes = from_hex(digits).ok_or("not hexadecimal digits")?;
        let message = RouteMessage::parse(&bytes).map_err(|_| "not a route message")?;
        let route = Self::new(message).ok_or("by no interface")?;
        Ok(Self { posed, ..route })
    }
}
