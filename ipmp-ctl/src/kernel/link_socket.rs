//! Frames from member to member: a packet socket that speaks and hears one protocol of our own on one interface.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
};

use ipmp_common::member::Mac;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::ifreq;

/// The first of the two `EtherType`s that IEEE 802 keeps for local experiments: programs and switches leave it alone.
pub const ETHER_TYPE: u16 = 0x88b5;

/// Octets before the payload.
const HEADER: usize = 14;

/// The shortest Ethernet frame, without its checksum.
const SHORTEST: usize = 60;

/// The longest payload that is received.
pub const LONGEST: usize = 256;

/// A socket bound to one interface.
#[derive(Debug)]
pub struct LinkSocket {
    socket: OwnedFd,
    mac: Mac,
}

impl LinkSocket {
    /// Opens one. It hears from then on.
    ///
    /// # Errors
    /// What the kernel says; `InvalidInput` if the interface is not Ethernet.
    pub fn open(ifname: &str) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        // Of no protocol until it is bound: it would hear all interfaces.
        let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None)?;
        let mut address = address();
        address.sll_ifindex = ifreq::index_of(ifname)?.cast_signed();
        let mut length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: the descriptor is open and the address has the stated size.
        let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
        // SAFETY: as above; the kernel writes no more than the stated size.
        let named =
            unsafe { libc::getsockname(socket.as_raw_fd(), (&raw mut address).cast(), &raw mut length) };
        if bound != 0 || named != 0 {
            return Err(io::Error::last_os_error());
        }
        if address.sll_hatype != libc::ARPHRD_ETHER {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an Ethernet interface"));
        }
        let [a, b, c, d, e, f, ..] = address.sll_addr;
        Ok(Self { socket, mac: Mac { bytes: [a, b, c, d, e, f] } })
    }

    /// Broadcasts a payload.
    ///
    /// # Errors
    /// `ENETDOWN` if the interface is down.
    pub fn broadcast(&self, payload: &[u8]) -> io::Result<()> {
        let mut frame = [&[0xff; 6][..], &self.mac.bytes, &ETHER_TYPE.to_be_bytes(), payload].concat();
        frame.resize(frame.len().max(SHORTEST), 0);
        // SAFETY: the descriptor is open, and the frame lives, and has the stated size, through the call.
        let sent = unsafe { libc::send(self.socket.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// The payload of the next frame that has come in; `None`: there is none now. What we send ourselves is not among them.
    ///
    /// # Errors
    /// `ENETDOWN` if the interface has gone down.
    pub fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        let mut frame = [0; HEADER + LONGEST];
        let mut from = address();
        let mut length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // SAFETY: the descriptor is open; the kernel writes no more than the stated sizes.
        let size = unsafe {
            libc::recvfrom(
                self.socket.as_raw_fd(),
                frame.as_mut_ptr().cast(),
                frame.len(),
                0,
                (&raw mut from).cast(),
                &raw mut length,
            )
        };
        match usize::try_from(size) {
            Ok(_) if from.sll_pkttype == libc::PACKET_OUTGOING => Ok(Some(Vec::new())),
            Ok(size) => Ok(Some(frame.get(HEADER..size).unwrap_or_default().to_vec())),
            Err(_) => match io::Error::last_os_error() {
                error if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                error => Err(error),
            },
        }
    }
}

impl AsFd for LinkSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn address() -> libc::sockaddr_ll {
    // SAFETY: a sockaddr_ll is plain data, for which all zeros are a valid value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    address.sll_protocol = ETHER_TYPE.to_be();
    address
}
