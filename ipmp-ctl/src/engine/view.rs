//! What the engine shows: the status views are made of this.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::event::Family;

/// Group states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupState {
    /// Every member is usable.
    Ok,
    /// Some members are usable.
    Degraded,
    /// None is.
    Failed,
}

/// Member states, as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownState {
    /// Works.
    Ok,
    /// Does not.
    Failed,
    /// Taken out of service.
    Offline,
    /// Not judged.
    Unknown,
}

/// What probes say of a member, as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeShown {
    /// It is probed and not failed.
    Ok,
    /// It is probed and failed, for whatever reason.
    Failed,
    /// It has nobody to probe.
    Unknown,
    /// It has no test address.
    Disabled,
}

/// A group at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its state.
    pub state: GroupState,
    /// Time within which a silent member is found; `None` if no member is probed.
    pub fdt: Option<Duration>,
    /// Its members, in the order of the configuration.
    pub members: Vec<MemberView>,
    /// Its data addresses: configured ones in their order, then the others as they came.
    pub addresses: Vec<AddressView>,
    /// Its planned moves.
    pub moves: MovesView,
    /// The instances that are probed, and one that is disabled for each member without any.
    pub targets: Vec<TargetsView>,
}

/// The planned moves of a group at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovesView {
    /// Buckets that wait for a gap of their flows.
    pub pending: usize,
    /// How long that has to be; that of the last moves if there are none.
    pub gap: Duration,
    /// Buckets that were moved though they were not idle in time.
    pub forced: u64,
}

/// A member at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of ipmpstat")]
pub struct MemberView {
    /// Interface name.
    pub name: String,
    /// Slot, while its link is present.
    pub slot: Option<u16>,
    /// Whether it is present.
    pub present: bool,
    /// Whether it carries traffic: works, and is neither inactive nor offline nor down.
    pub active: bool,
    /// Deliberately unused though it works.
    pub inactive: bool,
    /// Configured as standby.
    pub standby: bool,
    /// The nominated member.
    pub nominated: bool,
    /// Administratively down.
    pub admin_down: bool,
    /// Taken offline by the administrator.
    pub retired: bool,
    /// Offline because of its MAC address.
    pub duplicate_mac: bool,
    /// Whether the link is up; `None` if that is not known (absent).
    pub link_up: Option<bool>,
    /// Its state.
    pub state: ShownState,
    /// What its probes say.
    pub probe: ProbeShown,
    /// Its share of the traffic, relative to the other members': as configured, or its speed in Mbit/s.
    pub weight: u32,
}

/// A data address at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressView {
    /// The address.
    pub address: IpAddr,
    /// Whether the group interface has it.
    pub up: bool,
    /// The bound member, by name; `None` if no member is usable.
    pub inbound: Option<String>,
    /// Active members, by name, in the order of the configuration; empty if the address is down or unbound.
    pub outbound: Vec<String>,
}

/// Where the targets of an instance come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetMode {
    /// The configuration, or routes.
    Routes,
    /// Whoever answers multicast.
    Multicast,
    /// Nothing is probed.
    Disabled,
}

/// State of a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetState {
    /// It is probed in its turn.
    Active,
    /// Spare.
    Unused,
    /// Much slower than the others.
    Slow,
    /// Silent while others answer.
    Dead,
}

/// Round-trip times of a target, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RttView {
    /// Smoothed mean.
    pub smoothed_us: u64,
    /// Smoothed mean deviation.
    pub deviation_us: u64,
    /// Shortest.
    pub min_us: u64,
    /// Longest.
    pub max_us: u64,
}

/// A target at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// Its address.
    pub address: IpAddr,
    /// Its state.
    pub state: TargetState,
    /// Its place among the histograms of the packet path, while it has one.
    pub index: Option<u8>,
    /// How many of the latest probes to it are lost, ...
    pub lost: usize,
    /// ... of so many that are lost or answered.
    pub judged: usize,
    /// Its round-trip times, once known.
    pub rtt: Option<RttView>,
}

/// The targets of an instance at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetsView {
    /// Name of the member.
    pub member: String,
    /// Address family.
    pub family: Family,
    /// Where the targets come from.
    pub mode: TargetMode,
    /// The test address; `None` if disabled.
    pub test_address: Option<IpAddr>,
    /// Active ones first, in firing order starting with the next.
    pub targets: Vec<TargetView>,
}
