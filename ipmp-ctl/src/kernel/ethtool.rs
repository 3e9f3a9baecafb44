//! ethtool: link state and speed. It works per network namespace, unlike `/sys`.

use std::io;

use super::ifreq;

const ETHTOOL_GLINK: u32 = 0x0a;
const ETHTOOL_GFLAGS: u32 = 0x25;
const ETHTOOL_GLINKSETTINGS: u32 = 0x4c;

/// `ETH_FLAG_LRO`.
const LARGE_RECEIVE_OFFLOAD: u32 = 1 << 15;

/// `struct ethtool_value`.
#[repr(C)]
struct Value {
    command: u32,
    data: u32,
}

/// `struct ethtool_link_settings` with room for three link mode masks of any length that the kernel may have.
#[repr(C)]
struct LinkSettings {
    command: u32,
    speed: u32,
    duplex_port_phy_autoneg: [u8; 4],
    mdio_and_mdix: [u8; 3],
    mask_words: i8,
    transceiver_and_roles: [u8; 4],
    reserved: [u32; 7],
    masks: [u32; 3 * 127],
}

/// Whether the interface has carrier. Asking makes the kernel run its link watch for it, which purges the transmit
/// queue of an interface that lost its carrier; by itself that may come a second late.
///
/// Takes the lock of the network stack (measured up to 40 ms while somebody attaches a program): keep it off the
/// event loop.
pub fn glink(ifname: &str) -> io::Result<bool> {
    let mut value = Value { command: ETHTOOL_GLINK, data: 0 };
    // SAFETY: GLINK reads and writes a `struct ethtool_value`.
    unsafe { ifreq::ethtool(ifname, &mut value)? };
    Ok(value.data != 0)
}

/// Whether large receive offload is on.
pub fn large_receive_offload(ifname: &str) -> io::Result<bool> {
    let mut value = Value { command: ETHTOOL_GFLAGS, data: 0 };
    // SAFETY: GFLAGS reads and writes a `struct ethtool_value`.
    unsafe { ifreq::ethtool(ifname, &mut value)? };
    Ok(value.data & LARGE_RECEIVE_OFFLOAD != 0)
}

/// Speed of the link in Mbit/s; `None` if the driver does not tell, or the link is down. May sleep as [`glink`] may.
pub fn speed_mbps(ifname: &str) -> Option<u32> {
    let mut settings = LinkSettings {
        command: ETHTOOL_GLINKSETTINGS,
        speed: 0,
        duplex_port_phy_autoneg: [0; 4],
        mdio_and_mdix: [0; 3],
        mask_words: 0,
        transceiver_and_roles: [0; 4],
        reserved: [0; 7],
        masks: [0; 3 * 127],
    };
    // The first call asks for no masks, and is told the negated number of words that they have.
    // SAFETY: GLINKSETTINGS takes a `struct ethtool_link_settings`; masks have at most 127 words each.
    unsafe { ifreq::ethtool(ifname, &mut settings) }.ok()?;
    settings.mask_words = settings.mask_words.checked_neg().filter(|words| *words > 0)?;
    settings.command = ETHTOOL_GLINKSETTINGS;
    // SAFETY: as above.
    unsafe { ifreq::ethtool(ifname, &mut settings) }.ok()?;
    known_speed(settings.speed)
}

/// Drivers say "unknown" by all ones, some by 0.
fn known_speed(speed: u32) -> Option<u32> {
    (speed != 0 && speed != u32::MAX).then_some(speed)
}

#[cfg(test)]
mod tests;
