//! What is measured: IPMP, and what users have instead.

use std::{fmt, net::SocketAddr, time::Duration};

use clap::ValueEnum;
use ipmp_tests::Topology;

use super::{
    class::{Class, Need},
    lane::Direction,
};
use crate::veth::Veth;

mod bond;
mod ipmp;

use self::{
    bond::{Bond, Detection, Mode},
    ipmp::Ipmp,
};

/// The member that is made to fail; it carries the streams.
pub(super) const VICTIM: usize = 0;

/// A system with several NICs on one link, built and at work.
pub(super) trait System {
    /// Where it stands: its first host is under test, its peers are not.
    fn topology(&self) -> &Topology;

    /// Whether all members work and the victim carries what it should; else what is missing.
    fn settled(&self) -> Result<(), String>;

    /// Whether the victim carries a flow; asked in a settled state.
    fn carries(&self, direction: Direction, from: SocketAddr, to: SocketAddr) -> bool;

    /// A member was made anew: what an administrator, or the tool that set the system up, does about it.
    fn take_in(&self, member: usize);

    /// The administrator's order that is this class, or that takes it back. Those who cannot obey it have objected.
    fn order(&self, _class: Class, _member: usize, _begins: bool) {}

    /// Buckets that it has moved between working members though their flows did not pause.
    fn forced(&self) -> u64 {
        0
    }

    /// How soon after a failure and after its repair everything should be over.
    fn patience(&self) -> [Duration; 2];
}

/// The systems that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// IPMP; failures that carriers do not show are left to probes
    Ipmp,
    /// Bonding: one active slave, carriers looked at every 100 ms
    #[value(name = "active-backup-miimon100")]
    BackupMiimon100,
    /// The same every 10 ms
    #[value(name = "active-backup-miimon10")]
    BackupMiimon10,
    /// The same with ARP probes to the peer every 100 ms, replies validated
    #[value(name = "active-backup-arp100")]
    BackupArp100,
    /// Bonding: flows spread by addresses and ports, carriers looked at every 100 ms by the host and by the switch,
    /// whose ports are a static LAG
    #[value(name = "balance-xor-miimon100")]
    XorMiimon100,
    /// The same every 10 ms
    #[value(name = "balance-xor-miimon10")]
    XorMiimon10,
}

/// How to build one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// Kind of veth pairs.
    pub(super) veth: Veth,
    /// IPMP's failure detection time where probes are needed.
    pub(super) fdt: Duration,
    /// What it is to live through.
    pub(super) class: Class,
}

impl Kind {
    /// All of them.
    pub(super) fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Whether this kernel has what it takes; else what is missing.
    pub(super) fn exists(self) -> Result<(), String> {
        self.bond().map_or(Ok(()), |_| bond::exists())
    }

    /// Why it cannot live through a failure, if that is known before it is built.
    pub(super) fn objection(self, class: Class) -> Option<&'static str> {
        match (self.bond()?, class.need()) {
            ((_, Detection::Carrier(_)), Need::Probes) => Some("it looks at carriers only"),
            ((Mode::Backup, _), Need::Standby) => Some("all slaves but one are in reserve: see failback"),
            ((Mode::Xor, _), Need::Standby) => Some("it keeps no slave in reserve"),
            (_, Need::Orders) => Some("it has no such order: setting a slave down is admin-down"),
            _ => None,
        }
    }

    /// Builds it; if it cannot live through the failure, why.
    pub(super) fn build(self, setup: Setup) -> Result<Box<dyn System>, String> {
        if let Some(why) = self.objection(setup.class) {
            return Err(why.to_owned());
        }
        Ok(match self.bond() {
            None => Box::new(Ipmp::build(setup)?),
            Some((mode, detection)) => Box::new(Bond::build(mode, detection, setup)),
        })
    }

    /// How bonding is set up, if this is bonding.
    fn bond(self) -> Option<(Mode, Detection)> {
        match self {
            Self::Ipmp => None,
            Self::BackupMiimon100 => Some((Mode::Backup, Detection::Carrier(100))),
            Self::BackupMiimon10 => Some((Mode::Backup, Detection::Carrier(10))),
            Self::BackupArp100 => Some((Mode::Backup, Detection::Arp(100))),
            Self::XorMiimon100 => Some((Mode::Xor, Detection::Carrier(100))),
            Self::XorMiimon10 => Some((Mode::Xor, Detection::Carrier(10))),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.to_possible_value().expect("none is hidden").get_name())
    }
}
