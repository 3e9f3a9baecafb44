//! Neighbour discovery messages that leave the group (RFC 4861): like ARP, with checksums and options.

use aya_ebpf::{bindings::__sk_buff, helpers::bpf_csum_diff, programs::sk_buff::SkBuff};
use ipmp_common::{Address, member::Mac};

use crate::{
    ipv6::{ICMPV6, Ipv6, Upper},
    maps::State,
    packet::{Packet, mac_word},
};

/// Multicast listener query.
pub const LISTENER_QUERY: u8 = 130;
/// Router solicitation: the first type of neighbour discovery.
pub const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
/// Neighbour solicitation.
pub const NEIGHBOUR_SOLICITATION: u8 = 135;
/// Neighbour advertisement.
pub const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// Redirect: the last type of neighbour discovery.
pub const REDIRECT: u8 = 137;

const SOURCE_LINK_LAYER: u8 = 1;
const TARGET_LINK_LAYER: u8 = 2;

/// Options looked at in one message.
const OPTIONS: usize = 8;

/// Offsets are below this.
const END: usize = 4096;

/// Type of a packet that is no ICMPv6 message; IANA reserves it. Not an `Option`: where one is `None` the compiler may
/// compute with whatever lies in the register, a pointer too, and the verifier minds.
const NOT_ICMP: u8 = 0;

/// Type of the ICMPv6 message that the upper layer is, if it is one.
#[inline(always)]
pub fn message_type(packet: Packet, upper: Upper) -> u8 {
    if upper.protocol != ICMPV6 {
        return NOT_ICMP;
    }
    packet.at::<[u8; 4]>(upper.offset).map_or(NOT_ICMP, |header| header[0])
}

/// Whether an ICMPv6 type is neighbour discovery.
#[inline(always)]
pub fn is_discovery(message_type: u8) -> bool {
    (ROUTER_SOLICITATION..=REDIRECT).contains(&message_type)
}

/// The target address of a solicitation or advertisement whose ICMPv6 header is at `offset`.
#[inline(always)]
pub fn target(packet: Packet, offset: usize) -> Option<Address> {
    packet.at::<[u8; 16]>(offset + 8).map(|bytes| Address::v6(*bytes))
}

/// The address that a message speaks for: an advertisement for its target, anything else for its source, and a
/// solicitation without source (duplicate address detection) for the address it is about.
#[inline(always)]
pub fn speaks_for(packet: Packet, ip: &Ipv6, message_type: u8, offset: usize) -> Address {
    let source = ip.source();
    let about_target = message_type == NEIGHBOUR_ADVERTISEMENT
        || (message_type == NEIGHBOUR_SOLICITATION && source == Address::v6([0; 16]));
    if about_target { target(packet, offset).unwrap_or(source) } else { source }
}

/// Puts `mac` in the place of the group interface's MAC in up to two link-layer options and mends the checksum.
#[inline(always)]
pub fn rewrite(packet: Packet, state: State, message_type: u8, offset: usize, mac: &Mac) -> bool {
    let options = offset
        + match message_type {
            ROUTER_SOLICITATION => 8,
            ROUTER_ADVERTISEMENT => 16,
            NEIGHBOUR_SOLICITATION | NEIGHBOUR_ADVERTISEMENT => 24,
            _ => 40,
        };
    let found = find_link_layer_options(packet.raw(), options as u64, state.mac());
    rewrite_option(packet, offset, found as usize & (END - 1), mac)
        && rewrite_option(packet, offset, (found >> 16) as usize & (END - 1), mac)
}

#[inline(always)]
fn rewrite_option(packet: Packet, icmp: usize, option: usize, mac: &Mac) -> bool {
    if option == 0 {
        return true;
    }
    let Some(old) = packet.at::<[u8; 8]>(option) else { return false };
    let mut before = *old;
    let [a, b, c, d, e, f] = mac.bytes;
    let mut after = [before[0], before[1], a, b, c, d, e, f];
    // SAFETY: both buffers have the eight bytes that are named, a multiple of four as the helper wants.
    let difference = unsafe { bpf_csum_diff(before.as_mut_ptr().cast(), 8, after.as_mut_ptr().cast(), 8, 0) };
    let skb = SkBuff::new(packet.raw());
    skb.l4_csum_replace(icmp + 2, 0, difference as u64, 0).is_ok() && packet.store(option, &after)
}

/// Offsets of the first two link-layer address options that hold `own` (`second << 16 | first`), 0 for none. Exported so
/// that the verifier checks it once.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn find_link_layer_options(skb: *mut __sk_buff, options: u64, own: u64) -> u64 {
    let packet = Packet::from_raw(skb);
    if options >= END as u64 {
        return 0;
    }
    let mut offset = options as usize;
    let mut found = 0;
    for _ in 0..OPTIONS {
        let Some(option) = packet.at::<[u8; 8]>(offset) else { break };
        let [kind, length, mac @ ..] = option;
        let kind = *kind;
        let length = *length as usize;
        if (kind == SOURCE_LINK_LAYER || kind == TARGET_LINK_LAYER)
            && length == 1
            && mac_word(&Mac { bytes: *mac }) == own
            && found < 1 << 16
        {
            found = found << 16 | offset as u64;
        }
        offset += length * 8;
        if length == 0 || offset >= END {
            break;
        }
    }
    found
}
