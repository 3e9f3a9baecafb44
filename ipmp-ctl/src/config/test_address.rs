//! Test addresses.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};
use thiserror::Error;

use super::{
    TestAddress, TestAddresses,
    address::{DataAddresses, Unfit, unfit_in},
    findings::{At, Findings},
    section::Section,
};

/// What is wrong with a test address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum TestAddressError {
    /// Not an IPv4 address.
    #[error("is not an address; write an IPv4 address, as in \"192.0.2.21\" or \"192.0.2.21/24\"")]
    Malformed,
    /// An IPv6 address.
    #[error(
        "is IPv6; remove it: the IPv6 test address is the link-local address that the member has by itself"
    )]
    V6,
    /// No room for a target, no number, or too long.
    #[error("has a bad prefix length; give 1 to 31, that of the subnet in which its targets are")]
    BadPrefix,
    /// No prefix, and none to be found.
    #[error("is in no data address's subnet; write its prefix length too, as in \"{0}/24\"")]
    NoPrefix(Ipv4Addr),
    /// Not the address of a host.
    #[error("{0}; give one that a single host can have")]
    Unfit(Unfit),
}

/// The test address that `text` stands for; without prefix length it has that of the data address whose subnet
/// holds it. `None`: that data address may be among those that are not known.
pub(super) fn parse(text: &str, data: &DataAddresses) -> Result<Option<Ipv4Net>, TestAddressError> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let IpAddr::V4(address) = address.parse().map_err(|_| TestAddressError::Malformed)? else {
        return Err(TestAddressError::V6);
    };
    let length = match length {
        Some(length) => Some(length.parse::<u8>().map_err(|_| TestAddressError::BadPrefix)?),
        None => data.subnet_of(address.into()).map(|subnet| subnet.prefix_len()),
    };
    let Some(length) = length else {
        let whole = IpNet::from(IpAddr::V4(address));
        return match unfit_in(whole) {
            Some(unfit) => Err(TestAddressError::Unfit(unfit)),
            None if data.complete => Err(TestAddressError::NoPrefix(address)),
            None => Ok(None),
        };
    };
    if !(1..=31).contains(&length) {
        return Err(TestAddressError::BadPrefix);
    }
    let net = Ipv4Net::new(address, length).map_err(|_| TestAddressError::BadPrefix)?;
    match unfit_in(net.into()) {
        Some(unfit) => Err(TestAddressError::Unfit(unfit)),
        None => Ok(Some(net)),
    }
}

/// Reads `test-addresses` of a member.
pub(super) fn read(section: &Section<'_>, data: &DataAddresses, findings: &mut Findings) -> TestAddresses {
    let Some(listed) = section.strings("test-addresses", "192.0.2.21", findings) else {
        return TestAddresses::LinkLocal;
    };
    if listed.is_empty() {
        return TestAddresses::None;
    }
    let mut fit = Vec::new();
    for At { value: text, line } in listed {
        match parse(text, data) {
            Ok(net) => fit.extend(net.map(|net| TestAddress { net, line })),
            Err(error) => section.error(line, format!("test address {text:?} {error}"), findings),
        }
    }
    TestAddresses::V4(fit)
}
