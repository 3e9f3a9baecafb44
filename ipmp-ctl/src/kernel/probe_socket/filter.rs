//! What a probe socket hears: a filter that the kernel runs.

use std::net::IpAddr;

use socket2::SockFilter;

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE_INDEXED: u16 = 0x50;
const LOAD_HALF_INDEXED: u16 = 0x48;
/// `X = 4 * (packet[k] & 0xf)`: the length of an IPv4 header.
const LOAD_HEADER_LENGTH: u16 = 0xb1;
const JUMP_IF_EQUAL: u16 = 0x15;
const RETURN: u16 = 0x06;

/// The whole packet.
const ALL: u32 = u32::MAX;

/// `EchoReply` of ICMP and ICMPv6.
const ECHO_REPLY: u32 = 0;
const ECHO_REPLY_V6: u32 = 129;

/// Lets echo replies with this identifier pass. An IPv4 socket is given packets with their header, an IPv6 socket without.
pub(super) fn answers(family_of: IpAddr, identifier: u16) -> Vec<SockFilter> {
    let filter = |code, when_not, k| SockFilter::new(code, 0, when_not, k);
    let identifier = u32::from(identifier);
    match family_of {
        IpAddr::V4(_) => vec![
            filter(LOAD_HEADER_LENGTH, 0, 0),
            filter(LOAD_BYTE_INDEXED, 0, 0),
            filter(JUMP_IF_EQUAL, 3, ECHO_REPLY),
            filter(LOAD_HALF_INDEXED, 0, 4),
            filter(JUMP_IF_EQUAL, 1, identifier),
            filter(RETURN, 0, ALL),
            filter(RETURN, 0, 0),
        ],
        IpAddr::V6(_) => vec![
            filter(LOAD_BYTE, 0, 0),
            filter(JUMP_IF_EQUAL, 3, ECHO_REPLY_V6),
            filter(LOAD_HALF, 0, 4),
            filter(JUMP_IF_EQUAL, 1, identifier),
            filter(RETURN, 0, ALL),
            filter(RETURN, 0, 0),
        ],
    }
}
