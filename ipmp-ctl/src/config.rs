//! The configuration: what the operator asks for, validated.
//!
//! Text becomes a [`Config`] in one step or not at all; whoever holds a `Config` need not check it again.
//! What is wrong is collected, not thrown: an operator sees every mistake of the file at once, each with its
//! place and its remedy.
//!
//! The way of the text: `syntax` makes a table of it that knows its places; `section` hands out the values of
//! one table, typed; `file`, `group` and `member` read the three kinds of table, with one file for each sort of
//! value (`address`, `test_address`, `token`, `target`, `route`, `duration`, `name`); `across` looks at what only the
//! whole file can tell. All of them put what they find into `findings`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};

use ipnet::{IpNet, Ipv4Net};

use self::findings::Findings;
pub use self::{
    problem::{ConfigErrors, Place, Problem, Warning},
    report::Report,
};
use crate::hook_program;

mod across;
mod address;
mod difference;
mod draft;
mod duration;
mod file;
mod findings;
mod group;
mod keys;
mod load;
mod member;
mod name;
mod problem;
mod report;
mod route;
mod section;
mod subject;
mod syntax;
mod target;
mod test_address;
#[cfg(test)]
mod tests;
mod token;

/// A whole configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file that it came from, for messages.
    pub file: PathBuf,
    /// The groups, in the order of the file.
    pub groups: Vec<Group>,
    /// `track-interfaces-only-with-groups`: whether interfaces without a group are left alone. Default true.
    pub track_interfaces_only_with_groups: bool,
    /// `metrics`: where metrics are served.
    pub metrics: Option<MetricsListener>,
    /// `on-event`: what is run for each event.
    pub on_event: Option<OnEvent>,
}

/// A program that is run for each event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnEvent {
    /// Its absolute path.
    pub program: PathBuf,
    /// Line of the file that it stands on, for messages.
    pub line: usize,
}

/// Where metrics are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetricsListener {
    /// On a TCP port.
    Tcp(SocketAddr),
    /// On a Unix socket; an absolute path.
    Unix(PathBuf),
}

impl fmt::Display for MetricsListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name of the group and of its interface; 13 characters at most.
    pub name: String,
    /// Line of the file where the group starts, for messages.
    pub line: usize,
    /// Data addresses with their prefix, in the order of the file.
    pub addresses: Vec<DataAddress>,
    /// `ipv6-token`: lower half of the addresses that the group interface forms of router advertisements; `None`: of its MAC
    /// address.
    pub ipv6_token: Option<Ipv6Addr>,
    /// Routes by the group interface.
    pub routes: Vec<Route>,
    /// Named targets; empty: found by themselves.
    pub targets: Vec<IpAddr>,
    /// Where unicast that the members receive goes.
    pub receive: Receive,
    /// `failure-detection-time`: 30 ms to 600 s.
    pub failure_detection_time: Duration,
    /// Whether traffic returns to a repaired member.
    pub failback: bool,
    /// Hook of the probe reply accounting.
    pub probe_hook: ProbeHook,
    /// `min-active`: fewer active members than this, and the group interface loses RUNNING. Default 1.
    pub min_active: u32,
    /// `link-ups-per-minute`: link repairs tolerated in a minute before the link counts as flapping; 0: any number.
    pub link_ups_per_minute: u32,
    /// The members, in the order of the file: homes are dealt out in this order.
    pub members: Vec<Member>,
}

/// A data address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataAddress {
    /// The address, with the prefix of its subnet.
    pub net: IpNet,
    /// Line of the file that it stands on, for messages.
    pub line: usize,
}

/// A test address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TestAddress {
    /// The address, with the prefix that gates its targets.
    pub net: Ipv4Net,
    /// Line of the file that it stands on, for messages.
    pub line: usize,
}

/// One member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Interface name.
    pub name: String,
    /// Line of the file where the member starts, for messages.
    pub line: usize,
    /// Its test addresses.
    pub test_addresses: TestAddresses,
    /// `weight`: share of the traffic, 1 to 1000; `None`: from the link speed. If any member of the group has one, those
    /// without have 1 already filled in.
    pub weight: Option<u32>,
    /// Whether it is a standby.
    pub standby: bool,
    /// `priority`: 0 to 255, default 100; the higher, the sooner it is activated and nominated.
    pub priority: u8,
}

/// What `test-addresses` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestAddresses {
    /// The key is absent: the IPv6 link-local address, if the group has an IPv6 address.
    LinkLocal,
    /// IPv4 addresses, beside the IPv6 link-local address.
    V4(Vec<TestAddress>),
    /// `[]`: link-based detection only.
    None,
}

impl TestAddresses {
    /// The IPv4 ones.
    pub fn v4(&self) -> &[TestAddress] {
        match self {
            Self::V4(addresses) => addresses,
            Self::LinkLocal | Self::None => &[],
        }
    }
}

/// `receive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Receive {
    /// Unicast goes to the group interface.
    #[default]
    Group,
    /// Unicast IP stays on the member.
    Member,
}

/// `probe-hook`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ProbeHook {
    /// The TC hook.
    #[default]
    Auto,
    /// The TC hook, by name.
    Tc,
    /// Native XDP.
    Xdp,
    /// Generic XDP.
    XdpGeneric,
}

/// A route by the group interface: `default|PREFIX via ADDR [metric N] [src ADDR]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// What it reaches; `0.0.0.0/0` or `::/0` for `default`.
    pub destination: IpNet,
    /// The router.
    pub via: IpAddr,
    /// Metric, if one was given.
    pub metric: Option<u32>,
    /// Preferred source address, if one was given.
    pub source: Option<IpAddr>,
    /// Line of the file that it stands on, for messages.
    pub line: usize,
}

/// Says whether a group can have this name, as the configuration would.
///
/// # Errors
/// What is wrong with it, and what to do.
pub fn check_group_name(name: &str) -> anyhow::Result<()> {
    name::check_group(name).map_err(|error| anyhow::anyhow!("group {name:?}: {error}"))
}

impl Config {
    /// Makes a configuration of the text of `file` (the name is for messages only).
    pub fn parse(text: &str, file: &Path) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let mut findings = Findings::new(text);
        let config =
            syntax::document(text, &mut findings).map(|document| file::read(&document, file, &mut findings));
        findings.conclude(file, config)
    }

    /// Reads and parses a file.
    pub fn load(file: &Path) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        Self::parse(&load::text(file)?, file)
    }

    /// The same for somebody who is there to correct mistakes: the program that the file names has to be fit to be run too.
    /// A daemon that starts is content with less, since the network matters more.
    pub fn load_strictly(file: &Path) -> Result<(Self, Vec<Warning>), ConfigErrors> {
        let (config, warnings) = Self::load(file)?;
        match config.unfit_program() {
            Some(problem) => Err(ConfigErrors { problems: vec![problem] }),
            None => Ok((config, warnings)),
        }
    }

    /// Why the program that the file names could not be run now.
    pub fn unfit_program(&self) -> Option<Problem> {
        let OnEvent { program, line } = self.on_event.as_ref()?;
        let why = hook_program::unfit(program)?;
        Some(Problem { place: self.place(*line), text: format!("`on-event` {}: {why}", program.display()) })
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// A line of the file as messages name it: `FILE:LINE`.
    pub fn place(&self, line: usize) -> Place {
        Place { file: self.file.clone(), line: Some(line) }
    }
}

impl Group {
    /// The member of this interface name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}
