//! How addresses that routers' advertisements have given go on: the group interface forms the same ones.

use std::{collections::BTreeSet, net::Ipv6Addr};

use ipnet::IpNet;
use netlink_packet_route::address::AddressFlags;

use crate::kernel::holdings::{HeldAddress, Holdings};

/// The interface identifier of all addresses that were formed of advertisements; `None` if there is not exactly one.
pub(super) fn common(moving: &Holdings) -> Option<Ipv6Addr> {
    let identifiers: BTreeSet<_> = moving.addresses.iter().filter_map(identifier).collect();
    identifiers.first().copied().filter(|_| identifiers.len() == 1)
}

/// The interface identifier of an address that was formed of an advertisement, if it is one, and not one for a day (RFC 8981):
/// one for a time with the prefix that identifiers need (RFC 4862). `DHCPv6` gives addresses without prefix.
pub(super) fn identifier(held: &HeldAddress) -> Option<Ipv6Addr> {
    const PREFIX_LEN: u8 = 64;
    let is_for_a_day = held.info().flags.contains(AddressFlags::Secondary);
    match held.info().net() {
        IpNet::V6(net) if net.prefix_len() == PREFIX_LEN && held.valid_s().is_some() && !is_for_a_day => {
            Some(Ipv6Addr::from_bits(net.addr().to_bits() & net.hostmask().to_bits()))
        }
        _ => None,
    }
}
