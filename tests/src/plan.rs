//! The addresses of a [`crate::Topology`]. One link, 10.9.0.0/24 and `fd09::/64`; every topology has its own namespaces,
//! so all of them use the same.
//!
//! | who | IPv4 | IPv6 |
//! | --- | --- | --- |
//! | data address `i` of the first IPMP host | 10.9.0.10 + i | `fd09::10` + i |
//! | test address of its member `i` | 10.9.0.20 + i | |
//! | data address `i` of the second IPMP host | 10.9.0.50 + i | `fd09::50` + i |
//! | test address of its member `i` | 10.9.0.60 + i | |
//! | peer `i` | 10.9.0.101 + i | `fd09::101` + i |

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Data address `index` of the IPMP host `host`.
pub fn data_v4(host: usize, index: usize) -> Ipv4Addr {
    v4(10 + 40 * host + index)
}

/// IPv6 data address `index` of the IPMP host `host`.
pub fn data_v6(host: usize, index: usize) -> Ipv6Addr {
    v6(0x10 + 0x40 * host as u16 + index as u16)
}

/// Test address of the member `index` of the IPMP host `host`.
pub fn test_v4(host: usize, index: usize) -> Ipv4Addr {
    v4(20 + 40 * host + index)
}

/// Address of the peer `index`.
pub fn peer_v4(index: usize) -> Ipv4Addr {
    v4(101 + index)
}

/// IPv6 address of the peer `index`.
pub fn peer_v6(index: usize) -> Ipv6Addr {
    v6(0x101 + index as u16)
}

/// Both data addresses `index` of the first host.
pub fn data(index: usize) -> [IpAddr; 2] {
    [data_v4(0, index).into(), data_v6(0, index).into()]
}

/// Both addresses of the peer `index`.
pub fn peer(index: usize) -> [IpAddr; 2] {
    [peer_v4(index).into(), peer_v6(index).into()]
}

fn v4(last: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, u8::try_from(last).expect("the plan has room for this address"))
}

fn v6(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0xfd09, 0, 0, 0, 0, 0, 0, last)
}
