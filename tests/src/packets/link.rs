//! Ethernet, VLAN tags and ARP.

use std::net::Ipv4Addr;

use ipmp_common::member::Mac;

use super::{Around, BROADCAST, Layer, Packet};

/// An Ethernet header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination MAC.
    pub destination: Mac,
    /// Source MAC.
    pub source: Mac,
    /// `EtherType`; computed from the layer inside, 0x88b5 (local experiments) if that has none.
    pub ether_type: Option<u32>,
}

/// An Ethernet header from `source` to `destination`.
pub fn ethernet(source: Mac, destination: Mac) -> Ethernet {
    Ethernet { destination, source, ether_type: None }
}

impl Ethernet {
    /// With this `EtherType`, whatever is inside.
    #[must_use]
    pub fn ether_type(mut self, ether_type: u16) -> Self {
        self.ether_type = Some(ether_type.into());
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(14);
        bytes.extend(self.destination.bytes);
        bytes.extend(self.source.bytes);
        bytes.extend(ether_type(self.ether_type, around).to_be_bytes());
        bytes
    }
}

/// A VLAN tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vlan {
    /// VLAN identifier; 0: a priority tag.
    pub id: u16,
    /// Priority and drop eligibility, the tag's upper four bits.
    pub priority: u8,
    /// `EtherType` of what is inside.
    pub ether_type: Option<u32>,
}

/// A tag of the VLAN `id`.
pub fn vlan(id: u16) -> Vlan {
    Vlan { id, priority: 0, ether_type: None }
}

impl Vlan {
    /// With this priority, 0 to 7.
    #[must_use]
    pub fn priority(mut self, priority: u8) -> Self {
        self.priority = priority << 1;
        self
    }

    pub(super) fn encode(&self, around: Around) -> Vec<u8> {
        let tag = u16::from(self.priority) << 12 | self.id & 0xfff;
        [tag.to_be_bytes(), ether_type(self.ether_type, around).to_be_bytes()].concat()
    }
}

fn ether_type(given: Option<u32>, around: Around) -> u16 {
    given.map_or_else(|| around.next.and_then(Layer::ether_type).unwrap_or(0x88b5), |value| value as u16)
}

/// An ARP message for IPv4 over Ethernet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arp {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// Sender's hardware address.
    pub sender_mac: Mac,
    /// Sender's protocol address.
    pub sender: Ipv4Addr,
    /// Target's hardware address.
    pub target_mac: Mac,
    /// Target's protocol address.
    pub target: Ipv4Addr,
}

/// An ARP message with all its fields.
pub fn arp(operation: u16, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Arp {
    Arp { operation, sender_mac: sender.0, sender: sender.1, target_mac: target.0, target: target.1 }
}

/// "Who has `target`? Tell `sender`", broadcast, Ethernet header included.
pub fn arp_request(sender_mac: Mac, sender: Ipv4Addr, target: Ipv4Addr) -> Packet {
    ethernet(sender_mac, BROADCAST) / arp(1, (sender_mac, sender), (Mac::default(), target))
}

/// "`sender` is at `sender_mac`", to the asker, Ethernet header included.
pub fn arp_reply(sender_mac: Mac, sender: Ipv4Addr, target_mac: Mac, target: Ipv4Addr) -> Packet {
    ethernet(sender_mac, target_mac) / arp(2, (sender_mac, sender), (target_mac, target))
}

/// The announcement of an address in its request form, broadcast.
pub fn gratuitous_arp(mac: Mac, address: Ipv4Addr) -> Packet {
    arp_request(mac, address, address)
}

/// The question whether an address is free (RFC 5227): sender address zero, broadcast.
pub fn arp_probe(mac: Mac, address: Ipv4Addr) -> Packet {
    arp_request(mac, Ipv4Addr::UNSPECIFIED, address)
}

impl Arp {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0, 1, 8, 0, 6, 4];
        bytes.extend(self.operation.to_be_bytes());
        bytes.extend(self.sender_mac.bytes);
        bytes.extend(self.sender.octets());
        bytes.extend(self.target_mac.bytes);
        bytes.extend(self.target.octets());
        bytes
    }
}
