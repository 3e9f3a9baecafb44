//! What the engine shows: the status views are made of this.

use std::net::IpAddr;

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

/// A group at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// Its state.
    pub state: GroupState,
    /// Its members, in the order of the configuration.
    pub members: Vec<MemberView>,
    /// Its data addresses: configured ones in their order, then the others as they came.
    pub addresses: Vec<AddressView>,
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
    /// Offline because of its MAC address.
    pub duplicate_mac: bool,
    /// Whether the link is up; `None` if that is not known (absent).
    pub link_up: Option<bool>,
    /// Its state.
    pub state: ShownState,
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
