//! The Internet checksum.

use std::net::Ipv6Addr;

/// The checksum over these bytes, in which the checksum field is zero.
pub fn internet(bytes: &[u8]) -> [u8; 2] {
    finish(sum(bytes))
}

/// The checksum of an `ICMPv6` message, pseudo-header included.
pub fn icmpv6(from: Ipv6Addr, to: Ipv6Addr, message: &[u8]) -> [u8; 2] {
    let pseudo = sum(&from.octets()) + sum(&to.octets()) + message.len() as u32 + 58;
    finish(pseudo + sum(message))
}

fn sum(bytes: &[u8]) -> u32 {
    let words =
        bytes.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], *pair.get(1).unwrap_or(&0)])));
    words.sum()
}

fn finish(mut sum: u32) -> [u8; 2] {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}
