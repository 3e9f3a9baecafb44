//! A packet in one line, for the messages of failed assertions.

use std::fmt::{Display, Formatter, Result};

use super::{Layer, Packet};

impl Display for Packet {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (index, layer) in self.layers.iter().enumerate() {
            write!(f, "{}{layer}", if index == 0 { "" } else { " / " })?;
        }
        if self.is_sound() { Ok(()) } else { f.write_str(" (a length or checksum is wrong)") }
    }
}

impl Display for Layer {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Ethernet(it) => write!(f, "{} > {}", it.source, it.destination),
            Self::Vlan(it) => write!(f, "vlan {}", it.id),
            Self::Arp(it) if it.operation == 1 => {
                write!(f, "arp who has {} tell {} at {}", it.target, it.sender, it.sender_mac)
            }
            Self::Arp(it) => write!(
                f,
                "arp op {} {} at {} to {} at {}",
                it.operation, it.sender, it.sender_mac, it.target, it.target_mac
            ),
            Self::Ipv4(it) if it.flags & 1 == 1 || it.offset > 0 => {
                write!(f, "{} > {} fragment {}+{}", it.source, it.destination, it.id, it.offset)
            }
            Self::Ipv4(it) => write!(f, "{} > {} ttl {}", it.source, it.destination, it.ttl),
            Self::Ipv6(it) => write!(f, "{} > {} hop limit {}", it.source, it.destination, it.hop_limit),
            Self::Extension(it) => write!(f, "extension {} of {} bytes", it.kind, it.body.len() + 2),
            Self::Fragment(it) => write!(f, "fragment {}+{}", it.id, it.offset),
            Self::Udp(it) => write!(f, "udp {} > {}", it.source, it.destination),
            Self::Tcp(it) => {
                write!(f, "tcp {} > {} flags {:#x} seq {}", it.source, it.destination, it.flags, it.sequence)
            }
            Self::Sctp(it) => write!(f, "sctp {} > {}", it.source, it.destination),
            Self::Control(it) => {
                write!(f, "{:?} type {} code {} {:02x?}", it.protocol, it.kind, it.code, it.rest)
            }
            Self::Nd(it) => {
                write!(f, "nd {}", it.kind)?;
                if let Some(target) = it.target() {
                    write!(f, " {target}")?;
                }
                for (kind, name) in [(1, "source"), (2, "target")] {
                    if let Some(mac) = it.link_address(kind) {
                        write!(f, " {name} at {mac}")?;
                    }
                }
                Ok(())
            }
            Self::Raw(bytes) => write!(f, "{} bytes", bytes.len()),
            Self::Padding(bytes) => write!(f, "{} bytes of padding", bytes.len()),
        }
    }
}
