//! An IP address as a map key.

use crate::TestFilter;

/// An IPv4 or IPv6 address in network byte order; IPv4 addresses in their IPv4-mapped form (`::ffff:192.0.2.1`).
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The 16 bytes.
    pub bytes: [u8; 16],
}

impl Address {
    /// The IPv4 address as key.
    #[inline(always)]
    pub const fn v4(a: [u8; 4]) -> Self {
        Self { bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a[0], a[1], a[2], a[3]] }
    }

    /// The IPv6 address as key.
    #[inline(always)]
    pub const fn v6(bytes: [u8; 16]) -> Self {
        Self { bytes }
    }

    /// The address's place in a [`crate::TestFilter`], from its last four bytes.
    #[inline(always)]
    pub const fn filter_position(tail: [u8; 4]) -> u32 {
        u32::from_le_bytes(tail).wrapping_mul(0x9e37_79b1) >> (u32::BITS - TestFilter::BITS.ilog2())
    }

    /// What [`crate::Choice::choose`] takes as salt for this address's binding.
    #[inline(always)]
    pub const fn salt(&self) -> u32 {
        self.bytes[15] as u32
    }
}

impl From<core::net::IpAddr> for Address {
    fn from(address: core::net::IpAddr) -> Self {
        match address {
            core::net::IpAddr::V4(a) => Self::v4(a.octets()),
            core::net::IpAddr::V6(a) => Self::v6(a.octets()),
        }
    }
}

impl From<Address> for core::net::IpAddr {
    fn from(address: Address) -> Self {
        core::net::Ipv6Addr::from(address.bytes).to_canonical()
    }
}
