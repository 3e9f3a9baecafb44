//! MAC addresses of a group interface and its peer: always the same for the same host and group.
//!
//! A MAC that stays makes the group's IPv6 addresses stay, and one given at creation is left alone by udev.

use std::{fs, io};

use ipmp_common::member::Mac;

/// Which end of the pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The group interface.
    Group,
    /// Its peer.
    Peer,
}

/// What tells this host from every other: the machine id, else an identifier of this boot; and the argument of
/// `--netns`, since each namespace is a host of its own.
pub fn host_identity(netns: Option<&str>) -> io::Result<Vec<u8>> {
    let mut identity = match fs::read("/etc/machine-id") {
        Ok(id) if id.trim_ascii().len() == 32 => id.trim_ascii().to_vec(),
        // Absent or `uninitialized`: stable until the next boot is the best there is.
        _ => fs::read("/proc/sys/kernel/random/boot_id")?.trim_ascii().to_vec(),
    };
    identity.push(0);
    identity.extend(netns.unwrap_or_default().bytes());
    Ok(identity)
}

/// The MAC of one end of a group: locally administered, unicast, the rest a hash (64-bit FNV-1a, finished by
/// `MurmurHash3`'s mixer so that every bit counts) of host, group and end.
pub fn stable_mac(host: &[u8], group: &str, end: End) -> Mac {
    let parts: [&[u8]; 3] = [host, group.as_bytes(), &[end as u8]];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for part in parts {
        // The terminator keeps ("ab", "c") and ("a", "bc") apart.
        for byte in part.iter().chain(&[0xff]) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^= hash >> 33;
    let [a, b, c, d, e, f, ..] = hash.to_be_bytes();
    Mac { bytes: [(a & 0xfc) | 0x02, b, c, d, e, f] }
}

#[cfg(test)]
mod tests;
