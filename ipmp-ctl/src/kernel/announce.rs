//! Frames that tell the link, or the kernel, where things are now.
//!
//! All of them go out by a packet socket on the named interface, past the group's programs. The builders are pure.

pub mod arp;
pub mod checksum;
pub mod loopback;
pub mod nd;
pub mod query;

use std::{
    io,
    net::IpAddr,
    os::fd::{AsRawFd, OwnedFd},
};

use ipmp_common::member::Mac;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// A frame could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    /// No packet socket.
    #[error("cannot open a packet socket: {0}; this needs CAP_NET_RAW (root)")]
    Open(io::Error),
    /// The interface did not take the frame.
    #[error("cannot send {what} by interface number {ifindex}: {source}")]
    Send {
        /// What it was.
        what: &'static str,
        /// The interface.
        ifindex: u32,
        /// What the kernel said: `ENETDOWN` while it is down, `ENXIO` if it is gone.
        source: io::Error,
    },
}

impl AnnounceError {
    /// Whether the interface is down or gone, which another part of the daemon handles.
    pub fn is_link_down(&self) -> bool {
        matches!(self, Self::Send { source, .. }
            if matches!(source.raw_os_error(), Some(libc::ENETDOWN | libc::ENXIO | libc::ENODEV)))
    }
}

/// Sends announcements by any interface of this network namespace.
#[derive(Debug)]
pub struct Announcer {
    socket: OwnedFd,
}

impl Announcer {
    /// Opens the socket, which receives nothing.
    pub fn open() -> Result<Self, AnnounceError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)
            .map(|socket| Self { socket })
            .map_err(|error| AnnounceError::Open(error.into()))
    }

    /// Tells the link that `address` is at `mac`, once: a gratuitous ARP or an unsolicited neighbour advertisement.
    /// `router`: whether the group interface forwards IPv6 ([`super::sysctl::is_ipv6_router`]).
    pub fn announce(
        &self,
        ifindex: u32,
        mac: Mac,
        address: IpAddr,
        router: bool,
    ) -> Result<(), AnnounceError> {
        match address {
            IpAddr::V4(address) => self.send("a gratuitous ARP", ifindex, &arp::gratuitous(mac, address)),
            IpAddr::V6(address) => {
                self.send("a neighbour advertisement", ifindex, &nd::unsolicited(mac, address, router))
            }
        }
    }

    /// Makes switches remember the member's MAC.
    pub fn keep_alive(&self, ifindex: u32, mac: Mac) -> Result<(), AnnounceError> {
        self.send("a keep-alive frame", ifindex, &loopback::to_itself(mac))
    }

    /// Makes the kernel report the group's multicast memberships: a general query of IGMPv3 and one of MLDv2, sent by
    /// the *peer* of the group interface, so that the group interface receives them. They never leave the host. Needs
    /// the peer up.
    pub fn membership_queries(&self, peer_ifindex: u32, peer_mac: Mac) -> Result<(), AnnounceError> {
        self.send("an IGMP query", peer_ifindex, &query::igmp_v3(peer_mac))?;
        self.send("an MLD query", peer_ifindex, &query::mld_v2(peer_mac))
    }

    fn send(&self, what: &'static str, ifindex: u32, frame: &[u8]) -> Result<(), AnnounceError> {
        // SAFETY: a sockaddr_ll is plain data, for which all zeros are a valid value.
        let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        to.sll_family = libc::AF_PACKET as u16;
        to.sll_protocol = u16::from_ne_bytes([frame[12], frame[13]]);
        to.sll_ifindex = ifindex.cast_signed();
        // SAFETY: the descriptor is open, and frame and address live, and have the stated sizes, through the call.
        let sent = unsafe {
            libc::sendto(
                self.socket.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                0,
                (&raw const to).cast(),
                size_of::<libc::sockaddr_ll>() as libc::socklen_t,
            )
        };
        if sent < 0 {
            return Err(AnnounceError::Send { what, ifindex, source: io::Error::last_os_error() });
        }
        Ok(())
    }
}

/// The Ethernet header of a frame.
fn ethernet(to: [u8; 6], from: Mac, ethertype: u16) -> Vec<u8> {
    [&to[..], &from.bytes, &ethertype.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
