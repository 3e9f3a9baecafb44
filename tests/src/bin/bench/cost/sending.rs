//! Sending by dummy devices.

use std::fmt::Write;

use ipmp_common::member::Mac;
use ipmp_tests::{
    Daemon, Netns,
    pktgen::{Entry, Generated},
};

use super::{Bench, Family, GROUP, System, group, packets};

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
    /// Ended, so that its clocks do not count; what it made is removed with the value.
    _daemon: Option<Daemon>,
    netns: Netns,
    interface: &'static str,
    family: Family,
}

impl Sending {
    /// Sets it up; or says why it cannot be had.
    pub(super) fn new(system: System, family: Family) -> Result<Self, String> {
        if system == System::Team {
            return Err("a team gets its mode from teamd, and this bench has none".to_owned());
        }
        let members = match system {
            System::Bare => 1,
            System::Ipmp4 => 4,
            System::Ipmp8 => 8,
            _ => 2,
        };
        let members: Vec<_> = (0..members).map(|member| format!("d{member}")).collect();
        let netns = dummies(&members);
        let (interface, daemon) = match (system, system.bonding()) {
            (_, Some(options)) => (bond(&netns, options, &members), None),
            (System::Bare, None) => {
                netns.set_up("d0", true);
                ("d0", None)
            }
            (_, None) => (GROUP, Some(group(&netns, &members, None))),
        };
        Ok(Self { _daemon: daemon, netns, interface, family })
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

/// A namespace with dummy devices of these names.
fn dummies(names: &[String]) -> Netns {
    let netns = Netns::new("cost");
    let mut lines = String::new();
    for name in names {
        let _ = writeln!(lines, "link add {name} type dummy");
        // A dummy device has no ARP unless told so, and a group wants members that have.
        let _ = writeln!(lines, "link set {name} arp on multicast on");
    }
    netns.ip_batch(&lines);
    netns
}

/// A bond over these members; its name.
fn bond(netns: &Netns, options: &str, members: &[String]) -> &'static str {
    let mut lines = format!("link add bond0 type bond miimon 100 {options}\n");
    for member in members {
        let _ = writeln!(lines, "link set {member} down master bond0");
    }
    lines.push_str("link set bond0 up\n");
    netns.ip_batch(&lines);
    "bond0"
}
