//! Raw frames in and out of an interface.

use std::{io, os::fd::AsRawFd};

use socket2::{Domain, Protocol, SockAddr, SockAddrStorage, Socket, Type};

use crate::{Netns, packets::Packet};

/// A packet socket on one interface.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
}

/// Whether a frame seen on an interface came in or went out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Received by the interface.
    In,
    /// Sent by it.
    Out,
}

impl PacketSocket {
    /// Opens one that hears everything on `interface` and sends by it.
    pub fn open(netns: &Netns, interface: &str) -> Self {
        let index = netns.ifindex(interface).unwrap_or_else(|| panic!("no {interface} in {}", netns.name()));
        let all = libc::ETH_P_ALL as u16;
        let socket = netns.run(|| {
            let protocol = Protocol::from(i32::from(all.to_be()));
            Socket::new(Domain::PACKET, Type::RAW, Some(protocol)).expect("root may open packet sockets")
        });
        socket
            .bind(&address(index, all))
            .unwrap_or_else(|error| panic!("packet socket on {interface}: {error}"));
        Self { socket }
    }

    /// Sends past the queueing discipline and the programs at the interface's egress.
    #[must_use]
    pub fn bypass_qdisc(self) -> Self {
        let on: libc::c_int = 1;
        // SAFETY: the option takes an int, whose address and size are given.
        let result = unsafe {
            libc::setsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_QDISC_BYPASS,
                std::ptr::from_ref(&on).cast(),
                size_of_val(&on) as libc::socklen_t,
            )
        };
        assert!(result == 0, "PACKET_QDISC_BYPASS: {}", io::Error::last_os_error());
        self
    }

    /// Sends a frame.
    pub fn send(&self, packet: &Packet) {
        self.try_send(&packet.build()).unwrap_or_else(|error| panic!("sending {packet}: {error}"));
    }

    /// Sends the bytes of a frame, which the interface may refuse.
    pub fn try_send(&self, frame: &[u8]) -> io::Result<usize> {
        self.socket.send(frame)
    }

    /// The next frame; `None` if none comes within `wait`.
    pub(crate) fn receive(&self, buffer: &mut [u8], wait: std::time::Duration) -> Option<(usize, Direction)> {
        self.socket.set_read_timeout(Some(wait)).expect("a packet socket has a receive time-out");
        let (size, from) = self.socket.recv_from(spare(buffer)).ok()?;
        // SAFETY: a packet socket's addresses are `sockaddr_ll`, and `SockAddr` has room for any address.
        let kind = unsafe { (*from.as_ptr().cast::<libc::sockaddr_ll>()).sll_pkttype };
        let direction = if kind == libc::PACKET_OUTGOING { Direction::Out } else { Direction::In };
        Some((size, direction))
    }
}

/// Initialised bytes as the kind of buffer that `socket2` reads into.
pub(crate) fn spare(buffer: &mut [u8]) -> &mut [std::mem::MaybeUninit<u8>] {
    // SAFETY: the same bytes; `socket2` promises to write nothing uninitialised into them.
    unsafe { &mut *(std::ptr::from_mut(buffer) as *mut [std::mem::MaybeUninit<u8>]) }
}

fn address(index: u32, protocol: u16) -> SockAddr {
    let mut storage = SockAddrStorage::zeroed();
    // SAFETY: the storage has room for any address and is as aligned as any needs.
    let link = unsafe { storage.view_as::<libc::sockaddr_ll>() };
    link.sll_family = libc::AF_PACKET as u16;
    link.sll_protocol = protocol.to_be();
    link.sll_ifindex = index.cast_signed();
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the address was filled in just now, and `length` is that of its type.
    unsafe { SockAddr::new(storage, length) }
}
