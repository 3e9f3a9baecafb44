//! Data addresses, and what makes an address fit for a host.

use std::net::{IpAddr, Ipv4Addr};

use ipmp_common::layout::ADDRESSES;
use ipnet::IpNet;
use thiserror::Error;

use super::{
    DataAddress,
    findings::{At, Findings},
    section::Section,
};

/// Data addresses of one group: half of what the binding table holds; the rest is for addresses that come by
/// other ways.
const MOST: usize = ADDRESSES / 2;

/// Why no host has an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Unfit {
    /// `0.0.0.0` or `::`.
    #[error("is the unspecified address")]
    Unspecified,
    /// In `0.0.0.0/8`.
    #[error("is in 0.0.0.0/8, which no host has")]
    ThisNetwork,
    /// One of many.
    #[error("is a multicast address")]
    Multicast,
    /// `255.255.255.255`.
    #[error("is the broadcast address")]
    Broadcast,
    /// `127.0.0.0/8` or `::1`.
    #[error("is a loopback address")]
    Loopback,
    /// `::ffff:0.0.0.0/96`.
    #[error("is an IPv4-mapped address, which no packet carries")]
    Mapped,
    /// The first of its subnet (IPv4).
    #[error("is the network address of its own subnet")]
    Network,
    /// The last of its subnet (IPv4).
    #[error("is the broadcast address of its own subnet")]
    SubnetBroadcast,
    /// The first of its subnet (IPv6).
    #[error("is the anycast address of the routers of its own subnet")]
    RouterAnycast,
}

/// Why no host has this address, whatever its subnet.
pub(super) fn unfit(address: IpAddr) -> Option<Unfit> {
    match address {
        address if address.is_unspecified() => Some(Unfit::Unspecified),
        address if address.is_multicast() => Some(Unfit::Multicast),
        address if address.is_loopback() => Some(Unfit::Loopback),
        IpAddr::V4(Ipv4Addr::BROADCAST) => Some(Unfit::Broadcast),
        IpAddr::V4(v4) if v4.octets()[0] == 0 => Some(Unfit::ThisNetwork),
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Some(Unfit::Mapped),
        _ => None,
    }
}

/// Why no host has this address in this subnet.
pub(super) fn unfit_in(net: IpNet) -> Option<Unfit> {
    unfit(net.addr()).or(match net {
        IpNet::V4(v4) if v4.prefix_len() >= 31 => None,
        IpNet::V4(v4) if v4.addr() == v4.network() => Some(Unfit::Network),
        IpNet::V4(v4) if v4.addr() == v4.broadcast() => Some(Unfit::SubnetBroadcast),
        IpNet::V6(v6) if v6.prefix_len() < 127 && v6.addr() == v6.network() => Some(Unfit::RouterAnycast),
        _ => None,
    })
}

/// What is wrong with a data address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum DataAddressError {
    /// Not an address with prefix length.
    #[error("is not an address; write ADDRESS/PREFIX-LENGTH, as in \"192.0.2.10/24\"")]
    Malformed,
    /// An address alone.
    #[error("has no prefix length; add that of its subnet, as in \"{address}/{example}\"")]
    NoPrefix {
        /// The address.
        address: IpAddr,
        /// A usual prefix length of its family.
        example: u8,
    },
    /// Zero, too long, or no number.
    #[error("has a bad prefix length; give 1 to {0}")]
    BadPrefix(u8),
    /// Not the address of a host.
    #[error("{0}; give one that a single host can have")]
    Unfit(Unfit),
    /// In `fe80::/10`.
    #[error("is link-local; remove it: the group interface has a link-local address of its own")]
    LinkLocal,
}

/// The data address that `text` stands for.
pub(super) fn parse(text: &str) -> Result<IpNet, DataAddressError> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| DataAddressError::Malformed)?;
    let (longest, example) = if address.is_ipv4() { (32, 24) } else { (128, 64) };
    let length = length.ok_or(DataAddressError::NoPrefix { address, example })?;
    let length = length.parse().ok().filter(|length| (1..=longest).contains(length));
    let net = length.and_then(|length| IpNet::new(address, length).ok());
    let net = net.ok_or(DataAddressError::BadPrefix(longest))?;
    if let Some(unfit) = unfit_in(net) {
        return Err(DataAddressError::Unfit(unfit));
    }
    match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Err(DataAddressError::LinkLocal),
        _ => Ok(net),
    }
}

/// The data addresses of a group, while the rest of the group is read.
pub(super) struct DataAddresses {
    /// Those without mistake.
    pub(super) fit: Vec<DataAddress>,
    /// Whether that is all of them. If not, nothing can be said about what they lack.
    pub(super) complete: bool,
}

impl DataAddresses {
    /// Reads `addresses`.
    pub(super) fn read(section: &Section<'_>, findings: &mut Findings) -> Self {
        let given = section.value("addresses", findings);
        let listed = section.strings("addresses", "192.0.2.10/24", findings).unwrap_or_default();
        let mut fit = Vec::new();
        for At { value: text, line } in listed {
            match parse(text) {
                Ok(net) => fit.push(DataAddress { net, line }),
                Err(error) => section.error(line, format!("data address {text:?} {error}"), findings),
            }
        }
        if let (Some(At { line, .. }), true) = (given, fit.len() > MOST) {
            let what = format!("{} data addresses; give {MOST} at most", fit.len());
            section.error(line, what, findings);
        }
        let items = given.and_then(|at| at.value.as_array()).map(|array| array.len());
        let complete = given.is_none() || items == Some(fit.len());
        Self { fit, complete }
    }

    /// The smallest subnet of a data address that holds `address`.
    pub(super) fn subnet_of(&self, address: IpAddr) -> Option<IpNet> {
        let nets = self.fit.iter().map(|data| data.net.trunc());
        nets.filter(|net| net.contains(&address)).max_by_key(IpNet::prefix_len)
    }
}
