//! Neighbour discovery (RFC 4861).

use std::net::Ipv6Addr;

use ipmp_common::member::Mac;

use super::{Around, checksum};

/// A neighbour discovery message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nd {
    /// `ICMPv6` type: 133 router solicitation, 134 router advertisement, 135 neighbour solicitation, 136 neighbour
    /// advertisement, 137 redirect.
    pub kind: u8,
    /// Flags and reserved bits: the four bytes behind the checksum.
    pub flags: [u8; 4],
    /// What lies between flags and options: timers or addresses.
    pub fixed: Vec<u8>,
    /// The options.
    pub options: Vec<NdOption>,
    /// Checksum.
    pub checksum: Option<u32>,
}

/// An option of a neighbour discovery message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NdOption {
    /// 1 source link-layer address, 2 target link-layer address, 3 prefix, 5 MTU, 14 nonce, ...
    pub kind: u8,
    /// The length byte, in units of 8 bytes; 0 is what a malformed option has.
    pub length: u8,
    /// Everything behind the length byte.
    pub data: Vec<u8>,
}

/// "Which routers are there?"
pub fn router_solicitation() -> Nd {
    Nd { kind: 133, flags: [0; 4], fixed: Vec::new(), options: Vec::new(), checksum: None }
}

/// "I am a router, for `lifetime` seconds."
pub fn router_advertisement(lifetime: u16) -> Nd {
    let [a, b] = lifetime.to_be_bytes();
    Nd { kind: 134, flags: [64, 0, a, b], fixed: vec![0; 8], ..router_solicitation() }
}

/// "Who has `target`?"
pub fn neighbour_solicitation(target: Ipv6Addr) -> Nd {
    Nd { kind: 135, fixed: target.octets().to_vec(), ..router_solicitation() }
}

/// "I have `target`."
pub fn neighbour_advertisement(target: Ipv6Addr) -> Nd {
    Nd { kind: 136, fixed: target.octets().to_vec(), ..router_solicitation() }
}

/// "Reach `destination` by `target`."
pub fn redirect(target: Ipv6Addr, destination: Ipv6Addr) -> Nd {
    let fixed = [target.octets(), destination.octets()].concat();
    Nd { kind: 137, fixed, ..router_solicitation() }
}

/// The solicited-node multicast address of `target`.
pub(super) fn solicited_node(target: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = target.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

impl Nd {
    /// The multicast address to which a solicitation for `target` goes, and the MAC address for that.
    pub fn solicited_node(target: Ipv6Addr) -> (Ipv6Addr, Mac) {
        let group = solicited_node(target);
        let [.., a, b, c, d] = group.octets();
        (group, Mac { bytes: [0x33, 0x33, a, b, c, d] })
    }

    /// With a source link-layer address option.
    #[must_use]
    pub fn source_link(self, mac: Mac) -> Self {
        self.option(1, &mac.bytes)
    }

    /// With a target link-layer address option.
    #[must_use]
    pub fn target_link(self, mac: Mac) -> Self {
        self.option(2, &mac.bytes)
    }

    /// With an option of `kind`, its data padded to the next possible length.
    #[must_use]
    pub fn option(mut self, kind: u8, data: &[u8]) -> Self {
        let size = (data.len() + 2).next_multiple_of(8);
        let mut data = data.to_vec();
        data.resize(size - 2, 0);
        self.options.push(NdOption { kind, length: (size / 8) as u8, data });
        self
    }

    /// With the flags of an advertisement: from a router, solicited, override.
    #[must_use]
    pub fn advertisement_flags(mut self, router: bool, solicited: bool, overriding: bool) -> Self {
        self.flags[0] = u8::from(router) << 7 | u8::from(solicited) << 6 | u8::from(overriding) << 5;
        self
    }

    /// The target address of a solicitation, advertisement or redirect.
    pub fn target(&self) -> Option<Ipv6Addr> {
        self.fixed.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes))
    }

    /// The address in the first link-layer address option of `kind` (1 source, 2 target).
    pub fn link_address(&self, kind: u8) -> Option<Mac> {
        let option = self.options.iter().find(|option| option.kind == kind)?;
        option.data.first_chunk::<6>().map(|bytes| Mac { bytes: *bytes })
    }

    /// Bytes between flags and options in a message of `kind`; `None` if that is not neighbour discovery.
    pub(super) fn fixed_size(kind: u8) -> Option<usize> {
        match kind {
            133 => Some(0),
            134 => Some(8),
            135 | 136 => Some(16),
            137 => Some(32),
            _ => None,
        }
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = vec![self.kind, 0, 0, 0];
        bytes.extend(self.flags);
        bytes.extend(&self.fixed);
        for option in &self.options {
            bytes.extend([option.kind, option.length]);
            bytes.extend(&option.data);
        }
        let sum = self.checksum.map_or_else(
            || checksum::transport(around.addresses, 58, &bytes, around.inside),
            |value| value as u16,
        );
        bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}
