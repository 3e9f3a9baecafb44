//! ARP messages that leave the group: they speak for an address with the MAC of the member bound to it.

use ipmp_common::{Address, member::Mac};

use crate::{
    maps::State,
    packet::{ETH_LEN, Packet, mac_word},
};

/// An ARP message for IPv4 over Ethernet.
#[repr(C)]
pub struct Arp {
    kind: [u8; 6],
    _operation: [u8; 2],
    sender_mac: Mac,
    sender: [u8; 4],
    target_mac: Mac,
    target: [u8; 4],
}

/// Ethernet (1), IPv4, and the lengths of their addresses.
const ETHERNET_IPV4: [u8; 6] = [0, 1, 8, 0, 6, 4];

const SENDER_MAC: usize = ETH_LEN + 8;
const TARGET_MAC: usize = ETH_LEN + 18;

impl Arp {
    /// The message of an ARP packet; `None` if it is cut short or about other kinds of address.
    #[inline(always)]
    pub fn of(packet: Packet) -> Option<&'static Self> {
        packet.make_linear((ETH_LEN + size_of::<Self>()) as u32);
        packet.at::<Self>(ETH_LEN).filter(|arp| arp.kind == ETHERNET_IPV4)
    }

    /// The address that it asks or tells about.
    #[inline(always)]
    pub fn target(&self) -> Address {
        Address::v4(self.target)
    }

    /// The address that it speaks for: the sender's, or the one it probes for when it has no sender yet (RFC 5227).
    #[inline(always)]
    pub fn speaks_for(&self) -> Address {
        if self.sender == [0; 4] { self.target() } else { Address::v4(self.sender) }
    }
}

/// Which link-layer fields of a message hold the group interface's MAC.
#[derive(Clone, Copy)]
pub struct Fields {
    sender: bool,
    target: bool,
}

impl Fields {
    /// Finds them.
    #[inline(always)]
    pub fn of(arp: &Arp, state: State) -> Self {
        let own = state.mac();
        Self { sender: mac_word(&arp.sender_mac) == own, target: mac_word(&arp.target_mac) == own }
    }

    /// Puts `mac` there.
    #[inline(always)]
    pub fn rewrite(self, packet: Packet, mac: &Mac) -> bool {
        (!self.sender || packet.store(SENDER_MAC, mac)) && (!self.target || packet.store(TARGET_MAC, mac))
    }
}
