//! One address.

use std::net::IpAddr;

use ipnet::IpNet;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, AddressScope};

/// The lifetime that means "for ever".
const FOREVER: u32 = u32::MAX;

/// An address of an interface, as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressInfo {
    /// The interface.
    pub ifindex: u32,
    /// The address.
    pub address: IpAddr,
    /// Its prefix length.
    pub prefix_len: u8,
    /// `IFA_F_` flags.
    pub flags: AddressFlags,
    /// How far it is valid.
    pub scope: AddressScope,
    /// Whether its lifetime ends: a DHCP client or router advertisements put it there.
    pub expires: bool,
    /// Who put it there, if he says so (`proto` in `ip addr`; Linux 5.18).
    pub protocol: Option<u8>,
}

impl AddressInfo {
    /// Takes an address message; `None` if it names no address.
    pub fn from_message(message: &AddressMessage) -> Option<Self> {
        let mut address = None;
        let mut local = None;
        let mut flags = AddressFlags::from_bits_retain(u32::from(message.header.flags.bits()));
        let mut expires = false;
        let mut protocol = None;
        for attribute in &message.attributes {
            match attribute {
                // On a point-to-point link, and only there, `Address` is the other end.
                AddressAttribute::Local(own) => local = Some(*own),
                AddressAttribute::Address(any) => address = Some(*any),
                AddressAttribute::Flags(all) => flags = *all,
                AddressAttribute::CacheInfo(info) => expires = info.ifa_valid != FOREVER,
                AddressAttribute::Protocol(putter) => protocol = Some(u8::from(*putter)),
                _ => {}
            }
        }
        Some(Self {
            ifindex: message.header.index,
            address: local.or(address)?,
            prefix_len: message.header.prefix_len,
            flags,
            scope: message.header.scope,
            expires,
            protocol,
        })
    }

    /// Whether both are the same address of the same interface, whatever its state.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.ifindex, self.address, self.prefix_len) == (other.ifindex, other.address, other.prefix_len)
    }

    /// The address with its prefix length.
    pub fn net(&self) -> IpNet {
        IpNet::new_assert(self.address, self.prefix_len)
    }

    /// Whether it may be used: duplicate address detection is through with it, and has found no other.
    pub fn is_usable(&self) -> bool {
        !self.flags.intersects(AddressFlags::Tentative | AddressFlags::Dadfailed)
    }

    /// Whether it is a link-local IPv6 address.
    pub fn is_ipv6_link_local(&self) -> bool {
        matches!(self.address, IpAddr::V6(address) if address.is_unicast_link_local())
    }
}
