//! Packets as layered expressions, built to bytes and parsed back.
//!
//! ```
//! use ipmp_tests::packets::{ethernet, ipv4, payload, udp, Packet};
//! use ipmp_common::member::Mac;
//!
//! let host = Mac { bytes: [2, 0, 0, 0, 0, 1] };
//! let peer = Mac { bytes: [2, 0, 0, 0, 0, 2] };
//! let packet = ethernet(host, peer)
//!     / ipv4([192, 0, 2, 1].into(), [192, 0, 2, 2].into()).ttl(3)
//!     / udp(4000, 53)
//!     / payload(b"hello");
//! let bytes = packet.build();
//! assert_eq!(Packet::parse(&bytes), packet);
//! ```
//!
//! Whatever follows from the rest of the packet is a field of type `Option<u32>`: `None` is "computed" (protocol
//! numbers, lengths, checksums), `Some` is a value given by hand, for malformed packets. [`Packet::parse`] makes `None`
//! of every such field that is right, so one comparison of a parsed packet with an expected one checks the lengths
//! and checksums as well, and [`Packet::is_sound`] says whether they all are right.

use std::ops::Div;

mod checksum;
mod control;
mod display;
mod extension;
mod fragment;
mod ip;
mod link;
mod nd;
mod parse;
mod transport;

pub use self::{
    control::{Control, Protocol, echo_request_v4, echo_request_v6, icmpv4, icmpv6, igmp},
    extension::{
        Extension, Fragment, authentication, destination_options, extension, fragment, hop_by_hop, routing,
    },
    fragment::fragments,
    ip::{Ipv4, Ipv6, ipv4, ipv6},
    link::{Arp, Ethernet, Vlan, arp, arp_probe, arp_reply, arp_request, ethernet, gratuitous_arp, vlan},
    nd::{
        Nd, NdOption, neighbour_advertisement, neighbour_solicitation, redirect, router_advertisement,
        router_solicitation,
    },
    transport::{Sctp, Tcp, Udp, sctp, tcp, udp},
};

/// The broadcast MAC address.
pub const BROADCAST: ipmp_common::member::Mac = ipmp_common::member::Mac { bytes: [0xff; 6] };

/// A packet: its layers, outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The layers.
    pub layers: Vec<Layer>,
}

/// One layer of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Ethernet header.
    Ethernet(Ethernet),
    /// VLAN tag behind an Ethernet header or another tag.
    Vlan(Vlan),
    /// ARP for IPv4 over Ethernet.
    Arp(Arp),
    /// IPv4 header.
    Ipv4(Ipv4),
    /// IPv6 header.
    Ipv6(Ipv6),
    /// IPv6 extension header other than the fragment header.
    Extension(Extension),
    /// IPv6 fragment header.
    Fragment(Fragment),
    /// UDP header.
    Udp(Udp),
    /// TCP header.
    Tcp(Tcp),
    /// SCTP common header.
    Sctp(Sctp),
    /// `ICMPv4`, `ICMPv6` other than neighbour discovery, or IGMP.
    Control(Control),
    /// A whole neighbour discovery message.
    Nd(Nd),
    /// Bytes that no other layer explains.
    Raw(Vec<u8>),
    /// Bytes after the end of the IP packet, which no length field counts: short frames are padded so.
    Padding(Vec<u8>),
}

/// A last layer of any bytes.
pub fn payload(bytes: &[u8]) -> Layer {
    Layer::Raw(bytes.to_vec())
}

/// Padding behind the packet, as on a frame shorter than 60 bytes.
pub fn padding(bytes: &[u8]) -> Layer {
    Layer::Padding(bytes.to_vec())
}

/// What a layer can use of the others when it is built.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The layer inside this one.
    next: Option<&'a Layer>,
    /// The addresses of the IP header outside of it, for the pseudo header.
    addresses: Option<checksum::Addresses>,
    /// The bytes of everything inside.
    inside: &'a [u8],
}

impl Packet {
    /// The packet as on the wire.
    pub fn build(&self) -> Vec<u8> {
        let (padding, layers) = match self.layers.split_last() {
            Some((Layer::Padding(bytes), layers)) => (bytes.as_slice(), layers),
            _ => (&[][..], self.layers.as_slice()),
        };
        let mut bytes = Vec::new();
        for (index, layer) in layers.iter().enumerate().rev() {
            let around = Around {
                next: layers.get(index + 1),
                addresses: layers[..index].iter().rev().find_map(Layer::addresses),
                inside: &bytes,
            };
            let mut outer = layer.encode(around);
            outer.extend_from_slice(&bytes);
            bytes = outer;
        }
        bytes.extend_from_slice(padding);
        bytes
    }

    /// The Ethernet frame `bytes` as layers. Never fails: what makes no sense becomes [`Layer::Raw`].
    ///
    /// `Packet::parse(bytes).build()` is `bytes` again.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut packet = Self { layers: parse::layers(bytes) };
        packet.forget_computable(bytes);
        packet
    }

    /// Whether every length and checksum is right, as far as this packet alone can tell: in a fragment, those of the
    /// IP header.
    pub fn is_sound(&self) -> bool {
        let whole = !self.is_fragment();
        self.layers.iter().all(|layer| layer.is_sound(whole))
    }

    /// Whether it is a fragment of a packet.
    pub fn is_fragment(&self) -> bool {
        self.layers.iter().any(|layer| match layer {
            Layer::Ipv4(it) => it.offset > 0 || it.flags & 1 == 1,
            Layer::Fragment(it) => it.offset > 0 || it.flags & 1 == 1,
            _ => false,
        })
    }

    /// The first layer that `pick` takes, such as `packet.find(|layer| match layer { Layer::Arp(arp) => Some(arp), _ => None })`.
    pub fn find<'a, T>(&'a self, pick: impl FnMut(&'a Layer) -> Option<T>) -> Option<T> {
        self.layers.iter().find_map(pick)
    }

    /// The Ethernet header, if the packet has one.
    pub fn ethernet(&self) -> Option<&Ethernet> {
        self.find(|layer| if let Layer::Ethernet(it) = layer { Some(it) } else { None })
    }

    /// The ARP message, if it is one.
    pub fn arp(&self) -> Option<&Arp> {
        self.find(|layer| if let Layer::Arp(it) = layer { Some(it) } else { None })
    }

    /// The outermost IPv4 header.
    pub fn ipv4(&self) -> Option<&Ipv4> {
        self.find(|layer| if let Layer::Ipv4(it) = layer { Some(it) } else { None })
    }

    /// The outermost IPv6 header.
    pub fn ipv6(&self) -> Option<&Ipv6> {
        self.find(|layer| if let Layer::Ipv6(it) = layer { Some(it) } else { None })
    }

    /// The UDP header.
    pub fn udp(&self) -> Option<&Udp> {
        self.find(|layer| if let Layer::Udp(it) = layer { Some(it) } else { None })
    }

    /// The neighbour discovery message.
    pub fn nd(&self) -> Option<&Nd> {
        self.find(|layer| if let Layer::Nd(it) = layer { Some(it) } else { None })
    }

    /// The `ICMPv4`, `ICMPv6` or IGMP header.
    pub fn control(&self) -> Option<&Control> {
        self.find(|layer| if let Layer::Control(it) = layer { Some(it) } else { None })
    }

    /// The last layer's bytes, if no other layer explains them; empty otherwise.
    pub fn payload(&self) -> &[u8] {
        self.find(|layer| if let Layer::Raw(it) = layer { Some(it.as_slice()) } else { None }).unwrap_or(&[])
    }

    /// Sets to `None` every field whose given value is what would have been computed.
    fn forget_computable(&mut self, bytes: &[u8]) {
        for layer in 0..self.layers.len() {
            for field in 0..self.layers[layer].computable().len() {
                let given = self.layers[layer].computable()[field].take();
                if self.build() != bytes {
                    *self.layers[layer].computable()[field] = given;
                }
            }
        }
    }
}

impl Layer {
    fn encode(&self, around: Around) -> Vec<u8> {
        match self {
            Self::Ethernet(it) => it.encode(around),
            Self::Vlan(it) => it.encode(around),
            Self::Arp(it) => it.encode(),
            Self::Ipv4(it) => it.encode(around),
            Self::Ipv6(it) => it.encode(around),
            Self::Extension(it) => it.encode(around),
            Self::Fragment(it) => it.encode(around),
            Self::Udp(it) => it.encode(around),
            Self::Tcp(it) => it.encode(around),
            Self::Sctp(it) => it.encode(around),
            Self::Control(it) => it.encode(around),
            Self::Nd(it) => it.encode(around),
            Self::Raw(bytes) | Self::Padding(bytes) => bytes.clone(),
        }
    }

    /// The fields that follow from the rest of the packet.
    fn computable(&mut self) -> Vec<&mut Option<u32>> {
        match self {
            Self::Ethernet(it) => vec![&mut it.ether_type],
            Self::Vlan(it) => vec![&mut it.ether_type],
            Self::Ipv4(it) => {
                vec![&mut it.header_words, &mut it.total_length, &mut it.protocol, &mut it.checksum]
            }
            Self::Ipv6(it) => vec![&mut it.payload_length, &mut it.next_header],
            Self::Extension(it) => vec![&mut it.next_header, &mut it.length],
            Self::Fragment(it) => vec![&mut it.next_header],
            Self::Udp(it) => vec![&mut it.length, &mut it.checksum],
            Self::Tcp(it) => vec![&mut it.header_words, &mut it.checksum],
            Self::Sctp(it) => vec![&mut it.checksum],
            Self::Control(it) => vec![&mut it.checksum],
            Self::Nd(it) => vec![&mut it.checksum],
            Self::Arp(_) | Self::Raw(_) | Self::Padding(_) => Vec::new(),
        }
    }

    /// Whether lengths and checksums are computed ones; those that span what is inside count if it is there `whole`.
    fn is_sound(&self, whole: bool) -> bool {
        match self {
            Self::Ipv4(it) => it.header_words.is_none() && it.total_length.is_none() && it.checksum.is_none(),
            Self::Ipv6(it) => it.payload_length.is_none(),
            Self::Extension(it) => it.length.is_none(),
            Self::Udp(it) => !whole || it.length.is_none() && it.checksum.is_none(),
            Self::Tcp(it) => it.header_words.is_none() && (!whole || it.checksum.is_none()),
            Self::Sctp(it) => !whole || it.checksum.is_none(),
            Self::Control(it) => !whole || it.checksum.is_none(),
            Self::Nd(it) => !whole || it.checksum.is_none(),
            Self::Ethernet(_)
            | Self::Vlan(_)
            | Self::Arp(_)
            | Self::Fragment(_)
            | Self::Raw(_)
            | Self::Padding(_) => true,
        }
    }

    /// `EtherType` of a layer that can stand behind an Ethernet header.
    fn ether_type(&self) -> Option<u16> {
        match self {
            Self::Vlan(_) => Some(0x8100),
            Self::Arp(_) => Some(0x0806),
            Self::Ipv4(_) => Some(0x0800),
            Self::Ipv6(_) => Some(0x86dd),
            _ => None,
        }
    }

    /// Protocol number of a layer that can stand behind an IP header.
    fn protocol(&self) -> Option<u8> {
        match self {
            Self::Extension(it) => Some(it.kind),
            Self::Fragment(_) => Some(44),
            Self::Udp(_) => Some(17),
            Self::Tcp(_) => Some(6),
            Self::Sctp(_) => Some(132),
            Self::Control(it) => Some(it.protocol as u8),
            Self::Nd(_) => Some(Protocol::Icmpv6 as u8),
            Self::Ipv4(_) => Some(4),
            Self::Ipv6(_) => Some(41),
            _ => None,
        }
    }

    fn addresses(&self) -> Option<checksum::Addresses> {
        match self {
            Self::Ipv4(it) => Some(checksum::Addresses::V4(it.source, it.destination)),
            Self::Ipv6(it) => Some(checksum::Addresses::V6(it.source, it.destination)),
            _ => None,
        }
    }
}

/// A given value, or else the number that the layer inside stands for; 59 ("nothing follows") if there is none.
fn next_protocol(given: Option<u32>, around: Around) -> u8 {
    given.map_or_else(|| around.next.and_then(Layer::protocol).unwrap_or(59), |value| value as u8)
}

impl From<Layer> for Packet {
    fn from(layer: Layer) -> Self {
        Self { layers: vec![layer] }
    }
}

impl<Inner: Into<Self>> Div<Inner> for Packet {
    type Output = Self;

    /// `outer / inner` puts `inner` inside `outer`.
    fn div(mut self, inner: Inner) -> Self {
        self.layers.extend(inner.into().layers);
        self
    }
}

impl<Inner: Into<Packet>> Div<Inner> for Layer {
    type Output = Packet;

    fn div(self, inner: Inner) -> Packet {
        Packet::from(self) / inner
    }
}

/// Lets each layer type stand in a `/` expression.
macro_rules! layers {
    ($($layer:ident)*) => { $(
        impl From<$layer> for Packet {
            fn from(layer: $layer) -> Self {
                Layer::$layer(layer).into()
            }
        }

        impl<Inner: Into<Packet>> Div<Inner> for $layer {
            type Output = Packet;

            fn div(self, inner: Inner) -> Packet {
                Packet::from(self) / inner
            }
        }
    )* };
}

layers! { Ethernet Vlan Arp Ipv4 Ipv6 Extension Fragment Udp Tcp Sctp Control Nd }

#[cfg(test)]
mod tests;
