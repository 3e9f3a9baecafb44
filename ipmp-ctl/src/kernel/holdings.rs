//! What an interface holds, its addresses and routes, exactly as the kernel tells it: to be put on another interface and back
//! without losing a flag, a lifetime or a metric.
//!
//! Every operation may be repeated: what is there already, or gone already, is no error. Putting and taking are separate, and
//! whoever moves something puts it there before he takes it here, so that at no time the host is without.

mod address;
mod route;
pub mod stand_in;

use std::{io, time::Duration};

use futures::StreamExt;
use ipnet::IpNet;
use netlink_packet_core::{
    Emitable, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::{
    AddressFamily, RouteNetlinkMessage,
    address::AddressMessage,
    route::{RouteMessage, RouteType},
};
use rtnetlink::Handle;

pub use self::{address::HeldAddress, route::HeldRoute};
use super::{
    addresses::in_order,
    netlink::{NetlinkError, connect_strictly, dump, dump_of, dump_routes_by, io_error},
};

/// An address or a route could not be moved.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {what}: {source}")]
pub struct HoldingError {
    verb: &'static str,
    what: String,
    source: io::Error,
}

/// The addresses and routes of some interfaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// In the kernel's order: the first of a subnet, among equally good ones, is the one that it sends from.
    pub addresses: Vec<HeldAddress>,
    /// In an order in which they can be put: those that others need to reach their router come first.
    pub routes: Vec<HeldRoute>,
}

impl Holdings {
    /// All that this network namespace holds.
    pub async fn read(handle: &Handle) -> Result<Self, NetlinkError> {
        let request = RouteNetlinkMessage::GetAddress(AddressMessage::default());
        let addresses = dump_of(handle, "addresses", request, |message| match message {
            RouteNetlinkMessage::NewAddress(address) => HeldAddress::new(address),
            _ => None,
        })
        .await?;
        let mut routes: Vec<HeldRoute> = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut request = RouteMessage::default();
            request.header.address_family = family;
            let request = RouteNetlinkMessage::GetRoute(request);
            let found = dump_of(handle, "routes", request, |message| match message {
                RouteNetlinkMessage::NewRoute(route) => Some(HeldRoute::all(route)),
                _ => None,
            });
            routes.extend(found.await?.into_iter().flatten());
        }
        routes.sort_by_key(HeldRoute::rank);
        for route in &mut routes {
            route.find_maker(&addresses);
        }
        Ok(Self { addresses, routes })
    }

    /// Those of one interface.
    #[must_use]
    pub fn of(&self, ifindex: u32) -> Self {
        let addresses = self.addresses.iter().filter(|address| address.info().ifindex == ifindex);
        let routes = self.routes.iter().filter(|route| route.info().ifindex == ifindex);
        Self { addresses: addresses.cloned().collect(), routes: routes.cloned().collect() }
    }
}

/// Puts addresses on their interfaces, where the kernel is to prefer them in this order; those that are there get these flags and
/// this lifetime. IPv6 addresses are usable at once: nobody else can have them, since this host had them a moment ago.
pub async fn put_addresses(handle: &Handle, addresses: &[HeldAddress]) -> Vec<HoldingError> {
    let mut errors = Vec::new();
    for address in in_order(addresses, |held| held.info().address) {
        errors.extend(put_address(handle, address, address.unchecked_message()).await.err());
    }
    until_usable(handle, addresses).await;
    for address in addresses {
        // The kernel would check for duplicates now if it were told so any earlier.
        if let Some(message) = address.final_message() {
            errors.extend(put_address(handle, address, message).await.err());
        }
    }
    errors
}

async fn put_address(
    handle: &Handle,
    address: &HeldAddress,
    message: AddressMessage,
) -> Result<(), HoldingError> {
    let sent = send(handle, RouteNetlinkMessage::NewAddress(message), NLM_F_CREATE | NLM_F_REPLACE).await;
    sent.or_else(ignore(&[libc::EEXIST])).map_err(failed("put", address.to_string()))
}

/// Waits until the kernel delivers what comes for these IPv6 addresses: a work queue of its own makes the routes for that, in a
/// moment.
async fn until_usable(handle: &Handle, addresses: &[HeldAddress]) {
    const PAUSE: Duration = Duration::from_millis(5);
    const MOST: usize = 100;
    let (Ok(snapshot), Ok(strict)) = (dump(handle).await, connect_strictly()) else { return };
    let is_up = |held: &&HeldAddress| {
        held.info().address.is_ipv6()
            && snapshot.links.get(&held.info().ifindex).is_some_and(|link| link.admin_up)
    };
    for held in addresses.iter().filter(is_up) {
        let (ifindex, own) = (held.info().ifindex, IpNet::from(held.info().address));
        for _ in 0..MOST {
            let Ok(routes) = dump_routes_by(&strict, ifindex).await else { return };
            if routes.iter().any(|route| route.kind == RouteType::Local && route.destination == own) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Takes an address from its interface.
pub async fn take_address(handle: &Handle, address: &HeldAddress) -> Result<(), HoldingError> {
    let sent = send(handle, RouteNetlinkMessage::DelAddress(address.take_message()), 0).await;
    sent.or_else(ignore(&[libc::EADDRNOTAVAIL, libc::ENODEV])).map_err(failed("remove", address.to_string()))
}

/// Puts a route beside those of other interfaces that have the same destination and metric.
pub async fn put_route(handle: &Handle, route: &HeldRoute) -> Result<(), HoldingError> {
    let message = RouteNetlinkMessage::NewRoute(route.message().clone());
    let sent = send(handle, message, NLM_F_CREATE | NLM_F_APPEND).await;
    sent.or_else(ignore(&[libc::EEXIST])).map_err(failed("put", route.to_string()))
}

/// Takes a route away.
pub async fn take_route(handle: &Handle, route: &HeldRoute) -> Result<(), HoldingError> {
    let sent = send(handle, RouteNetlinkMessage::DelRoute(route.message().clone()), 0).await;
    sent.or_else(ignore(&[libc::ESRCH, libc::ENODEV])).map_err(failed("remove", route.to_string()))
}

fn failed(verb: &'static str, what: String) -> impl FnOnce(io::Error) -> HoldingError {
    move |source| HoldingError { verb, what, source }
}

/// Takes these errors for success.
fn ignore(codes: &'static [i32]) -> impl FnOnce(io::Error) -> io::Result<()> {
    move |error| match error.raw_os_error() {
        Some(code) if codes.contains(&code) => Ok(()),
        _ => Err(error),
    }
}

async fn send(handle: &Handle, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
    let mut request = NetlinkMessage::from(message);
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    let mut answers = handle.clone().request(request).map_err(io_error)?;
    while let Some(answer) = answers.next().await {
        if let NetlinkPayload::Error(error) = answer.payload
            && error.raw_code() != 0
        {
            return Err(error.to_io());
        }
    }
    Ok(())
}

/// A message as hexadecimal digits, for a file.
fn to_hex(message: &impl Emitable) -> String {
    let mut bytes = vec![0; message.buffer_len()];
    message.emit(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// The bytes of hexadecimal digits.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.len().is_multiple_of(2).then_some(())?;
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
