//! `cost`: instructions that a packet costs, beside bonding in the same kernel.

use std::net::IpAddr;

use clap::{Args, ValueEnum};
use ipmp_tests::{
    Daemon, Figures, GroupConfig, Netns, interrupt, machine,
    pktgen::{Generated, Packets},
    plan,
};

mod receiving;
mod report;
mod sending;

use receiving::Receiving;
use report::{Part, Row};
use sending::Sending;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,
    /// Packets of one generation
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1000..=1_000_000))]
    packets: u32,
    /// Generations of a row, of which the median counts; one more comes first and does not count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    runs: u32,
    /// Sending or receiving; both without it
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// Family of the packets; both without it
    #[arg(long, value_enum)]
    family: Option<Family>,
    /// Systems to measure, beside the bare device and bonding by layer 3+4; all without it
    #[arg(long, value_enum, value_delimiter = ',')]
    system: Vec<System>,
}

/// Way of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Direction {
    Send,
    Receive,
}

/// Family of the packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Family {
    V4,
    V6,
}

/// What the packets go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum System {
    /// The device alone
    Bare,
    /// Bonding, active-backup
    ActiveBackup,
    /// Bonding, balance-rr
    BalanceRr,
    /// Bonding, balance-xor by MAC addresses
    Layer2,
    /// Bonding, balance-xor by MAC and IP addresses
    #[value(name = "layer2+3")]
    Layer23,
    /// Bonding, balance-xor by IP addresses and ports
    #[value(name = "layer3+4")]
    Layer34,
    /// Bonding, balance-xor by inner IP addresses and ports
    #[value(name = "encap3+4")]
    Encap34,
    /// Team, loadbalance
    Team,
    /// IPMP, 2 members
    Ipmp2,
    /// IPMP, 4 members
    Ipmp4,
    /// IPMP, 8 members
    Ipmp8,
    /// IPMP, `receive = "member"`
    IpmpMember,
    /// IPMP, `receive = "group"`
    IpmpGroup,
}

impl Direction {
    fn title(self) -> &'static str {
        match self {
            Self::Send => "sending",
            Self::Receive => "receiving",
        }
    }
}

impl Family {
    /// The two ends of the packets: the group's data address or what has its place, and the other host's.
    fn addresses(self) -> (IpAddr, IpAddr) {
        let index = usize::from(self == Self::V6);
        (plan::data(0)[index], plan::peer(0)[index])
    }

    fn title(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

impl System {
    /// Its name in tables.
    fn title(self) -> &'static str {
        match self {
            Self::Bare => "bare device",
            Self::ActiveBackup => "bonding active-backup",
            Self::BalanceRr => "bonding balance-rr",
            Self::Layer2 => "bonding balance-xor layer2",
            Self::Layer23 => "bonding balance-xor layer2+3",
            Self::Layer34 => "bonding balance-xor layer3+4",
            Self::Encap34 => "bonding balance-xor encap3+4",
            Self::Team => "team loadbalance",
            Self::Ipmp2 => "IPMP, 2 members",
            Self::Ipmp4 => "IPMP, 4 members",
            Self::Ipmp8 => "IPMP, 8 members",
            Self::IpmpMember => "IPMP, receive = \"member\"",
            Self::IpmpGroup => "IPMP, receive = \"group\"",
        }
    }

    /// The options of `ip link add .. type bond`, if it is bonding.
    fn bonding(self) -> Option<&'static str> {
        Some(match self {
            Self::ActiveBackup => "mode active-backup",
            Self::BalanceRr => "mode balance-rr",
            Self::Layer2 => "mode balance-xor xmit_hash_policy layer2",
            Self::Layer23 => "mode balance-xor xmit_hash_policy layer2+3",
            Self::Layer34 => "mode balance-xor xmit_hash_policy layer3+4",
            Self::Encap34 => "mode balance-xor xmit_hash_policy encap3+4",
            _ => return None,
        })
    }
}

/// A packet generation that can be repeated.
trait Bench {
    /// Generates the packets once, and panics unless all of them came through.
    fn generate(&self, packets: u32) -> Generated;
}

/// Measures and prints.
pub(crate) fn run(options: &Options) {
    if !options.json {
        machine::introduce(&format!(
            "Instructions for a packet of 60 bytes (IPv6: 78), all of the kernel's included; {} packets with random UDP\n\
             ports a run, median of {} runs; spread: largest minus smallest run, of the median.\n\
             Sending: pktgen by the queue of the interface, members are dummy devices. Receiving: pktgen over veth to a\n\
             UDP socket.",
            options.packets, options.runs
        ));
    }
    let mut parts = Vec::new();
    for (direction, family) in options.parts() {
        let rows = options.systems(direction).map(|system| options.row(direction, family, system));
        let part = Part::new(direction, family, rows.collect());
        if !options.json {
            part.print();
        }
        parts.push(part);
    }
    if options.json {
        println!("{:#}", report::json(&parts, options));
    }
}

impl Options {
    /// What is measured, in order.
    fn parts(&self) -> impl Iterator<Item = (Direction, Family)> {
        let directions = self.direction.map_or(vec![Direction::Send, Direction::Receive], |one| vec![one]);
        let families = self.family.map_or(vec![Family::V4, Family::V6], |one| vec![one]);
        directions
            .into_iter()
            .flat_map(move |direction| families.clone().into_iter().map(move |family| (direction, family)))
    }

    /// The systems that are compared in one direction: the bare device and bonding by layer 3+4 always.
    fn systems(&self, direction: Direction) -> impl Iterator<Item = System> {
        let all = match direction {
            Direction::Send => sending::SYSTEMS,
            Direction::Receive => receiving::SYSTEMS,
        };
        all.iter().copied().filter(|system| {
            self.system.is_empty()
                || self.system.contains(system)
                || matches!(system, System::Bare | System::Layer34)
        })
    }

    /// Measures one system.
    fn row(&self, direction: Direction, family: Family, system: System) -> Row {
        let outcome = match direction {
            Direction::Send => Sending::new(system, family).map(|bench| self.measure(&bench)),
            Direction::Receive => Ok(self.measure(&Receiving::new(system, family))),
        };
        Row { system, outcome }
    }

    /// Instructions for a packet, of each run.
    fn measure(&self, bench: &impl Bench) -> Figures {
        // What happens once, such as the first look-up of a route, is not measured.
        bench.generate(self.packets);
        let run = |_| {
            interrupt::check();
            let Generated { packets, time } = bench.generate(self.packets);
            time.as_nanos() as f64 / packets as f64
        };
        (0..self.runs).map(run).collect()
    }
}

/// The packets of all benches.
fn packets(count: u32, to_mac: ipmp_common::member::Mac, from: IpAddr, to: IpAddr) -> Packets {
    Packets { count, size: 60, to_mac, from, to, port: 9 }
}

/// The group interface of all benches.
const GROUP: &str = "ipmp0";

/// A group of these members that works, with this `receive` key; its daemon has ended.
fn group(netns: &Netns, members: &[String], receive: Option<&str>) -> Daemon {
    let addresses = [format!("{}/24", Family::V4.addresses().0), format!("{}/64", Family::V6.addresses().0)];
    let mut config = GroupConfig::new(GROUP).addresses(addresses).members(members);
    if let Some(receive) = receive {
        config = config.line(&format!("receive = \"{receive}\""));
    }
    let mut daemon = Daemon::start(netns, &config);
    daemon.until_group(GROUP, "ok");
    daemon.terminate();
    daemon
}
