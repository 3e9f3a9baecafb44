//! Asking routers to advertise themselves now.

use std::{
    io,
    net::{Ipv6Addr, SocketAddrV6},
};

use socket2::{Domain, Protocol, Socket, Type};

use super::ifreq;

/// Type of a router solicitation; code, checksum and reserved field are zero, and the kernel fills in the checksum.
const ROUTER_SOLICITATION: [u8; 8] = [133, 0, 0, 0, 0, 0, 0, 0];

/// All routers on the link.
const ALL_ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);

/// Sends a router solicitation by an interface.
///
/// # Errors
/// What the kernel says: the interface is down, or has no IPv6.
pub fn router(ifname: &str) -> io::Result<()> {
    let ifindex = ifreq::index_of(ifname)?;
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_nonblocking(true)?;
    socket.set_multicast_if_v6(ifindex)?;
    // Routers ignore any that was forwarded.
    socket.set_multicast_hops_v6(255)?;
    let to = SocketAddrV6::new(ALL_ROUTERS, 0, 0, ifindex);
    socket.send_to(&ROUTER_SOLICITATION, &to.into()).map(drop)
}
