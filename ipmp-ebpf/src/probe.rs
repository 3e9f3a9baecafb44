//! Replies to the controller's probes: which they are, what is made of each, and the writing down of its arrival.
//!
//! A reply counts if it answers a probe among the newest of its instance and brings back everything that was sent: only
//! who has seen the probe knows its cookie. All that looks like a reply to this controller is taken out of the way of the
//! host's own stack, counted for what it is; only replies to a multicast probe go up, where the controller reads who sent
//! them.

use core::intrinsics::{AtomicOrdering, atomic_cxchg, atomic_or, atomic_xadd};

use aya_ebpf::{bindings::__sk_buff, helpers::bpf_ktime_get_ns};
use ipmp_common::{
    Family, Probe, ProbeCounters, ProbeKind, RttHistogram,
    probe::{CLOSED, ECHO_LEN, Payload, histogram_index, instance, probe_index},
};

use crate::{
    config,
    ipv4::{ICMP, Ipv4},
    ipv6::{ICMPV6, Ipv6},
    packet::{ETH_LEN, Ethernet, IPV6_LEN, Packet, ethertype},
    probe_maps,
};

/// Where the bytes of a frame are read from: the same rules hold for a packet of the stack and for a frame that has not
/// become one yet.
pub trait Bytes: Copy {
    /// The `T` at `offset`, if there is so much. See [`Packet::at`].
    fn at<T>(self, offset: usize) -> Option<&'static T>;
}

impl Bytes for Packet {
    #[inline(always)]
    fn at<T>(self, offset: usize) -> Option<&'static T> {
        Packet::at(self, offset)
    }
}

/// Longest distance from the start of a frame to the end of what is looked at: an IPv4 header has up to 60 bytes.
const REACH: u32 = (ETH_LEN + 60 + ECHO_LEN) as u32;

/// Echo header.
#[repr(C)]
struct Echo {
    kind: u8,
    code: u8,
    _checksum: [u8; 2],
    identifier: [u8; 2],
    sequence: [u8; 2],
}

/// Length of an echo header.
const ECHO_HEADER: usize = size_of::<Echo>();

/// What the IP header tells of the message behind it.
struct Message {
    family: Family,
    /// Source address as the words that lie in memory.
    source: [u64; 2],
    /// Where it begins.
    offset: usize,
    /// How long the IP header says it is.
    length: usize,
    /// Whether it is the first fragment of more.
    is_fragment: bool,
}

/// Accounts for a packet to the member's own MAC and test address. Whether the packet has been dealt with; otherwise it is
/// for the host's own stack.
#[inline(always)]
pub fn account_packet(packet: Packet) -> bool {
    account_skb(packet.raw()) != 0
}

/// [`account_packet`], exported: verified once on its own, and out of the way of all other packets.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn account_skb(skb: *mut __sk_buff) -> u64 {
    let packet = Packet::from_raw(skb);
    packet.make_linear(REACH);
    u64::from(account(packet))
}

/// Accounts for a frame to the member's own MAC and test address. Whether it has been dealt with.
#[inline(always)]
pub fn account(bytes: impl Bytes) -> bool {
    let Some(ethernet) = bytes.at::<Ethernet>(0) else { return false };
    match ethernet.ethertype() {
        ethertype::IPV4 => {
            let Some(ip) = bytes.at::<Ipv4>(ETH_LEN) else { return false };
            if ip.protocol != ICMP || !ip.begins() {
                return false;
            }
            let [a, b, c, d] = ip.source();
            let source = [0, u64::from_ne_bytes([0, 0, 0xff, 0xff, a, b, c, d])];
            let header = ip.upper_offset() - ETH_LEN;
            let message = Message {
                family: Family::V4,
                source,
                offset: ETH_LEN + header,
                length: (ip.total_length() as usize).saturating_sub(header),
                is_fragment: ip.is_fragment(),
            };
            reply(bytes, message)
        }
        ethertype::IPV6 => {
            let Some(ip) = bytes.at::<Ipv6>(ETH_LEN) else { return false };
            if ip.next_header != ICMPV6 {
                return false;
            }
            let message = Message {
                family: Family::V6,
                source: words(&ip.source().bytes),
                offset: ETH_LEN + IPV6_LEN,
                length: ip.payload_length() as usize,
                is_fragment: false,
            };
            reply(bytes, message)
        }
        _ => false,
    }
}

/// An address as the words that lie in memory.
#[inline(always)]
fn words(address: &[u8; 16]) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *address;
    [u64::from_ne_bytes([a, b, c, d, e, f, g, h]), u64::from_ne_bytes([i, j, k, l, m, n, o, p])]
}

#[inline(always)]
fn reply(bytes: impl Bytes, message: Message) -> bool {
    let Message { family, offset, length, .. } = message;
    let echo_reply = match family {
        Family::V4 => 0,
        Family::V6 => 129,
    };
    let Some(echo) = bytes.at::<Echo>(offset) else { return false };
    let instance = instance(config::slot(), family);
    let head = probe_maps::head(instance);
    if echo.kind != echo_reply
        || length < ECHO_HEADER
        || head.open == 0
        || u16::from_be_bytes(echo.identifier) != head.identifier
    {
        return false;
    }
    let Some(counters) = probe_maps::counters(config::slot()) else { return true };
    let taken = |counter: &mut u64| {
        *counter += 1;
        true
    };
    // SAFETY: this CPU's own entry, and programs of one hook do not interrupt each other.
    let counters: &mut ProbeCounters = unsafe { &mut *counters };
    if echo.code != 0 || message.is_fragment || length < ECHO_LEN {
        return taken(&mut counters.malformed);
    }
    let sequence = u16::from_be_bytes(echo.sequence);
    let Some(payload) = bytes.at::<Payload>(offset + ECHO_HEADER) else {
        return taken(&mut counters.malformed);
    };
    let Some(kind) = payload.kind() else { return taken(&mut counters.forged) };
    if !head.covers(kind, sequence) {
        return taken(&mut counters.out_of_window);
    }
    let Some(probe) = probe_maps::probe(probe_index(instance, kind, sequence)) else { return true };
    // SAFETY: a successful look-up. The order of reads and writes is explained in `ipmp_common::probe`.
    let answered = unsafe { &raw mut (*probe).answered_ns };
    // SAFETY: as above. Changes nothing, but is a barrier: what follows is read afterwards.
    let state = unsafe { atomic_or::<u64, u64, { AtomicOrdering::SeqCst }>(answered, 0) };
    if state == CLOSED || state == 0 {
        return taken(&mut counters.out_of_window);
    }
    // SAFETY: a successful look-up; the controller may be writing, which the swap below finds out.
    let Probe { cookie, sent_ns, sequence: expected, kind: expected_kind, target_index, .. } =
        unsafe { probe.read_volatile() };
    // SAFETY: as above; the target is the first field, and aligned.
    let target = unsafe { probe.cast::<[u64; 2]>().read_volatile() };
    let from_target = kind == ProbeKind::Discovery || target == message.source;
    if expected != sequence || expected_kind != kind as u16 || cookie != payload.cookie() || !from_target {
        return taken(&mut counters.forged);
    }
    // Any number of hosts answer a multicast probe, and each is of interest to the controller.
    let is_taken = kind != ProbeKind::Discovery;
    if state & CLOSED == 0 {
        counters.duplicate += u64::from(is_taken);
        return is_taken;
    }
    // SAFETY: no arguments.
    let now = unsafe { bpf_ktime_get_ns() };
    // SAFETY: a successful look-up.
    let (before, is_first) = unsafe {
        atomic_cxchg::<u64, { AtomicOrdering::SeqCst }, { AtomicOrdering::SeqCst }>(answered, state, now)
    };
    if !is_first {
        // Another CPU was faster, or the controller has given the place to a new probe.
        let counter =
            if before & CLOSED == 0 { &mut counters.duplicate } else { &mut counters.out_of_window };
        *counter += u64::from(is_taken);
        return is_taken;
    }
    counters.answered += 1;
    if is_taken {
        record(histogram_index(instance, target_index), now - sent_ns);
    }
    is_taken
}

/// Adds a round trip to a histogram.
#[inline(always)]
fn record(histogram: u32, round_trip_ns: u64) {
    if let Some(histogram) = probe_maps::histogram(histogram) {
        let bin = RttHistogram::bin(round_trip_ns) & (RttHistogram::BINS - 1);
        // SAFETY: a successful look-up and a bin of the histogram; several CPUs may count in it.
        unsafe {
            let count = (&raw mut (*histogram).counts).cast::<u32>().add(bin);
            atomic_xadd::<u32, u32, { AtomicOrdering::Relaxed }>(count, 1);
        }
    }
}
