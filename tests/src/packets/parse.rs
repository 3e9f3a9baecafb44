//! Bytes to layers. Every computable field is given here; [`super::Packet::parse`] takes the right ones away.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipmp_common::member::Mac;

use super::{
    Arp, Control, Ethernet, Extension, Fragment, Ipv4, Ipv6, Layer, Nd, NdOption, Protocol, Sctp, Tcp, Udp,
    Vlan,
};

/// What the bytes behind a header are.
enum Inside {
    EtherType(u16),
    Protocol(u8),
    Unknown,
}

pub(super) fn layers(bytes: &[u8]) -> Vec<Layer> {
    let mut layers = Vec::new();
    let Some((header, mut rest)) = bytes.split_at_checked(14) else { return raw(bytes) };
    let ether_type = be16(header, 12);
    layers.push(Layer::Ethernet(Ethernet {
        destination: mac(header, 0),
        source: mac(header, 6),
        ether_type: Some(ether_type.into()),
    }));
    let mut inside = Inside::EtherType(ether_type);
    let mut padding = &[][..];
    while !rest.is_empty() {
        let parsed = match inside {
            Inside::EtherType(number) => link(number, rest),
            Inside::Protocol(number) => above_ip(number, rest),
            Inside::Unknown => None,
        };
        let Some((layer, size, next)) = parsed else { break };
        rest = &rest[size..];
        // Only the outermost IP header knows how long the packet is; a short frame has padding behind that.
        if let Some(length) = inner_length(&layer)
            && padding.is_empty()
            && length < rest.len()
        {
            (rest, padding) = rest.split_at(length);
        }
        layers.push(layer);
        inside = next;
    }
    layers.extend(raw(rest));
    if !padding.is_empty() {
        layers.push(Layer::Padding(padding.to_vec()));
    }
    layers
}

fn raw(bytes: &[u8]) -> Vec<Layer> {
    if bytes.is_empty() { Vec::new() } else { vec![Layer::Raw(bytes.to_vec())] }
}

/// Bytes behind the header, as the header says it.
fn inner_length(layer: &Layer) -> Option<usize> {
    match layer {
        Layer::Ipv4(it) => (it.total_length? as usize).checked_sub(20 + it.options.len()),
        Layer::Ipv6(it) => it.payload_length.map(|length| length as usize),
        Layer::Arp(_) => Some(0),
        _ => None,
    }
}

type Parsed = Option<(Layer, usize, Inside)>;

fn link(ether_type: u16, bytes: &[u8]) -> Parsed {
    match ether_type {
        0x8100 | 0x88a8 => {
            let header = bytes.get(..4)?;
            let (tag, inner) = (be16(header, 0), be16(header, 2));
            let layer = Vlan { id: tag & 0xfff, priority: (tag >> 12) as u8, ether_type: Some(inner.into()) };
            Some((Layer::Vlan(layer), 4, Inside::EtherType(inner)))
        }
        0x0806 => {
            let header = bytes.get(..28).filter(|header| header[..6] == [0, 1, 8, 0, 6, 4])?;
            let layer = Arp {
                operation: be16(header, 6),
                sender_mac: mac(header, 8),
                sender: v4(header, 14),
                target_mac: mac(header, 18),
                target: v4(header, 24),
            };
            Some((Layer::Arp(layer), 28, Inside::Unknown))
        }
        0x0800 => ip4(bytes),
        0x86dd => ip6(bytes),
        _ => None,
    }
}

fn ip4(bytes: &[u8]) -> Parsed {
    let header = bytes.get(..20).filter(|header| header[0] >> 4 == 4)?;
    let words = usize::from(header[0] & 0xf);
    let options = bytes.get(20..(words * 4).max(20))?;
    let word = be16(header, 6);
    let offset = word & 0x1fff;
    let layer = Ipv4 {
        source: v4(header, 12),
        destination: v4(header, 16),
        tos: header[1],
        id: be16(header, 4),
        flags: (word >> 13) as u8,
        offset,
        ttl: header[8],
        options: options.to_vec(),
        header_words: Some(words as u32),
        total_length: Some(be16(header, 2).into()),
        protocol: Some(header[9].into()),
        checksum: Some(be16(header, 10).into()),
    };
    let inside = if offset == 0 { Inside::Protocol(header[9]) } else { Inside::Unknown };
    Some((Layer::Ipv4(layer), 20 + options.len(), inside))
}

fn ip6(bytes: &[u8]) -> Parsed {
    let header = bytes.get(..40).filter(|header| header[0] >> 4 == 6)?;
    let layer = Ipv6 {
        source: v6(header, 8),
        destination: v6(header, 24),
        class_and_label: be32(header, 0) & 0x0fff_ffff,
        hop_limit: header[7],
        payload_length: Some(be16(header, 4).into()),
        next_header: Some(header[6].into()),
    };
    Some((Layer::Ipv6(layer), 40, Inside::Protocol(header[6])))
}

fn above_ip(protocol: u8, bytes: &[u8]) -> Parsed {
    match protocol {
        0 | 43 | 51 | 60 | 135 => {
            let size = Extension::size(protocol, *bytes.get(1)?);
            let header = bytes.get(..size)?;
            let layer = Extension {
                kind: protocol,
                body: header[2..].to_vec(),
                next_header: Some(header[0].into()),
                length: Some(header[1].into()),
            };
            Some((Layer::Extension(layer), size, Inside::Protocol(header[0])))
        }
        44 => {
            let header = bytes.get(..8).filter(|header| header[1] == 0)?;
            let word = be16(header, 2);
            let layer = Fragment {
                id: be32(header, 4),
                offset: word >> 3,
                flags: (word & 7) as u8,
                next_header: Some(header[0].into()),
            };
            let inside = if word >> 3 == 0 { Inside::Protocol(header[0]) } else { Inside::Unknown };
            Some((Layer::Fragment(layer), 8, inside))
        }
        17 => {
            let header = bytes.get(..8)?;
            let layer = Udp {
                source: be16(header, 0),
                destination: be16(header, 2),
                length: Some(be16(header, 4).into()),
                checksum: Some(be16(header, 6).into()),
            };
            Some((Layer::Udp(layer), 8, Inside::Unknown))
        }
        6 => tcp(bytes),
        132 => {
            let header = bytes.get(..12)?;
            let layer = Sctp {
                source: be16(header, 0),
                destination: be16(header, 2),
                tag: be32(header, 4),
                checksum: Some(be32(header, 8).swap_bytes()),
            };
            Some((Layer::Sctp(layer), 12, Inside::Unknown))
        }
        4 => ip4(bytes),
        41 => ip6(bytes),
        58 => nd(bytes).or_else(|| control(Protocol::Icmpv6, bytes)),
        1 => control(Protocol::Icmpv4, bytes),
        2 => control(Protocol::Igmp, bytes),
        _ => None,
    }
}

fn tcp(bytes: &[u8]) -> Parsed {
    let header = bytes.get(..20)?;
    let word = be16(header, 12);
    let options = bytes.get(20..usize::from(word >> 12).max(5) * 4)?;
    let layer = Tcp {
        source: be16(header, 0),
        destination: be16(header, 2),
        sequence: be32(header, 4),
        acknowledgement: be32(header, 8),
        flags: word & 0xfff,
        window: be16(header, 14),
        urgent: be16(header, 18),
        options: options.to_vec(),
        header_words: Some((word >> 12).into()),
        checksum: Some(be16(header, 16).into()),
    };
    Some((Layer::Tcp(layer), 20 + options.len(), Inside::Unknown))
}

fn control(protocol: Protocol, bytes: &[u8]) -> Parsed {
    let header = bytes.get(..8)?;
    let layer = Control {
        protocol,
        kind: header[0],
        code: header[1],
        rest: [header[4], header[5], header[6], header[7]],
        checksum: Some(be16(header, 2).into()),
    };
    Some((Layer::Control(layer), 8, Inside::Unknown))
}

/// A neighbour discovery message up to its last whole option.
fn nd(bytes: &[u8]) -> Parsed {
    let header = bytes.get(..8).filter(|header| header[1] == 0)?;
    let mut size = 8 + Nd::fixed_size(header[0])?;
    let fixed = bytes.get(8..size)?.to_vec();
    let mut options = Vec::new();
    while let Some(&[kind, length, ..]) = bytes.get(size..) {
        let end = size + usize::from(length) * 8;
        let Some(data) = bytes.get(size + 2..end) else { break };
        options.push(NdOption { kind, length, data: data.to_vec() });
        size = end;
    }
    let layer = Nd {
        kind: header[0],
        flags: [header[4], header[5], header[6], header[7]],
        fixed,
        options,
        checksum: Some(be16(header, 2).into()),
    };
    Some((Layer::Nd(layer), size, Inside::Unknown))
}

fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from(be16(bytes, at)) << 16 | u32::from(be16(bytes, at + 2))
}

fn mac(bytes: &[u8], at: usize) -> Mac {
    Mac { bytes: array(bytes, at) }
}

fn v4(bytes: &[u8], at: usize) -> Ipv4Addr {
    Ipv4Addr::from(array::<4>(bytes, at))
}

fn v6(bytes: &[u8], at: usize) -> Ipv6Addr {
    Ipv6Addr::from(array::<16>(bytes, at))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("the caller checked the length of the header")
}
