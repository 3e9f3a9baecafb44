//! One address that an interface holds.

use std::fmt;

use netlink_packet_core::Parseable;
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressHeaderFlags, AddressMessage, AddressProtocol,
};
use serde::{Deserialize, Serialize};

use super::{from_hex, to_hex};
use crate::kernel::netlink::AddressInfo;

/// The lifetime that means "for ever".
const FOREVER: u32 = u32::MAX;

/// The kernel keeps no longer labels (`IFNAMSIZ` with the final zero).
const LONGEST_LABEL: usize = 15;

/// What a user may ask of an address; the other flags are the kernel's own.
const SETTABLE: AddressFlags = AddressFlags::Nodad
    .union(AddressFlags::Homeaddress)
    .union(AddressFlags::Managetempaddr)
    .union(AddressFlags::Noprefixroute)
    .union(AddressFlags::Mcautojoin);

/// An address as the kernel told it, with its interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HeldAddress {
    message: AddressMessage,
    info: AddressInfo,
}

impl HeldAddress {
    /// Takes an address message; `None` if it names no address.
    pub fn new(message: AddressMessage) -> Option<Self> {
        let info = AddressInfo::from_message(&message)?;
        Some(Self { message, info })
    }

    /// What the rest of the program knows of it.
    pub const fn info(&self) -> &AddressInfo {
        &self.info
    }

    /// The same on another interface. A label moves along: the kernel wants it to begin with the interface's name.
    #[must_use]
    pub fn moved(&self, from: &str, to: &str, ifindex: u32) -> Self {
        let mut moved = self.clone();
        moved.message.header.index = ifindex;
        moved.info.ifindex = ifindex;
        for attribute in &mut moved.message.attributes {
            if let AddressAttribute::Label(label) = attribute {
                let suffix = label.strip_prefix(from).unwrap_or_default();
                *label = if to.len() + suffix.len() > LONGEST_LABEL {
                    to.to_owned()
                } else {
                    format!("{to}{suffix}")
                };
            }
        }
        moved
    }

    /// The same, signed by this program, or (`None`) by nobody.
    #[must_use]
    pub fn signed(mut self, signature: Option<u8>) -> Self {
        self.message.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::Protocol(_)));
        let protocol = signature.map(|it| AddressAttribute::Protocol(AddressProtocol::Other(it)));
        self.message.attributes.extend(protocol);
        self.info.protocol = signature;
        self
    }

    /// The same after so many seconds. `None`: its time is over.
    pub fn aged(mut self, seconds: u32) -> Option<Self> {
        for attribute in &mut self.message.attributes {
            if let AddressAttribute::CacheInfo(info) = attribute {
                for lifetime in [&mut info.ifa_valid, &mut info.ifa_preferred] {
                    if *lifetime != FOREVER {
                        *lifetime = lifetime.saturating_sub(seconds);
                    }
                }
                if info.ifa_valid == 0 {
                    return None;
                }
            }
        }
        Some(self)
    }

    /// The same with the lifetime of another.
    #[must_use]
    pub fn with_lifetime_of(mut self, other: &Self) -> Self {
        let is_lifetime = |attribute: &AddressAttribute| matches!(attribute, AddressAttribute::CacheInfo(_));
        let lifetime: Vec<_> =
            other.message.attributes.iter().filter(|it| is_lifetime(it)).cloned().collect();
        self.message.attributes.retain(|attribute| !is_lifetime(attribute));
        self.message.attributes.extend(lifetime);
        self
    }

    /// Whether the kernel makes no route of its subnet along with it.
    pub(super) fn has_no_route(&self) -> bool {
        self.message.attributes.iter().any(|attribute| {
            matches!(attribute, AddressAttribute::Flags(flags) if flags.contains(AddressFlags::Noprefixroute))
        })
    }

    /// How long it is still valid, in seconds; `None`: for ever.
    pub fn valid_s(&self) -> Option<u32> {
        self.message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::CacheInfo(info) if info.ifa_valid != FOREVER => Some(info.ifa_valid),
            _ => None,
        })
    }

    /// Whether it has another end: a point-to-point link.
    pub fn has_peer(&self) -> bool {
        let peer = |attribute: &AddressAttribute| matches!(attribute, AddressAttribute::Address(peer) if *peer != self.info.address);
        self.message.attributes.iter().any(peer)
    }

    /// What puts it on its interface without duplicate address detection.
    pub(super) fn unchecked_message(&self) -> AddressMessage {
        let wanted = self.info.flags.intersection(SETTABLE);
        self.put_message(if self.info.address.is_ipv6() { wanted | AddressFlags::Nodad } else { wanted })
    }

    /// What gives it the flags that it is to have in the end, if they are others.
    pub(super) fn final_message(&self) -> Option<AddressMessage> {
        let wanted = self.info.flags.intersection(SETTABLE);
        let is_other = self.info.address.is_ipv6() && !wanted.contains(AddressFlags::Nodad);
        is_other.then(|| self.put_message(wanted))
    }

    fn put_message(&self, flags: AddressFlags) -> AddressMessage {
        let is_settable = |attribute: &AddressAttribute| {
            !matches!(
                attribute,
                AddressAttribute::Flags(_) | AddressAttribute::Anycast(_) | AddressAttribute::Multicast(_)
            )
        };
        let mut message = self.message.clone();
        message.attributes.retain(is_settable);
        message.header.flags = AddressHeaderFlags::empty();
        message.attributes.push(AddressAttribute::Flags(flags));
        message
    }

    /// What takes it from its interface.
    pub(super) fn take_message(&self) -> AddressMessage {
        let mut message = self.message.clone();
        let names_it = |attribute: &AddressAttribute| {
            matches!(attribute, AddressAttribute::Local(_) | AddressAttribute::Address(_))
        };
        message.attributes.retain(names_it);
        message.header.flags = AddressHeaderFlags::empty();
        message
    }
}

impl fmt::Display for HeldAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "address {}", self.info.net())
    }
}

impl From<HeldAddress> for String {
    fn from(address: HeldAddress) -> Self {
        to_hex(&address.message)
    }
}

impl TryFrom<String> for HeldAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = from_hex(&text).ok_or("not hexadecimal digits")?;
        let message = AddressMessage::parse(&bytes).map_err(|_| "not an address message")?;
        Self::new(message).ok_or("without an address")
    }
}
