//! IPv4 and IPv6 headers.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Around, checksum, next_protocol};

/// An IPv4 header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv4 {
    /// Source address.
    pub source: Ipv4Addr,
    /// Destination address.
    pub destination: Ipv4Addr,
    /// Type of service.
    pub tos: u8,
    /// Identification.
    pub id: u16,
    /// The three flag bits: 2 do not fragment, 1 more fragments.
    pub flags: u8,
    /// Fragment offset in units of 8 bytes.
    pub offset: u16,
    /// Time to live.
    pub ttl: u8,
    /// Options, a multiple of 4 bytes.
    pub options: Vec<u8>,
    /// Header length in units of 4 bytes.
    pub header_words: Option<u32>,
    /// Total length in bytes.
    pub total_length: Option<u32>,
    /// Protocol number.
    pub protocol: Option<u32>,
    /// Header checksum.
    pub checksum: Option<u32>,
}

/// An IPv4 header.
pub fn ipv4(source: Ipv4Addr, destination: Ipv4Addr) -> Ipv4 {
    Ipv4 {
        source,
        destination,
        tos: 0,
        id: 0,
        flags: 0,
        offset: 0,
        ttl: 64,
        options: Vec::new(),
        header_words: None,
        total_length: None,
        protocol: None,
        checksum: None,
    }
}

impl Ipv4 {
    /// With this time to live.
    #[must_use]
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = ttl;
        self
    }

    /// With this protocol number, whatever is inside.
    #[must_use]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol.into());
        self
    }

    /// With these options (padded to a multiple of 4 bytes).
    #[must_use]
    pub fn options(mut self, options: &[u8]) -> Self {
        self.options = options.to_vec();
        self.options.resize(options.len().next_multiple_of(4), 0);
        self
    }

    /// A fragment of the packet `id`: `offset` in units of 8 bytes, and whether more follow.
    #[must_use]
    pub fn fragment(mut self, id: u16, offset: u16, more: bool) -> Self {
        (self.id, self.offset, self.flags) = (id, offset, u8::from(more));
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let length = 20 + self.options.len();
        let words = self.header_words.unwrap_or(length as u32 / 4) as u8;
        let total = self.total_length.unwrap_or((length + around.inside.len()) as u32) as u16;
        let mut bytes = vec![0x40 | words & 0xf, self.tos];
        bytes.extend(total.to_be_bytes());
        bytes.extend(self.id.to_be_bytes());
        bytes.extend((u16::from(self.flags) << 13 | self.offset & 0x1fff).to_be_bytes());
        bytes.extend([self.ttl, next_protocol(self.protocol, around), 0, 0]);
        bytes.extend(self.source.octets());
        bytes.extend(self.destination.octets());
        bytes.extend(&self.options);
        let sum = self.checksum.map_or_else(|| checksum::internet(&[&bytes]), |value| value as u16);
        bytes[10..12].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

/// An IPv6 header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipv6 {
    /// Source address.
    pub source: Ipv6Addr,
    /// Destination address.
    pub destination: Ipv6Addr,
    /// Traffic class (upper 8 bits) and flow label (lower 20 bits).
    pub class_and_label: u32,
    /// Hop limit.
    pub hop_limit: u8,
    /// Length of what follows the header, in bytes.
    pub payload_length: Option<u32>,
    /// Protocol number of what follows.
    pub next_header: Option<u32>,
}

/// An IPv6 header.
pub fn ipv6(source: Ipv6Addr, destination: Ipv6Addr) -> Ipv6 {
    Ipv6 { source, destination, class_and_label: 0, hop_limit: 64, payload_length: None, next_header: None }
}

impl Ipv6 {
    /// With this hop limit; neighbour discovery needs 255.
    #[must_use]
    pub fn hop_limit(mut self, hop_limit: u8) -> Self {
        self.hop_limit = hop_limit;
        self
    }

    /// With this next header number, whatever is inside.
    #[must_use]
    pub fn next_header(mut self, protocol: u8) -> Self {
        self.next_header = Some(protocol.into());
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40);
        bytes.extend((6 << 28 | self.class_and_label & 0x0fff_ffff).to_be_bytes());
        bytes.extend((self.payload_length.unwrap_or(around.inside.len() as u32) as u16).to_be_bytes());
        bytes.extend([next_protocol(self.next_header, around), self.hop_limit]);
        bytes.extend(self.source.octets());
        bytes.extend(self.destination.octets());
        bytes
    }
}
