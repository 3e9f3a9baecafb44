//! The NICs of a virtual machine, on one hub of its emulator: real carrier, a real driver, native XDP.
//!
//! `cargo xtask vm --nics 2` makes such a machine. A line written to its `/dev/cables` pulls a cable or puts it back.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    Netns,
    eventually::{SOON, eventually},
    plan, skip,
};

/// The channel to the emulator.
const CABLES: &str = "/dev/cables";

/// What the MAC addresses of these NICs begin with; the last byte tells them apart.
const MAC: &str = "52:54:00:1b:00:";

/// The last byte of the peer's.
const PEER: u8 = 0xff;

/// The NICs, in the namespaces of a host and a peer. There is one hub, so there is one value at a time. The NICs come back
/// to the machine when the namespaces end.
#[derive(Debug)]
pub struct Hub {
    /// The host; its NICs are `e0`, `e1`, .., up and without addresses.
    pub host: Netns,
    /// The first peer of the address plan, with its addresses.
    pub peer: Netns,
    /// Names of the host's NICs.
    pub members: Vec<String>,
    cables: Cables,
    _alone: MutexGuard<'static, ()>,
}

static HUB: Mutex<()> = Mutex::new(());

impl Hub {
    /// Takes the NICs. `None` where there are none, which is said as [`skip::not_run`] does.
    pub fn open() -> Option<Self> {
        if !Path::new(CABLES).exists() {
            skip::not_run("it needs a machine with NICs on a hub: `cargo xtask vm test --test hub`");
            return None;
        }
        let alone = HUB.lock().unwrap_or_else(PoisonError::into_inner);
        // A namespace of an earlier test may take a moment to end.
        let (nics, far) = eventually("the NICs of the hub", SOON, || found().ok_or("not all are here"));
        let (host, peer) = (Netns::new("host"), Netns::new("peer"));
        peer.set("ipv6/conf/default/accept_dad", "0");
        let members: Vec<_> = (0..nics.len()).map(|number| format!("e{number}")).collect();
        for (nic, member) in nics.iter().zip(&members) {
            take(nic, &host, member);
        }
        take(&far, &peer, "eth0");
        peer.ip_batch(&format!(
            "addr add {}/24 dev eth0\naddr add {}/64 dev eth0 nodad\n",
            plan::peer_v4(0),
            plan::peer_v6(0)
        ));
        Some(Self { host, peer, members, cables: Cables::open(), _alone: alone })
    }

    /// Lets the peer hear nothing that a NIC of the host sends, while its cable stays in.
    pub fn ignore(&self, member: usize) {
        let mac = self.host.mac(&self.members[member]);
        self.peer.nft(&format!(
            "table netdev ignore {{ chain in {{ type filter hook ingress device eth0 priority 0; ether saddr {mac} drop; }}; }}"
        ));
    }

    /// Ends [`Self::ignore`].
    pub fn ignore_nobody(&self) {
        self.peer.nft("delete table netdev ignore");
    }

    /// Pulls the cable of a NIC of the host.
    pub fn cut(&mut self, member: usize) {
        self.cables.set(member, "off");
    }

    /// Puts the cable of a NIC of the host back.
    pub fn restore(&mut self, member: usize) {
        self.cables.set(member, "on");
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for member in 0..self.members.len() {
            self.restore(member);
        }
    }
}

/// The names of the host's NICs, in order, and the peer's, as they are in this machine's own namespace.
fn found() -> Option<(Vec<String>, String)> {
    let mut nics = Vec::new();
    for entry in fs::read_dir("/sys/class/net").ok()?.flatten() {
        let address = fs::read_to_string(entry.path().join("address")).unwrap_or_default();
        if let Some(last) = address.trim().strip_prefix(MAC) {
            nics.push((u8::from_str_radix(last, 16).ok()?, entry.file_name().into_string().ok()?));
        }
    }
    if nics.len() != count() {
        return None;
    }
    nics.sort();
    let (last, peer) = nics.pop()?;
    (last == PEER).then(|| (nics.into_iter().map(|(_, name)| name).collect(), peer))
}

/// How many NICs the driver has, in whatever namespaces they are.
fn count() -> usize {
    let entries = fs::read_dir("/sys/bus/virtio/drivers/virtio_net").into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("virtio")).count()
}

/// Moves a NIC of this machine into a namespace and brings it up.
fn take(nic: &str, netns: &Netns, name: &str) {
    let mut ip = std::process::Command::new("ip");
    let output = ip.args(["link", "set", "dev", nic, "down", "netns", netns.name(), "name", name]).output();
    let output = output.expect("ip is installed");
    assert!(output.status.success(), "{nic}: {}", String::from_utf8_lossy(&output.stderr));
    netns.set_up(name, true);
}

/// The channel by which cables are pulled.
#[derive(Debug)]
struct Cables {
    orders: File,
    answers: BufReader<File>,
}

impl Cables {
    fn open() -> Self {
        let orders = File::options().read(true).write(true).open(CABLES);
        let orders = orders.unwrap_or_else(|error| panic!("{CABLES}: {error}"));
        let answers = BufReader::new(orders.try_clone().expect("a second handle"));
        Self { orders, answers }
    }

    /// Returns when the emulator has done it.
    fn set(&mut self, member: usize, state: &str) {
        let mut answer = String::new();
        let asked = writeln!(self.orders, "nic{member} {state}");
        asked
            .and_then(|()| self.answers.read_line(&mut answer))
            .unwrap_or_else(|error| panic!("{CABLES}: {error}"));
        assert_eq!(answer.trim(), "ok", "cable of nic{member}, {state}");
    }
}
