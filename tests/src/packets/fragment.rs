//! Cutting a packet into fragments.

use super::{Fragment, Layer, Packet, payload};

/// `packet` as fragments that carry at most `size` bytes (a multiple of 8) behind the IP header each.
///
/// The packet must have an Ethernet header followed by an IP header; what is inside of that is cut.
pub fn fragments(packet: &Packet, size: usize) -> Vec<Packet> {
    let at = packet
        .layers
        .iter()
        .position(|layer| matches!(layer, Layer::Ipv4(_) | Layer::Ipv6(_)))
        .expect("a packet to cut into fragments has an IP header");
    let outside = Packet { layers: packet.layers[..at].to_vec() };
    let whole = packet.build();
    let inside_length = Packet { layers: packet.layers[at + 1..].to_vec() }.build().len();
    let inside = &whole[whole.len() - inside_length..];
    let protocol = packet.layers.get(at + 1).and_then(Layer::protocol).unwrap_or(59);
    let count = inside.len().div_ceil(size);
    inside
        .chunks(size)
        .enumerate()
        .map(|(index, chunk)| {
            let (offset, more) = ((index * size / 8) as u16, index + 1 < count);
            let fragment = match &packet.layers[at] {
                Layer::Ipv4(header) => {
                    let id = header.id;
                    outside.clone() / header.clone().protocol(protocol).fragment(id, offset, more)
                }
                Layer::Ipv6(header) => {
                    let cut = Fragment { id: 1, offset, flags: more.into(), next_header: None };
                    outside.clone() / header.clone() / cut.next_header(protocol)
                }
                _ => unreachable!("an IP header was found here"),
            };
            fragment / payload(chunk)
        })
        .collect()
}
