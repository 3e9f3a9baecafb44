//! Raw sockets that send probes: one for each test address, bound to it and to its member.
//!
//! Answers to probes of one target are counted by the packet path and never get here. What a socket receives is who
//! answered a multicast probe, since nobody else knows.

mod filter;
mod listen;
pub mod request;

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use rustix::net::{RecvFlags, recvfrom};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

pub use self::{listen::Listening, request::EchoRequest};

/// Hops that a probe lives: targets are on the link.
const HOPS: u32 = 1;

/// Room for some dozens of answers; the kernel counts each with its buffers.
const RECEIVE_BUFFER: usize = 32 * 1024;

/// `TC_PRIO_CONTROL`: a queue of the host's own making must not look like a silent link.
const PRIORITY: u32 = 7;

/// Longest answer that is looked at, in bytes: header with options, and our message.
const LONGEST: usize = 128;

/// Answers read in one go: others wait their turn.
const AT_ONCE: usize = 32;

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[error("cannot probe from {source_address} on interface {interface}: {what}: {source}{hint}", hint = hint(.source))]
pub struct ProbeSocketError {
    source_address: IpAddr,
    interface: String,
    what: &'static str,
    source: io::Error,
}

fn hint(source: &io::Error) -> &'static str {
    match source.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => "; the interface has no such address, or it is tentative or a duplicate",
        Some(libc::EPERM | libc::EACCES) => "; this needs CAP_NET_RAW (root)",
        _ => "",
    }
}

/// Who answered what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who.
    pub from: IpAddr,
    /// The probe.
    pub request: EchoRequest,
}

/// A socket for the probes of one test address.
#[derive(Debug)]
pub struct ProbeSocket {
    socket: Socket,
    /// Scope of link-local addresses.
    ifindex: u32,
}

impl ProbeSocket {
    /// Opens a socket for probes from `source` by `interface`. It hears only answers to requests with `identifier`.
    pub fn open(
        source: IpAddr,
        interface: &str,
        ifindex: u32,
        identifier: u16,
    ) -> Result<Self, ProbeSocketError> {
        let failed = |what| {
            move |error| ProbeSocketError {
                source_address: source,
                interface: interface.to_owned(),
                what,
                source: error,
            }
        };
        let (domain, protocol) = match source {
            IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
            IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
        };
        let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))
            .map_err(failed("opening a raw socket"))?;
        socket
            .attach_filter(&filter::answers(source, identifier))
            .map_err(failed("filtering what it receives"))?;
        socket.set_recv_buffer_size(RECEIVE_BUFFER).map_err(failed("limiting its buffer"))?;
        socket.bind_device(Some(interface.as_bytes())).map_err(failed("binding to the interface"))?;
        socket.set_priority(PRIORITY).map_err(failed("setting its priority"))?;
        restrict(&socket, source).map_err(failed("keeping its packets on the link"))?;
        let socket = Self { socket, ifindex };
        socket.socket.bind(&socket.place(source)).map_err(failed("binding to the address"))?;
        Ok(socket)
    }

    /// Sends a probe. What would block is taken for sent: a driver that hangs is a failure like any other.
    ///
    /// # Errors
    /// Nothing was sent: the interface is down, or has lost its address.
    pub fn send(&self, target: IpAddr, message: &[u8]) -> io::Result<()> {
        match self.socket.send_to(message, &self.place(target)) {
            Err(error) if would_block(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Takes the answers that have arrived, a bounded number of them.
    pub fn answers(&self) -> Vec<Answer> {
        let mut found = Vec::new();
        for _ in 0..AT_ONCE {
            let mut packet = [0; LONGEST];
            let received = recvfrom(&self.socket, &mut packet[..], RecvFlags::DONTWAIT);
            let Ok((length, _, from)) = received else { break };
            let Some(from) = from.and_then(|from| SocketAddr::try_from(from).ok()) else { continue };
            let from = from.ip();
            let request = request::answered(from, &packet[..length]);
            found.extend(request.map(|request| Answer { from, request }));
        }
        found
    }

    fn place(&self, address: IpAddr) -> SockAddr {
        match address {
            IpAddr::V4(_) => SocketAddr::new(address, 0).into(),
            IpAddr::V6(address) => SocketAddrV6::new(address, 0, 0, self.scope(address)).into(),
        }
    }

    fn scope(&self, address: Ipv6Addr) -> u32 {
        if address.is_unicast_link_local() || address.is_multicast() { self.ifindex } else { 0 }
    }
}

impl AsFd for ProbeSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The queue of the device is full, or the buffer of the socket.
fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::ENOBUFS)
}

/// Probes reach the link and no farther, and not this host itself.
fn restrict(socket: &Socket, source: IpAddr) -> io::Result<()> {
    match source {
        IpAddr::V4(_) => {
            socket.set_ttl_v4(HOPS)?;
            socket.set_multicast_ttl_v4(HOPS)?;
            socket.set_multicast_loop_v4(false)?;
            never_by_a_router(socket)
        }
        IpAddr::V6(_) => {
            socket.set_unicast_hops_v6(HOPS)?;
            socket.set_multicast_hops_v6(HOPS)?;
            socket.set_multicast_loop_v6(false)
        }
    }
}

/// `SO_DONTROUTE`: whatever routes lead by the member, the target is on the link.
fn never_by_a_router(socket: &Socket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open, and the option takes an int, whose address and size are given.
    let status = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_DONTROUTE,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
