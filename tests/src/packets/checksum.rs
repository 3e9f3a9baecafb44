//! The checksums of the internet protocols.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The addresses of a pseudo header.
#[derive(Clone, Copy)]
pub(super) enum Addresses {
    /// IPv4 source and destination.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6 source and destination.
    V6(Ipv6Addr, Ipv6Addr),
}

/// The internet checksum of several byte strings, each taken as starting at an even offset.
pub(super) fn internet(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u64::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
        }
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// The internet checksum over pseudo header, header and what is inside; without IP addresses around, of the rest alone.
pub(super) fn transport(addresses: Option<Addresses>, protocol: u8, header: &[u8], inside: &[u8]) -> u16 {
    let length = (header.len() + inside.len()) as u32;
    let mut pseudo = Vec::new();
    match addresses {
        Some(Addresses::V4(source, destination)) => {
            pseudo.extend(source.octets());
            pseudo.extend(destination.octets());
        }
        Some(Addresses::V6(source, destination)) => {
            pseudo.extend(source.octets());
            pseudo.extend(destination.octets());
        }
        None => {}
    }
    if addresses.is_some() {
        pseudo.extend(length.to_be_bytes());
        pseudo.extend([0, 0, 0, protocol]);
    }
    internet(&[&pseudo, header, inside])
}

/// `CRC32c`, as SCTP uses it, of two byte strings in a row.
pub(super) fn crc32c(parts: [&[u8]; 2]) -> u32 {
    let mut crc = u32::MAX;
    for byte in parts.into_iter().flatten() {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}
