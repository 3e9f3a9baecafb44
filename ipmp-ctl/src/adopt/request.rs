//! What an operator asks for.

use std::{net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};

/// A group to be made of interfaces that carry addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdoptRequest {
    /// Name of the group.
    pub group: String,
    /// Its members, in the order of the configuration.
    pub interfaces: Vec<String>,
    /// Those of them that are standbys.
    pub standby: Vec<String>,
    /// Test addresses.
    pub test_addresses: Vec<TestAddressWish>,
    /// How long to wait for the confirmation, in seconds; 0: none is needed.
    pub confirm_s: u64,
    /// Whoever confirms is to keep other network software from putting addresses on members.
    #[serde(default)]
    pub persist: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// A group to be taken down, its addresses and routes to one of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseRequest {
    /// The group.
    pub group: String,
    /// The member; `None`: the first that works.
    pub interface: Option<String>,
    /// Even if the member does not work.
    pub force: bool,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// A test address: `IFACE=ADDRESS[/LEN]`, or `ADDRESS[/LEN]` for the next member without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestAddressWish {
    /// Whose it is to be.
    pub interface: Option<String>,
    /// The address.
    pub address: IpAddr,
    /// The length of its prefix, if one was given.
    pub prefix_len: Option<u8>,
}

impl FromStr for TestAddressWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (interface, rest) = match text.split_once('=') {
            Some((interface, rest)) => (Some(interface.to_owned()), rest),
            None => (None, text),
        };
        let (address, length) = match rest.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (rest, None),
        };
        let wrong =
            || format!("{rest:?} is not an address; write [IFACE=]ADDRESS[/LENGTH], as in eth0=192.0.2.21");
        let address = address.parse().map_err(|_| wrong())?;
        let prefix_len = length.map(str::parse).transpose().map_err(|_| wrong())?;
        Ok(Self { interface, address, prefix_len })
    }
}
