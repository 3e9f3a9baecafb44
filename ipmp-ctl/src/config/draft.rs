//! A group on its way into the configuration.

use std::net::IpAddr;

use super::{Group, Member, TestAddress, TestAddresses, findings::At};

/// A group that is right by itself, and what only the check across the file needs.
pub(super) struct Draft {
    /// The group.
    pub(super) group: Group,
    /// Its targets, with their lines.
    pub(super) targets: Vec<At<IpAddr>>,
}

/// The IPv4 test addresses of a member.
pub(super) fn test_addresses(member: &Member) -> &[TestAddress] {
    match &member.test_addresses {
        TestAddresses::V4(addresses) => addresses,
        TestAddresses::LinkLocal | TestAddresses::None => &[],
    }
}
