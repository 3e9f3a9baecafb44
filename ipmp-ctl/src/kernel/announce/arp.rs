//! Gratuitous ARP.

use std::net::Ipv4Addr;

use ipmp_common::member::Mac;

use super::ethernet;

const BROADCAST: [u8; 6] = [0xff; 6];
const ETHERTYPE_ARP: u16 = 0x0806;
/// Hardware type Ethernet, protocol IPv4, their address lengths, operation request.
const REQUEST: [u8; 8] = [0, 1, 0x08, 0x00, 6, 4, 0, 1];

/// `address` is at `mac`, for everybody: a request for the address itself, with a target hardware address of zero.
/// Linux peers take this form at once; the reply form they ignore for a second after the last change.
pub fn gratuitous(mac: Mac, address: Ipv4Addr) -> Vec<u8> {
    let mut frame = ethernet(BROADCAST, mac, ETHERTYPE_ARP);
    frame.extend(REQUEST);
    frame.extend(mac.bytes);
    frame.extend(address.octets());
    frame.extend([0; 6]);
    frame.extend(address.octets());
    frame
}
