//! Sending by dummy devices.

use std::fmt::Write;

use ipmp_common::member::Mac;
use ipmp_tests::{
    Daemon, GroupConfig, Netns,
    pktgen::{Entry, Generated},
};

use super::{Bench, Family, System, packets};

/// What is compared, in the order of the table.
pub(super) const SYSTEMS: &[System] = &[
    System::Bare,
    System::ActiveBackup,
    System::BalanceRr,
    System::Layer2,
    System::Layer23,
    System::Layer34,
    System::Encap34,
    System::Team,
    System::Ipmp2,
    System::Ipmp4,
    System::Ipmp8,
];

/// Where the packets go; nobody is there.
const TO: Mac = Mac { bytes: [2, 0, 0, 0, 0, 9] };

/// A system over dummy devices `d0`, `d1`, ..
pub(super) struct Sending {
    netns: Netns,
    interface: &'static str,
    members: usize,
    family: Family,
    /// Ended, so that its clocks do not count; what it made is removed with the value.
    _daemon: Option<Daemon>,
}

impl Sending {
    /// Sets it up; or says why it cannot be had.
    pub(super) fn new(system: System, family: Family) -> Result<Self, String> {
        let members = match system {
            System::Bare => 1,
            System::Ipmp4 => 4,
            System::Ipmp8 => 8,
            _ => 2,
        };
        let netns = Netns::new("cost");
        let mut lines = String::new();
        for member in 0..members {
            let _ = writeln!(lines, "link add d{member} type dummy");
            // A dummy device has no ARP unless told so, and a group wants members that have.
            let _ = writeln!(lines, "link set d{member} arp on multicast on");
        }
        netns.ip_batch(&lines);
        let mut sending = Self { netns, interface: "d0", members, family, _daemon: None };
        match system {
            System::Bare => sending.netns.set_up("d0", true),
            System::Team => return Err("teamd is not there".to_owned()),
            _ => match system.bonding() {
                Some(options) => sending.bonding(options),
                None => sending.ipmp(),
            },
        }
        Ok(sending)
    }

    fn bonding(&mut self, options: &str) {
        let mut lines = format!("link add bond0 type bond miimon 100 {options}\n");
        for member in 0..self.members {
            let _ = writeln!(lines, "link set d{member} down master bond0");
        }
        lines.push_str("link set bond0 up\n");
        self.netns.ip_batch(&lines);
        self.interface = "bond0";
    }

    fn ipmp(&mut self) {
        let config = GroupConfig::new("ipmp0")
            .addresses([
                format!("{}/24", Family::V4.addresses().0),
                format!("{}/64", Family::V6.addresses().0),
            ])
            .members((0..self.members).map(|member| format!("d{member}")));
        let mut daemon = Daemon::start(&self.netns, &config);
        daemon.until_group("ipmp0", "ok");
        daemon.terminate();
        self.interface = "ipmp0";
        self._daemon = Some(daemon);
    }

    /// Packets that the devices have sent.
    fn sent(&self) -> u64 {
        let links = self.netns.ip_json("-s link show type dummy");
        links.iter().filter_map(|link| link["stats64"]["tx"]["packets"].as_u64()).sum()
    }
}

impl Bench for Sending {
    fn generate(&self, count: u32) -> Generated {
        let before = self.sent();
        let (from, to) = self.family.addresses();
        let generated = packets(count, TO, from, to).send(&self.netns, self.interface, Entry::Queue);
        let sent = self.sent() - before;
        assert!(
            (u64::from(count)..u64::from(count) + 100).contains(&sent),
            "{count} packets were to be sent by {}, and its devices have sent {sent}",
            self.interface
        );
        generated
    }
}
