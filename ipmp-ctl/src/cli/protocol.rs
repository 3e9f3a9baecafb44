//! The protocol of a flow, by name or number.

use std::{fmt, net::IpAddr, str::FromStr};

use ipmp_common::flow::{Transport, protocol};

/// IP protocol number of ICMP.
const ICMP: u8 = 1;
/// IP protocol number of ICMPv6.
const ICMPV6: u8 = 58;

/// What `--proto` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `icmp`: that of the family of the addresses.
    Icmp,
    /// By number.
    Number(u8),
}

impl Protocol {
    /// Its number between these addresses.
    pub(crate) fn number(self, destination: IpAddr) -> u8 {
        match self {
            Self::Icmp if destination.is_ipv6() => ICMPV6,
            Self::Icmp => ICMP,
            Self::Number(number) => number,
        }
    }

    /// Whether ports are part of its flows.
    pub(crate) fn has_ports(self) -> bool {
        matches!(self, Self::Number(number) if Transport::has_ports(number))
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "tcp" => Self::Number(protocol::TCP),
            "udp" => Self::Number(protocol::UDP),
            "sctp" => Self::Number(protocol::SCTP),
            "icmp" => Self::Icmp,
            number => Self::Number(
                number.parse().map_err(|_| "not tcp, udp, sctp, icmp or a number up to 255".to_owned())?,
            ),
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Icmp => f.write_str("icmp"),
            Self::Number(protocol::TCP) => f.write_str("tcp"),
            Self::Number(protocol::UDP) => f.write_str("udp"),
            Self::Number(protocol::SCTP) => f.write_str("sctp"),
            Self::Number(number) => write!(f, "protocol {number}"),
        }
    }
}
