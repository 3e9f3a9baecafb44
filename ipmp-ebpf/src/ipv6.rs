//! The way through IPv6 extension headers.

use core::mem::offset_of;

use aya_ebpf::bindings::__sk_buff;
use ipmp_common::Address;

use crate::packet::{ETH_LEN, IPV6_LEN, LONG_HEAD, Packet, load_u16, load_u32, load_u64};

/// ICMPv6.
pub const ICMPV6: u8 = 58;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;
const MOBILITY: u8 = 135;
const HIP: u8 = 139;
const SHIM6: u8 = 140;

/// Extension headers walked past; a packet with more is hashed by its addresses.
const HEADERS: usize = 8;

/// A header at the end of the walk lies before this offset.
const END: usize = 2048;

/// An IPv6 header.
#[repr(C)]
pub struct Ipv6 {
    _version_and_flow: [u8; 4],
    payload_length: [u8; 2],
    /// Protocol of what follows.
    pub next_header: u8,
    _hop_limit: u8,
    source: [u8; 16],
    destination: [u8; 16],
}

impl Ipv6 {
    /// The header of an IPv6 packet.
    #[inline(always)]
    pub fn of(packet: Packet) -> Option<&'static Self> {
        packet.at(ETH_LEN)
    }

    /// Length of what follows, as the header says.
    #[inline(always)]
    pub fn payload_length(&self) -> u16 {
        u16::from_be_bytes(self.payload_length)
    }

    /// The source address as key.
    #[inline(always)]
    pub fn source(&self) -> Address {
        Address::v6(self.source)
    }

    /// The last four bytes of the source address.
    #[inline(always)]
    pub fn source_tail(&self) -> [u8; 4] {
        load_u32::<{ offset_of!(Self, source) + 12 }, _>(self).to_ne_bytes()
    }

    /// The last four bytes of the destination address.
    #[inline(always)]
    pub fn destination_tail(&self) -> [u8; 4] {
        load_u32::<{ offset_of!(Self, destination) + 12 }, _>(self).to_ne_bytes()
    }

    /// The source address as the flow hash takes it.
    #[inline(always)]
    pub fn source_words(&self) -> [u64; 2] {
        const OFFSET: usize = offset_of!(Ipv6, source);
        [load_u64::<OFFSET, _>(self), load_u64::<{ OFFSET + 8 }, _>(self)]
    }

    /// The destination address as the flow hash takes it.
    #[inline(always)]
    pub fn destination_words(&self) -> [u64; 2] {
        const OFFSET: usize = offset_of!(Ipv6, destination);
        [load_u64::<OFFSET, _>(self), load_u64::<{ OFFSET + 8 }, _>(self)]
    }

    /// Whether the destination is a link-local address, fe80::/10.
    #[inline(always)]
    pub fn is_to_link_local(&self) -> bool {
        u16::from_be(load_u16::<{ offset_of!(Self, destination) }, _>(self)) & 0xffc0 == 0xfe80
    }

    /// The destination address as key.
    #[inline(always)]
    pub fn destination(&self) -> Address {
        Address::v6(self.destination)
    }
}

/// Where the upper layer begins, and what it is.
#[derive(Clone, Copy)]
pub struct Upper {
    /// Its protocol number; [`NO_UPPER`] if there is nothing to look at.
    pub protocol: u8,
    /// Its offset in the packet; below [`END`].
    pub offset: usize,
}

/// "No next header": the protocol number of fragments, packets cut short, and those with too many headers.
const NO_UPPER: u8 = 59;

/// The upper layer of an IPv6 packet. Every reference into the packet dies.
#[inline(always)]
pub fn upper(packet: Packet, next_header: u8) -> Upper {
    if next_header == ICMPV6 {
        packet.make_linear(LONG_HEAD);
    }
    if !is_extension(next_header) {
        return Upper { protocol: next_header, offset: ETH_LEN + IPV6_LEN };
    }
    packet.make_linear(LONG_HEAD);
    let found = walk_extension_headers(packet.raw());
    Upper { protocol: (found >> 16) as u8, offset: found as usize & (END - 1) }
}

#[inline(always)]
fn is_extension(header: u8) -> bool {
    matches!(header, HOP_BY_HOP | ROUTING | FRAGMENT | AUTHENTICATION | DESTINATION | MOBILITY | HIP | SHIM6)
}

/// Protocol and offset of the upper layer (`protocol << 16 | offset`). Exported so that the verifier checks it once instead
/// of once for each path that leads here.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn walk_extension_headers(skb: *mut __sk_buff) -> u64 {
    const NOTHING: u64 = (NO_UPPER as u64) << 16;
    let packet = Packet::from_raw(skb);
    let Some(ip) = Ipv6::of(packet) else { return NOTHING };
    let mut header = ip.next_header;
    let mut offset = ETH_LEN + IPV6_LEN;
    for _ in 0..HEADERS {
        if !is_extension(header) {
            break;
        }
        let Some([next, length]) = packet.at::<[u8; 2]>(offset) else { return NOTHING };
        let units = *length as usize;
        offset += match header {
            FRAGMENT => return NOTHING,
            AUTHENTICATION => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        if offset >= END {
            return NOTHING;
        }
        header = *next;
    }
    if is_extension(header) { NOTHING } else { u64::from(header) << 16 | offset as u64 }
}
