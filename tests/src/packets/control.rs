//! `ICMPv4`, `ICMPv6` and IGMP: one header layout.

use std::net::Ipv4Addr;

use super::{Around, Packet, checksum, payload};

/// Which protocol a [`Control`] header belongs to; the value is its protocol number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Protocol {
    /// `ICMPv4`.
    Icmpv4 = 1,
    /// IGMP.
    Igmp = 2,
    /// `ICMPv6`.
    Icmpv6 = 58,
}

/// The first eight bytes of an ICMP or IGMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// Which protocol.
    pub protocol: Protocol,
    /// Message type.
    pub kind: u8,
    /// Code; in IGMP the maximum response time.
    pub code: u8,
    /// The four bytes behind the checksum.
    pub rest: [u8; 4],
    /// Checksum.
    pub checksum: Option<u32>,
}

/// An `ICMPv4` header.
pub fn icmpv4(kind: u8, code: u8) -> Control {
    Control { protocol: Protocol::Icmpv4, kind, code, rest: [0; 4], checksum: None }
}

/// An `ICMPv6` header. Neighbour discovery has [constructors of its own](super::neighbour_solicitation).
pub fn icmpv6(kind: u8, code: u8) -> Control {
    Control { protocol: Protocol::Icmpv6, ..icmpv4(kind, code) }
}

/// An IGMP header: 0x11 is a query, 0x16 a version 2 report, 0x22 a version 3 report.
pub fn igmp(kind: u8, group: Ipv4Addr) -> Control {
    Control { protocol: Protocol::Igmp, rest: group.octets(), ..icmpv4(kind, 0) }
}

/// An IPv4 echo request.
pub fn echo_request_v4(identifier: u16, sequence: u16, data: &[u8]) -> Packet {
    echo(icmpv4(8, 0), identifier, sequence, data)
}

/// An IPv6 echo request.
pub fn echo_request_v6(identifier: u16, sequence: u16, data: &[u8]) -> Packet {
    echo(icmpv6(128, 0), identifier, sequence, data)
}

fn echo(header: Control, identifier: u16, sequence: u16, data: &[u8]) -> Packet {
    let ([a, b], [c, d]) = (identifier.to_be_bytes(), sequence.to_be_bytes());
    Control { rest: [a, b, c, d], ..header } / payload(data)
}

impl Control {
    /// With these four bytes behind the checksum.
    #[must_use]
    pub fn rest(mut self, rest: [u8; 4]) -> Self {
        self.rest = rest;
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = vec![self.kind, self.code, 0, 0];
        bytes.extend(self.rest);
        let addresses = around.addresses.filter(|_| self.protocol == Protocol::Icmpv6);
        let sum = self.checksum.map_or_else(
            || checksum::transport(addresses, self.protocol as u8, &bytes, around.inside),
            |value| value as u16,
        );
        bytes[2..4].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}
