//! General membership queries: `IGMPv3` (RFC 3376) and `MLDv2` (RFC 3810).
//!
//! The kernel answers them with reports of the right version, about every group and source that is joined. A maximum
//! response time of 0 makes it answer at once. Robustness and interval are the defaults of both protocols, or the kernel
//! would take over others.

use std::net::Ipv6Addr;

use ipmp_common::member::Mac;

use super::{checksum, ethernet, nd::ipv6_header};

const ALL_HOSTS_MAC: [u8; 6] = [0x01, 0x00, 0x5e, 0, 0, 1];
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;
const ROBUSTNESS: u8 = 2;
const INTERVAL_SECONDS: u8 = 125;

/// An `IGMPv3` general query from nobody (0.0.0.0, as a switch without an address asks).
pub fn igmp_v3(from: Mac) -> Vec<u8> {
    let mut query = vec![0x11, 0, 0, 0, 0, 0, 0, 0, ROBUSTNESS, INTERVAL_SECONDS, 0, 0];
    let sum = checksum::internet(&query);
    query[2..4].copy_from_slice(&sum);

    // Header of 24 bytes with the router alert option, "internetwork control", do not fragment, TTL 1, IGMP.
    let mut ip = vec![0x46, 0xc0, 0, 36, 0, 0, 0x40, 0, 1, 2, 0, 0];
    ip.extend([0, 0, 0, 0, 224, 0, 0, 1, 0x94, 4, 0, 0]);
    let sum = checksum::internet(&ip);
    ip[10..12].copy_from_slice(&sum);

    let mut frame = ethernet(ALL_HOSTS_MAC, from, ETHERTYPE_IPV4);
    frame.extend(ip);
    frame.extend(query);
    frame
}

/// An `MLDv2` general query from the link-local address that belongs to `from`: other sources are not listened to.
pub fn mld_v2(from: Mac) -> Vec<u8> {
    let source = link_local(from);
    let mut query = vec![130, 0, 0, 0, 0, 0, 0, 0];
    query.extend([0; 16]);
    query.extend([ROBUSTNESS, INTERVAL_SECONDS, 0, 0]);
    let sum = checksum::icmpv6(source, ALL_NODES, &query);
    query[2..4].copy_from_slice(&sum);

    // Hop-by-hop header: then ICMPv6; router alert "MLD"; two bytes of padding.
    let hop_by_hop = [58, 0, 5, 2, 0, 0, 1, 0];
    let mut frame = ethernet(ALL_NODES_MAC, from, ETHERTYPE_IPV6);
    frame.extend(ipv6_header(0, 1, source, ALL_NODES, hop_by_hop.len() + query.len()));
    frame.extend(hop_by_hop);
    frame.extend(query);
    frame
}

/// The link-local address made of a MAC (modified EUI-64).
fn link_local(mac: Mac) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.bytes;
    Ipv6Addr::from([0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f])
}
