//! UDP, TCP and SCTP headers.

use super::{Around, checksum};

/// A UDP header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Length in bytes, header included.
    pub length: Option<u32>,
    /// Checksum.
    pub checksum: Option<u32>,
}

/// A UDP header.
pub fn udp(source: u16, destination: u16) -> Udp {
    Udp { source, destination, length: None, checksum: None }
}

impl Udp {
    /// With this checksum, right or wrong; 0 is "none" over IPv4.
    #[must_use]
    pub fn checksum(mut self, checksum: u16) -> Self {
        self.checksum = Some(checksum.into());
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let length = self.length.unwrap_or(8 + around.inside.len() as u32) as u16;
        let mut bytes =
            [self.source.to_be_bytes(), self.destination.to_be_bytes(), length.to_be_bytes(), [0, 0]]
                .concat();
        let sum = self.checksum.map_or_else(
            || match checksum::transport(around.addresses, 17, &bytes, around.inside) {
                0 => 0xffff,
                sum => sum,
            },
            |value| value as u16,
        );
        bytes[6..8].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

/// A TCP header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Sequence number.
    pub sequence: u32,
    /// Acknowledgement number.
    pub acknowledgement: u32,
    /// Reserved bits and flags, 12 bits: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, ...
    pub flags: u16,
    /// Window.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options, a multiple of 4 bytes.
    pub options: Vec<u8>,
    /// Header length in units of 4 bytes.
    pub header_words: Option<u32>,
    /// Checksum.
    pub checksum: Option<u32>,
}

/// A TCP header with only ACK set.
pub fn tcp(source: u16, destination: u16) -> Tcp {
    Tcp {
        source,
        destination,
        sequence: 1,
        acknowledgement: 1,
        flags: 0x10,
        window: 0xffff,
        urgent: 0,
        options: Vec::new(),
        header_words: None,
        checksum: None,
    }
}

impl Tcp {
    /// With these flags.
    #[must_use]
    pub fn flags(mut self, flags: u16) -> Self {
        self.flags = flags;
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let words = self.header_words.unwrap_or(5 + self.options.len() as u32 / 4) as u16;
        let mut bytes = Vec::with_capacity(20 + self.options.len());
        bytes.extend(self.source.to_be_bytes());
        bytes.extend(self.destination.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.acknowledgement.to_be_bytes());
        bytes.extend((words << 12 | self.flags & 0xfff).to_be_bytes());
        bytes.extend(self.window.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(self.urgent.to_be_bytes());
        bytes.extend(&self.options);
        let sum = self.checksum.map_or_else(
            || checksum::transport(around.addresses, 6, &bytes, around.inside),
            |value| value as u16,
        );
        bytes[16..18].copy_from_slice(&sum.to_be_bytes());
        bytes
    }
}

/// The common header of SCTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sctp {
    /// Source port.
    pub source: u16,
    /// Destination port.
    pub destination: u16,
    /// Verification tag.
    pub tag: u32,
    /// `CRC32c`.
    pub checksum: Option<u32>,
}

/// The common header of SCTP.
pub fn sctp(source: u16, destination: u16) -> Sctp {
    Sctp { source, destination, tag: 0, checksum: None }
}

impl Sctp {
    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = [self.source.to_be_bytes(), self.destination.to_be_bytes()].concat();
        bytes.extend(self.tag.to_be_bytes());
        bytes.extend([0; 4]);
        let sum = self.checksum.unwrap_or_else(|| checksum::crc32c([&bytes, around.inside]));
        bytes[8..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }
}
