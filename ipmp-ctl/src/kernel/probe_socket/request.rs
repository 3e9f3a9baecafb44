//! The probe itself: an echo request of ICMP or ICMPv6.

use std::net::IpAddr;

use ipmp_common::probe::{ECHO_LEN, Family, Payload, ProbeKind};

use crate::kernel::announce::checksum;

/// `ICMP_ECHO` and `ICMPV6_ECHO_REQUEST`.
const ECHO: u8 = 8;
const ECHO_V6: u8 = 128;
const ECHO_REPLY: u8 = 0;
const ECHO_REPLY_V6: u8 = 129;

/// What tells one probe from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EchoRequest {
    /// The same for all probes of a daemon.
    pub identifier: u16,
    /// Counted for each instance.
    pub sequence: u16,
    /// Random, for this probe alone.
    pub cookie: u64,
    /// What it is for.
    pub kind: ProbeKind,
}

impl EchoRequest {
    /// The message for a target of this family. The kernel fills in the checksum of ICMPv6.
    pub fn message(&self, family: Family) -> [u8; ECHO_LEN] {
        let mut message = [0; ECHO_LEN];
        message[0] = if family == Family::V4 { ECHO } else { ECHO_V6 };
        message[4..6].copy_from_slice(&self.identifier.to_be_bytes());
        message[6..8].copy_from_slice(&self.sequence.to_be_bytes());
        message[8..].copy_from_slice(&Payload::new(self.kind, self.cookie).to_bytes());
        if family == Family::V4 {
            let sum = checksum::internet(&message);
            message[2..4].copy_from_slice(&sum);
        }
        message
    }
}

/// The request that a reply from this address is for. IPv4 packets have their header.
pub(super) fn answered(from: IpAddr, packet: &[u8]) -> Option<EchoRequest> {
    let (message, kind) = match from {
        IpAddr::V4(_) => {
            let header = usize::from(packet.first()? & 0xf) * 4;
            (packet.get(header..)?, ECHO_REPLY)
        }
        IpAddr::V6(_) => (packet, ECHO_REPLY_V6),
    };
    let message: &[u8; ECHO_LEN] = message.first_chunk()?;
    (message[0] == kind && message[1] == 0).then_some(())?;
    let cookie = u64::from_be_bytes(message[8..16].try_into().ok()?);
    let kind = u32::from_be_bytes(message[16..20].try_into().ok()?);
    Some(EchoRequest {
        identifier: u16::from_be_bytes([message[4], message[5]]),
        sequence: u16::from_be_bytes([message[6], message[7]]),
        cookie,
        kind: ProbeKind::ALL.into_iter().find(|known| *known as u32 == kind)?,
    })
}
