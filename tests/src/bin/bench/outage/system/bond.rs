//! Linux bonding, set up as its documentation advises.

use std::{
    fs,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::Duration,
};

use ipmp_tests::{Netns, Ping, Topology, plan, topology::port};

use super::{Setup, System, VICTIM};
use crate::outage::lane::Direction;

const BOND: &str = "bond0";
/// The switch's side of a bond that balances.
const LAG: &str = "lag0";

/// How a bond uses its slaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One at a time, the first by preference.
    Backup,
    /// All, by addresses and ports.
    Xor,
}

/// How a bond finds failures; the number is the interval in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detection {
    /// It looks at the carriers.
    Carrier(u32),
    /// It asks the first peer by ARP, and takes only ARP as a sign of life.
    Arp(u32),
}

/// A bond in place of the group.
pub(super) struct Bond {
    topology: Topology,
    mode: Mode,
    detection: Detection,
}

impl Bond {
    pub(super) fn build(mode: Mode, detection: Detection, setup: Setup) -> Self {
        let topology = Topology::new().equal_ifindex(setup.veth.is_equal()).build();
        let host = topology.host();
        let how = match mode {
            Mode::Backup => "active-backup",
            Mode::Xor => "balance-xor xmit_hash_policy layer3+4",
        };
        let detect = match detection {
            Detection::Carrier(interval) => format!("miimon {interval}"),
            Detection::Arp(interval) => {
                format!("arp_interval {interval} arp_ip_target {} arp_validate all", plan::peer_v4(0))
            }
        };
        host.ip(&format!("link add {BOND} type bond mode {how} {detect}"));
        let bond = Self { topology, mode, detection };
        if let (Mode::Xor, Detection::Carrier(interval)) = (mode, detection) {
            let ports: Vec<_> = (0..bond.members()).map(|member| port(0, member)).collect();
            bond.topology.switch.bundle(LAG, &ports, interval);
        }
        bond.host().set("ipv6/conf/default/accept_dad", "0");
        (0..bond.members()).for_each(|member| bond.enslave(member));
        bond.configure();
        bond
    }

    /// Everything but the slaves: preference and addresses, and the way to the peer tried.
    fn configure(&self) {
        let primary = match self.mode {
            Mode::Backup => format!("link set {BOND} type bond primary {}\n", self.nic(VICTIM)),
            Mode::Xor => String::new(),
        };
        let address = |address: IpAddr| {
            let prefix = if address.is_ipv4() { "24" } else { "64" };
            let nodad = if address.is_ipv4() { "" } else { " nodad" };
            format!("addr add {address}/{prefix} dev {BOND}{nodad}\n")
        };
        let addresses: String = (0..self.members()).flat_map(plan::data).map(address).collect();
        self.host().ip_batch(&format!("{primary}link set {BOND} up\n{addresses}"));
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            Ping::to(peer).from(data).until_answered(self.host());
            Ping::to(data).until_answered(self.topology.peer());
        }
    }

    fn enslave(&self, member: usize) {
        let nic = self.nic(member);
        self.host()
            .ip_batch(&format!("link set {nic} down\nlink set {nic} master {BOND}\nlink set {nic} up\n"));
    }

    fn host(&self) -> &Netns {
        self.topology.host()
    }

    fn members(&self) -> usize {
        self.topology.hosts[0].members.len()
    }

    fn nic(&self, member: usize) -> &str {
        &self.topology.hosts[0].members[member]
    }

    /// Whether packets of a flow pass the victim's port, by trying.
    fn passes(&self, direction: Direction, from: SocketAddr, to: SocketAddr) -> bool {
        /// More than what else passes the port meanwhile.
        const PACKETS: u64 = 40;
        let (here, there) = match direction {
            Direction::Out => (self.host(), self.topology.peer()),
            Direction::In => (self.topology.peer(), self.host()),
        };
        let sink =
            there.run(|| UdpSocket::bind(to)).unwrap_or_else(|error| panic!("receiving at {to}: {error}"));
        let source =
            here.run(|| UdpSocket::bind(from)).unwrap_or_else(|error| panic!("sending at {from}: {error}"));
        let before = self.passed(direction);
        for _ in 0..PACKETS {
            // Whether it arrives is what is asked here.
            let _ = source.send_to(&[0; 16], to);
        }
        drop(sink);
        self.passed(direction) - before >= PACKETS
    }

    /// Packets that have passed the victim's port of the switch, as the switch counts them.
    fn passed(&self, direction: Direction) -> u64 {
        let devices = self.topology.switch.netns.run(|| fs::read_to_string("/proc/thread-self/net/dev"));
        let devices = devices.expect("/proc is mounted");
        let name = format!("{}:", port(0, VICTIM));
        let line = devices.lines().find_map(|line| line.trim_start().strip_prefix(name.as_str()));
        let mut numbers = line.expect("the port is there").split_whitespace();
        let number = numbers.nth(if direction == Direction::Out { 1 } else { 9 });
        number.and_then(|number| number.parse().ok()).expect("the kernel counts packets")
    }
}

impl System for Bond {
    fn topology(&self) -> &Topology {
        &self.topology
    }

    fn settled(&self) -> Result<(), String> {
        let shown = self.host().run(|| fs::read_to_string(format!("/proc/thread-self/net/bonding/{BOND}")));
        let shown = shown.map_err(|error| format!("{BOND}: {error}"))?;
        let nics: Vec<_> = (0..self.members()).map(|member| self.nic(member)).collect();
        missing(&shown, &nics, (self.mode == Mode::Backup).then(|| self.nic(VICTIM)))?;
        if self.mode == Mode::Xor {
            let shown = self
                .topology
                .switch
                .netns
                .run(|| fs::read_to_string(format!("/proc/thread-self/net/bonding/{LAG}")));
            let ports: Vec<_> = (0..self.members()).map(|member| port(0, member)).collect();
            let ports: Vec<_> = ports.iter().map(String::as_str).collect();
            missing(&shown.map_err(|error| format!("{LAG}: {error}"))?, &ports, None)?;
        }
        Ok(())
    }

    fn carries(&self, direction: Direction, from: SocketAddr, to: SocketAddr) -> bool {
        match self.mode {
            // The active slave carries all, and which one that is belongs to the settled state.
            Mode::Backup => true,
            Mode::Xor => self.passes(direction, from, to),
        }
    }

    fn take_in(&self, member: usize) {
        if self.mode == Mode::Xor {
            self.topology.switch.rebundle(LAG, &port(0, member));
        }
        self.enslave(member);
    }

    /// ARP is given up on after two intervals and believed again after one; both ends of a LAG look at carriers.
    fn patience(&self) -> [Duration; 2] {
        const MARGIN: Duration = Duration::from_millis(200);
        let time = match self.detection {
            Detection::Carrier(interval) => MARGIN + Duration::from_millis(interval.into()) * 2,
            Detection::Arp(interval) => MARGIN + Duration::from_millis(interval.into()) * 5,
        };
        [time, time]
    }
}

/// What `/proc/net/bonding` shows to be wrong: a slave that is not there or not up, or another active one.
fn missing(shown: &str, slaves: &[&str], active: Option<&str>) -> Result<(), String> {
    let mut sections = shown.split("Slave Interface: ");
    let head = sections.next().unwrap_or_default();
    if let Some(active) = active
        && !head.lines().any(|line| line.strip_prefix("Currently Active Slave: ") == Some(active))
    {
        return Err(format!("{active} is not the active slave"));
    }
    let up: Vec<_> = sections
        .filter(|section| section.lines().any(|line| line == "MII Status: up"))
        .filter_map(|section| section.lines().next())
        .collect();
    match slaves.iter().find(|slave| !up.contains(slave)) {
        Some(slave) => Err(format!("{slave} is not up")),
        None => Ok(()),
    }
}

/// Whether this kernel has bonding.
pub(super) fn exists() -> Result<(), String> {
    let made = Netns::new("bonding").try_ip("link add bond0 type bond");
    if made.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&made.stderr);
    Err(format!("this kernel has no bonding ({}); those of --kernel have", reason.trim()))
}

#[cfg(test)]
mod tests;
