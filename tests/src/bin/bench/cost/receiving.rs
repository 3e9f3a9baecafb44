//! Receiving over a veth pair into a UDP socket.

use std::{
    io,
    net::{SocketAddr, UdpSocket},
    os::fd::AsRawFd,
};

use ipmp_common::member::Mac;
use ipmp_tests::{
    Daemon, Netns,
    pktgen::{Entry, Generated},
};

use super::{Bench, Family, System, group, packets};

/// What is compared, in the order of the table.
pub(super) const SYSTEMS: &[System] = &[System::Bare, System::Layer34, System::IpmpMember, System::IpmpGroup];

/// Room of the socket: it is read when all packets are there.
const ROOM: libc::c_int = 256 << 20;

/// A host with one NIC, `e0`, whose cable ends at the NIC `p0` of another.
pub(super) struct Receiving {
    other: Netns,
    family: Family,
    to_mac: Mac,
    socket: UdpSocket,
    /// Ended, so that its clocks do not count; what it made is removed with the value.
    _daemon: Option<Daemon>,
    _host: Netns,
}

impl Receiving {
    /// Sets it up.
    pub(super) fn new(system: System, family: Family) -> Self {
        let (host, other) = (Netns::new("cost"), Netns::new("other"));
        for netns in [&host, &other] {
            netns.set("ipv6/conf/default/accept_dad", "0");
        }
        host.ip(&format!("link add e0 type veth peer name p0 netns {}", other.name()));
        other.set_up("p0", true);
        let (here, there) = family.addresses();
        let length = match family {
            Family::V4 => 24,
            Family::V6 => 64,
        };
        other.ip(&format!("addr add {there}/{length} dev p0"));
        let members = ["e0".to_owned()];
        let daemon = match system {
            System::IpmpMember => Some(group(&host, &members, Some("member"))),
            System::IpmpGroup => Some(group(&host, &members, Some("group"))),
            _ => {
                let interface = match system.bonding() {
                    Some(options) => {
                        host.ip_batch(&format!(
                            "link add bond0 type bond miimon 100 {options}\nlink set e0 master bond0\n"
                        ));
                        "bond0"
                    }
                    None => "e0",
                };
                host.ip_batch(&format!(
                    "addr add {here}/{length} dev {interface}\nlink set {interface} up\n"
                ));
                None
            }
        };
        let to_mac = host.mac("e0");
        let socket =
            host.run(|| UdpSocket::bind(SocketAddr::new(here, 9))).expect("the data address is there");
        socket.set_nonblocking(true).expect("a socket need not block");
        force_room(&socket);
        Self { other, family, to_mac, socket, _daemon: daemon, _host: host }
    }

    /// Takes what has arrived, and says how much.
    fn drain(&self) -> u32 {
        let mut buffer = [0; 2048];
        let mut count = 0;
        while self.socket.recv(&mut buffer).is_ok() {
            count += 1;
        }
        count
    }
}

impl Bench for Receiving {
    fn generate(&self, count: u32) -> Generated {
        let (here, there) = self.family.addresses();
        let generated = packets(count, self.to_mac, there, here).send(&self.other, "p0", Entry::Driver);
        let arrived = self.drain();
        assert!(arrived == count, "{arrived} of {count} packets arrived");
        generated
    }
}

/// Gives the socket [`ROOM`], beyond what the system's limit allows.
fn force_room(socket: &UdpSocket) {
    let room: libc::c_int = ROOM;
    // SAFETY: the option takes an int, whose address and size are given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVBUFFORCE,
            std::ptr::from_ref(&room).cast(),
            size_of_val(&room) as libc::socklen_t,
        )
    };
    assert!(result == 0, "SO_RCVBUFFORCE: {}", io::Error::last_os_error());
}
