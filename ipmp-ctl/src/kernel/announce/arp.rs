//! Gratuitous ARP.

use std::net::Ipv4Addr;

use bytes::BufMut as _;
use ipmp_common::member::Mac;

use super::ethernet;

const BROADCAST: [u8; 6] = [0xff; 6];
const ETHERTYPE_ARP: u16 = 0x0806;
const HARDWARE_ETHERNET: u16 = 1;
const PROTOCOL_IPV4: u16 = 0x0800;
const REQUEST: u16 = 1;

/// `address` is at `mac`, for everybody: a request for the address itself, with a target hardware address of zero.
/// Linux peers take this form at once; the reply form they ignore for a second after the last change.
pub fn gratuitous(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    let mut frame = ethernet(BROADCAST, mac, ETHERTYPE_ARP);
    frame.put_u16(HARDWARE_ETHERNET);
    frame.put_u16(PROTOCOL_IPV4);
    frame.put_u8(6); // bytes of a hardware address
    frame.put_u8(4); // bytes of a protocol address
    frame.put_u16(REQUEST);
    frame.put_slice(&mac.bytes);
    frame.put_u32(address.to_bits());
    frame.put_bytes(0, 6);
    frame.put_u32(address.to_bits());
    frame
}
