//! UDP datagrams, one by one: which arrived, and how often.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use socket2::{Domain, InterfaceIndexOrAddress, Socket, Type};

use crate::{
    Netns,
    eventually::{SOON, eventually},
};

/// How long nothing must come before what has come counts as all.
const QUIET: Duration = Duration::from_millis(300);

/// A socket that receives datagrams to one port of a host.
#[derive(Debug)]
pub struct Inbox {
    socket: UdpSocket,
}

impl Inbox {
    /// Receives what comes to `port` at any address of the family of `group`; if `group` is a multicast group, joins it
    /// on `interface`.
    pub fn open(netns: &Netns, interface: &str, group: IpAddr, port: u16) -> Self {
        let index = netns.ifindex(interface).unwrap_or_else(|| panic!("no {interface} in {}", netns.name()));
        let socket = netns.run(|| {
            let any: IpAddr =
                if group.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            // A process that another thread is just starting holds copies of all sockets until it runs its program, those
            // that were closed meanwhile too.
            let bind = || UdpSocket::bind(SocketAddr::new(any, port)).map_err(|error| error.to_string());
            let socket = eventually("a free port", SOON, bind);
            match group {
                IpAddr::V4(group) if group.is_multicast() => socket2::SockRef::from(&socket)
                    .join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(index))
                    .expect("the group can be joined"),
                IpAddr::V6(group) if group.is_multicast() => {
                    socket.join_multicast_v6(&group, index).expect("the group can be joined");
                }
                _ => {}
            }
            socket
        });
        Self { socket }
    }

    /// The same on a socket that is bound to the interface.
    pub fn open_bound(netns: &Netns, interface: &str, group: IpAddr, port: u16) -> Self {
        let inbox = Self::open(netns, interface, group, port);
        let bound = socket2::SockRef::from(&inbox.socket).bind_device(Some(interface.as_bytes()));
        bound.unwrap_or_else(|error| panic!("binding to {interface}: {error}"));
        inbox
    }

    /// Everything that comes until nothing has come for a while, at least `expected` datagrams if they come soon.
    pub fn collect(&self, expected: usize) -> Vec<String> {
        let start = Instant::now();
        let mut seen = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        self.socket.set_read_timeout(Some(QUIET)).expect("a time-out above zero");
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((size, _)) => seen.push(String::from_utf8_lossy(&buffer[..size]).into_owned()),
                Err(_) if seen.len() >= expected || start.elapsed() > SOON => return seen,
                Err(_) => {}
            }
        }
    }
}

/// A socket that sends datagrams.
#[derive(Debug)]
pub struct Outbox {
    socket: Socket,
    to: SocketAddr,
}

impl Outbox {
    /// Sends to `to` by `interface`: broadcast is allowed, multicast is not looped back.
    pub fn open(netns: &Netns, interface: &str, to: SocketAddr) -> Self {
        let index = netns.ifindex(interface).unwrap_or_else(|| panic!("no {interface} in {}", netns.name()));
        let socket = netns.run(|| Socket::new(Domain::for_address(to), Type::DGRAM, None)).expect("a socket");
        let prepared = match to {
            SocketAddr::V4(_) => socket
                .set_broadcast(true)
                .and_then(|()| socket.bind_device(Some(interface.as_bytes())))
                .and_then(|()| socket.set_multicast_loop_v4(false)),
            SocketAddr::V6(_) => {
                socket.set_multicast_if_v6(index).and_then(|()| socket.set_multicast_loop_v6(false))
            }
        };
        prepared.unwrap_or_else(|error| panic!("sending by {interface}: {error}"));
        Self { socket, to }
    }

    /// Sends a datagram.
    pub fn send(&self, text: &str) {
        self.socket
            .send_to(text.as_bytes(), &self.to.into())
            .unwrap_or_else(|error| panic!("sending to {}: {error}", self.to));
    }

    /// Sends `count` datagrams with the texts `0`, `1`, .. and gives these texts.
    pub fn send_numbered(&self, count: usize) -> Vec<String> {
        let texts: Vec<_> = (0..count).map(|number| number.to_string()).collect();
        for text in &texts {
            self.send(text);
        }
        texts
    }
}
