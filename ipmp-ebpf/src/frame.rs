//! Replies to probes before the stack sees them: the program at a member's driver (XDP).
//!
//! Everything that is not a reply to a probe passes. The rules for those are the ones of [`probe`]; what decides that
//! a frame is to be looked at, in the packet's path the work of [`crate::ingress`], is here.

use core::mem::offset_of;

use aya_ebpf::{
    bindings::{xdp_action, xdp_md},
    programs::XdpContext,
};

use crate::{
    config,
    ipv4::{ICMP, Ipv4},
    ipv6::{ICMPV6, Ipv6},
    maps::{self, State},
    packet::{ETH_LEN, Ethernet, ethertype, pointer},
    probe::{self, Bytes},
};

/// Length of a VLAN tag.
const TAG_LEN: usize = 4;

/// A frame as the driver has received it.
#[derive(Clone, Copy)]
struct Frame {
    ctx: *mut xdp_md,
    /// Bytes of a tag that says nothing but a priority: what follows is read as if it were not there.
    tag: usize,
}

impl Frame {
    #[inline(always)]
    fn place<T>(self, offset: usize) -> Option<&'static T> {
        const { assert!(size_of::<T>() >= 2 && align_of::<T>() == 1) };
        // SAFETY: the kernel passes a valid context.
        let (data, end) = unsafe {
            (
                pointer::<{ offset_of!(xdp_md, data) }, _>(self.ctx),
                pointer::<{ offset_of!(xdp_md, data_end) }, _>(self.ctx),
            )
        };
        let start = data + offset;
        if start + size_of::<T>() > end {
            return None;
        }
        // SAFETY: within the frame, as just checked; the verifier checks that no reference outlives it.
        Some(unsafe { &*(start as *const T) })
    }

    /// The same frame, read past a priority tag if it has one. `None` if it belongs to a VLAN.
    #[inline(always)]
    fn untagged(self) -> Option<Self> {
        let ethernet = self.place::<Ethernet>(0)?;
        if ethernet.ethertype() != ethertype::VLAN {
            return Some(self);
        }
        let tag = self.place::<[u8; 2]>(ETH_LEN)?;
        (tag[0] & 0x0f == 0 && tag[1] == 0).then_some(Self { tag: TAG_LEN, ..self })
    }
}

impl Bytes for Frame {
    #[inline(always)]
    fn at<T>(self, offset: usize) -> Option<&'static T> {
        self.place(self.tag + offset)
    }
}

/// Takes the replies to probes out of the way.
#[inline(always)]
pub fn run(ctx: &XdpContext) -> u32 {
    let Some(frame) = (Frame { ctx: ctx.ctx, tag: 0 }).untagged() else { return xdp_action::XDP_PASS };
    if is_to_test_address(frame) && is_to_member(frame) && probe::account(frame) {
        return xdp_action::XDP_DROP;
    }
    xdp_action::XDP_PASS
}

/// Whether it is ICMP to a test address of this member.
#[inline(always)]
fn is_to_test_address(frame: Frame) -> bool {
    // Behind the tag, the last two bytes of the tag's place are the protocol of what follows.
    let Some(ethernet) = frame.at::<Ethernet>(0) else { return false };
    let Some(state) = State::get() else { return false };
    let slot = match ethernet.ethertype() {
        ethertype::IPV4 => {
            let Some(ip) = frame.at::<Ipv4>(ETH_LEN) else { return false };
            if ip.protocol != ICMP {
                return false;
            }
            state.test_v4(ip.destination())
        }
        ethertype::IPV6 => {
            let Some(ip) = frame.at::<Ipv6>(ETH_LEN) else { return false };
            if ip.next_header != ICMPV6 {
                return false;
            }
            state.test_address(&ip.destination())
        }
        _ => return false,
    };
    slot == Some(config::slot())
}

/// Whether it is addressed to this member and nobody else.
#[inline(always)]
fn is_to_member(frame: Frame) -> bool {
    let Some(slot) = maps::slot(config::slot()) else { return false };
    frame.place::<Ethernet>(0).is_some_and(|ethernet| ethernet.destination.bytes == slot.mac.bytes)
}
