//! IPv4 headers.

use core::mem::offset_of;

use ipmp_common::flow::Transport;

use crate::{
    egress::ports,
    packet::{ETH_LEN, Packet, load_u16, load_u32},
};

/// ICMP.
pub const ICMP: u8 = 1;
/// IGMP.
pub const IGMP: u8 = 2;

/// More fragments, or an offset: the bits of a fragment.
const FRAGMENT: u16 = 0x3fff;

/// The offset alone.
const OFFSET: u16 = 0x1fff;

/// An IPv4 header without options.
#[repr(C)]
pub struct Ipv4 {
    version_and_length: u8,
    _service: u8,
    total_length: [u8; 2],
    _identification: [u8; 2],
    fragment: [u8; 2],
    _time_to_live: u8,
    /// Protocol of what follows.
    pub protocol: u8,
    _checksum: [u8; 2],
    source: [u8; 4],
    destination: [u8; 4],
}

impl Ipv4 {
    /// The header of an IPv4 packet.
    #[inline(always)]
    pub fn of(packet: Packet) -> Option<&'static Self> {
        packet.at(ETH_LEN)
    }

    /// The source address.
    #[inline(always)]
    pub fn source(&self) -> [u8; 4] {
        load_u32::<{ offset_of!(Self, source) }, _>(self).to_ne_bytes()
    }

    /// The destination address.
    #[inline(always)]
    pub fn destination(&self) -> [u8; 4] {
        load_u32::<{ offset_of!(Self, destination) }, _>(self).to_ne_bytes()
    }

    /// Whether the header is longer than its fixed part.
    #[inline(always)]
    pub fn has_options(&self) -> bool {
        self.version_and_length & 0x0f > 5
    }

    /// Offset of what follows the header and its options.
    #[inline(always)]
    pub fn upper_offset(&self) -> usize {
        ETH_LEN + (self.version_and_length & 0x0f) as usize * 4
    }

    /// Length of header and payload, as the header says.
    #[inline(always)]
    pub fn total_length(&self) -> u16 {
        u16::from_be_bytes(self.total_length)
    }

    /// Whether it is a part of a packet.
    #[inline(always)]
    pub fn is_fragment(&self) -> bool {
        u16::from_be_bytes(self.fragment) & FRAGMENT != 0
    }

    /// Whether the header of the upper protocol follows: not in later fragments, nor behind a header that makes no sense.
    #[inline(always)]
    pub fn begins(&self) -> bool {
        u16::from_be_bytes(self.fragment) & OFFSET == 0 && (0x45..=0x4f).contains(&self.version_and_length)
    }

    /// The ports, where they belong to the flow. A fragment has none: only the first one carries them.
    #[inline(always)]
    pub fn transport(&self, packet: Packet) -> Transport {
        if u16::from_be(load_u16::<{ offset_of!(Self, fragment) }, _>(self)) & FRAGMENT != 0 {
            return Transport::NONE;
        }
        ports(packet, self.protocol, self.upper_offset())
    }
}
