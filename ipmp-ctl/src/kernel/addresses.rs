//! Putting addresses on interfaces and taking them away.

pub mod dummy;

use std::{io, net::IpAddr};

use ipnet::IpNet;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol, AddressScope,
};
use rtnetlink::Handle;

use super::netlink::io_error;

/// What we sign the addresses with that we put somewhere (`proto` in `ip addr`), to know them again when the configuration
/// no longer names them. Kernels before 5.18 do not keep it.
pub const SIGNATURE: u8 = 0x1b;

/// An address could not be put on an interface or taken away.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} address {address} on interface {ifname}: {source}{hint}", hint = hint(.source))]
pub struct AddressError {
    verb: &'static str,
    address: IpNet,
    ifname: String,
    source: io::Error,
}

fn hint(source: &io::Error) -> &'static str {
    match source.raw_os_error() {
        Some(libc::EACCES) => "; IPv6 is switched off there (sysctl net.ipv6.conf.*.disable_ipv6)",
        Some(libc::EPERM) => "; this needs CAP_NET_ADMIN (root)",
        _ => "",
    }
}

/// An interface by index, with its name for messages.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its index.
    pub index: u32,
}

/// Addresses in the order in which they have to be put, so that the kernel prefers them in the order given: of the IPv4 addresses
/// of a subnet it sends from the one that came first, and of IPv6 ones that are equally good from the one that came last.
pub fn in_order<T>(preferred: &[T], address: impl Fn(&T) -> IpAddr) -> impl Iterator<Item = &T> {
    let (v4, v6): (Vec<_>, Vec<_>) = preferred.iter().partition(|it| address(it).is_ipv4());
    v4.into_iter().chain(v6.into_iter().rev())
}

/// Puts a data address on the group interface. `false` if it was there already.
pub async fn add_address(handle: &Handle, to: Interface<'_>, address: IpNet) -> Result<bool, AddressError> {
    add(handle, to, address, AddressScope::Universe, AddressFlags::empty()).await
}

/// Puts an address back on the group interface that somebody else had put there. `false` if it was there already.
pub async fn add_foreign_address(
    handle: &Handle,
    to: Interface<'_>,
    address: IpNet,
) -> Result<bool, AddressError> {
    execute_add(
        handle,
        to,
        address,
        message(to.index, address, AddressScope::Universe, AddressFlags::empty()),
    )
    .await
}

/// Puts a test address on a member: alone (`/32`, `/128`), with link scope, making no route. `false` if it was there.
pub async fn add_test_address(
    handle: &Handle,
    to: Interface<'_>,
    address: IpAddr,
) -> Result<bool, AddressError> {
    add(handle, to, IpNet::from(address), AddressScope::Link, AddressFlags::Noprefixroute).await
}

/// Takes an address away. `false` if it, or the interface, was not there.
pub async fn remove_address(
    handle: &Handle,
    from: Interface<'_>,
    address: IpNet,
) -> Result<bool, AddressError> {
    let message = message(from.index, address, AddressScope::Universe, AddressFlags::empty());
    match handle.address().del(message).execute().await.map_err(io_error) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.raw_os_error(), Some(libc::EADDRNOTAVAIL | libc::ENODEV)) => Ok(false),
        Err(source) => Err(AddressError { verb: "remove", address, ifname: from.name.to_owned(), source }),
    }
}

async fn add(
    handle: &Handle,
    to: Interface<'_>,
    address: IpNet,
    scope: AddressScope,
    flags: AddressFlags,
) -> Result<bool, AddressError> {
    let mut message = message(to.index, address, scope, flags);
    message.attributes.push(AddressAttribute::Protocol(AddressProtocol::Other(SIGNATURE)));
    execute_add(handle, to, address, message).await
}

async fn execute_add(
    handle: &Handle,
    to: Interface<'_>,
    address: IpNet,
    message: AddressMessage,
) -> Result<bool, AddressError> {
    let mut request = handle.address().add(to.index, address.addr(), address.prefix_len());
    *request.message_mut() = message;
    match request.execute().await.map_err(io_error) {
        Ok(()) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(false),
        Err(source) => Err(AddressError { verb: "put", address, ifname: to.name.to_owned(), source }),
    }
}

fn message(ifindex: u32, net: IpNet, scope: AddressScope, flags: AddressFlags) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = ifindex;
    message.header.prefix_len = net.prefix_len();
    message.header.scope = scope;
    message.header.family = match net {
        IpNet::V4(_) => netlink_packet_route::AddressFamily::Inet,
        IpNet::V6(_) => netlink_packet_route::AddressFamily::Inet6,
    };
    message.attributes = vec![AddressAttribute::Local(net.addr()), AddressAttribute::Address(net.addr())];
    if let IpNet::V4(net) = net
        && net.prefix_len() < 31
        && scope == AddressScope::Universe
    {
        message.attributes.push(AddressAttribute::Broadcast(net.broadcast()));
    }
    if !flags.is_empty() {
        message.attributes.push(AddressAttribute::Flags(flags));
    }
    message
}

#[cfg(test)]
mod tests;
