//! The configuration: what the operator asks for, validated.
//!
//! Text becomes a [`Config`] in one step or not at all; whoever holds a `Config` need not check it again.

use std::{net::IpAddr, time::Duration};

use ipnet::{IpNet, Ipv4Net};

/// A whole configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The groups, in the order of the file.
    pub groups: Vec<Group>,
    /// `track-interfaces-only-with-groups`: whether interfaces without a group are left alone. Default true.
    pub track_interfaces_only_with_groups: bool,
    /// `metrics`: address on which metrics are served.
    pub metrics: Option<String>,
    /// `on-event`: program run for each event.
    pub on_event: Option<String>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Name of the group and of its interface; 13 characters at most.
    pub name: String,
    /// Line of the file where the group starts, for messages.
    pub line: usize,
    /// Data addresses with their prefix, in the order of the file.
    pub addresses: Vec<IpNet>,
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

/// One member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Interface name.
    pub name: String,
    /// Line of the file where the member starts, for messages.
    pub line: usize,
    /// Its test addresses.
    pub test_addresses: TestAddresses,
    /// `weight`: share of the traffic; `None`: from the link speed. If any member of the group has one, those
    /// without have 1 already filled in.
    pub weight: Option<u32>,
    /// Whether it is a standby.
    pub standby: bool,
    /// `priority`: preference among members, higher first.
    pub priority: Option<i32>,
}

/// What `test-addresses` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestAddresses {
    /// The key is absent: the IPv6 link-local address, if the group has an IPv6 address.
    LinkLocal,
    /// IPv4 addresses, each with the prefix that gates its targets, beside the IPv6 link-local address.
    V4(Vec<Ipv4Net>),
    /// `[]`: link-based detection only.
    None,
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
}
