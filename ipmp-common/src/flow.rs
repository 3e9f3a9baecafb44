//! The flow hash: which bucket a packet belongs to.
//!
//! TCP, UDP and SCTP packets are hashed by addresses, protocol and ports; everything else, and every fragment, by
//! addresses alone. The hash is an xor-multiply-shift mix under a random seed of the group: a sender who does not know
//! the seed cannot aim at one member.

use crate::layout::BUCKETS;

/// IP protocol numbers whose ports are part of the flow.
pub mod protocol {
    /// TCP.
    pub const TCP: u8 = 6;
    /// UDP.
    pub const UDP: u8 = 17;
    /// SCTP.
    pub const SCTP: u8 = 132;
}

/// The part of a flow above the addresses: protocol and ports, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transport(u64);

impl Transport {
    /// Addresses alone.
    pub const NONE: Self = Self(0);

    /// Protocol and the four bytes of source and destination port as on the wire.
    #[inline(always)]
    pub const fn new(protocol: u8, ports: [u8; 4]) -> Self {
        Self((protocol as u64) << 32 | u32::from_le_bytes(ports) as u64)
    }

    /// Whether `protocol` has ports that belong to the flow.
    #[inline(always)]
    pub const fn has_ports(protocol: u8) -> bool {
        matches!(protocol, protocol::TCP | protocol::UDP | protocol::SCTP)
    }
}

/// Hash of an IPv4 flow. Addresses in network byte order.
#[inline(always)]
pub const fn hash_v4(seed: u64, source: [u8; 4], destination: [u8; 4], transport: Transport) -> u64 {
    let addresses = (u32::from_le_bytes(source) as u64) << 32 | u32::from_le_bytes(destination) as u64;
    mix(mix(seed, addresses), transport.0)
}

/// Hash of an IPv6 flow. Addresses in network byte order.
#[inline(always)]
pub const fn hash_v6(seed: u64, source: [u8; 16], destination: [u8; 16], transport: Transport) -> u64 {
    hash_v6_words(seed, words(source), words(destination), transport)
}

/// The same of addresses that were loaded as two numbers each, as they lie in memory.
#[inline(always)]
pub const fn hash_v6_words(seed: u64, [a, b]: [u64; 2], [c, d]: [u64; 2], transport: Transport) -> u64 {
    mix(mix(mix(mix(mix(seed, a), b), c), d), transport.0)
}

/// Hash of a packet that is neither IPv4 nor IPv6.
#[inline(always)]
pub const fn hash_other(seed: u64) -> u64 {
    mix(seed, 0)
}

/// Number of the bucket that `hash` picks.
#[inline(always)]
pub const fn bucket(hash: u64) -> u32 {
    // The upper bits of a product depend on all bits of its factors, the lower ones do not.
    (hash >> (u64::BITS - BUCKETS.trailing_zeros())) as u32
}

#[inline(always)]
const fn mix(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25);
    (product ^ (product >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

#[inline(always)]
const fn words(bytes: [u8; 16]) -> [u64; 2] {
    let b = bytes;
    [
        u64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]),
        u64::from_le_bytes([b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]]),
    ]
}

#[cfg(test)]
mod tests;
