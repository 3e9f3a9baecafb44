//! Unsolicited neighbour advertisement (RFC 4861 7.2.6).

use std::net::Ipv6Addr;

use bytes::BufMut as _;
use ipmp_common::member::Mac;

use super::{checksum::icmpv6, ethernet};

/// `ff02::1`.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const ETHERTYPE_IPV6: u16 = 0x86dd;
const NEXT_HEADER_ICMPV6: u8 = 58;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const ROUTER: u8 = 0x80;
const OVERRIDE: u8 = 0x20;
/// Option "target link-layer address", one unit of 8 bytes.
const TARGET_LINK_LAYER: [u8; 2] = [2, 1];
/// What proves that no router forwarded it.
const HOP_LIMIT: u8 = 255;

/// `address` is at `mac`, for everybody, whatever they knew before. Peers drop a router that advertises itself without
/// the router flag.
pub fn unsolicited(mac: Mac, address: Ipv6Addr, router: bool) -> Vec<u8> {
    let flags = OVERRIDE | if router { ROUTER } else { 0 };
    let mut message = vec![NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0];
    message.extend(address.octets());
    message.extend(TARGET_LINK_LAYER);
    message.extend(mac.bytes);
    let sum = icmpv6(address, ALL_NODES, &message);
    message[2..4].copy_from_slice(&sum);

    let mut frame = ethernet(ALL_NODES_MAC, mac, ETHERTYPE_IPV6);
    frame.extend(ipv6_header(NEXT_HEADER_ICMPV6, HOP_LIMIT, address, ALL_NODES, message.len()));
    frame.extend(message);
    frame
}

/// A fixed IPv6 header before `payload` bytes.
pub(super) fn ipv6_header(
    next_header: u8,
    hop_limit: u8,
    from: Ipv6Addr,
    to: Ipv6Addr,
    payload: usize,
) -> Vec<u8> {
    let mut header = Vec::with_capacity(40);
    header.put_u32(6 << 28);
    header.put_u16(payload as u16);
    header.put_u8(next_header);
    header.put_u8(hop_limit);
    header.put_u128(from.to_bits());
    header.put_u128(to.to_bits());
    header
}
