//! A frame that switches learn from and nobody gets.

use ipmp_common::member::Mac;

use super::ethernet;

/// The Ethernet configuration testing protocol ("loopback").
const ETHERTYPE_LOOPBACK: u16 = 0x9000;
/// Shortest Ethernet frame, without its checksum.
const SHORTEST: usize = 60;

/// From `mac` to itself: the switch learns the port, and drops the frame since it has come from there. Linux bonding
/// sends its learning packets so.
pub fn to_itself(mac: Mac) -> Vec<u8> {
    let mut frame = ethernet(mac.bytes, mac, ETHERTYPE_LOOPBACK);
    frame.resize(SHORTEST, 0);
    frame
}
