//! The packet path of IPMP for Linux.
//!
//! Three programs. [`group_egress`] sits where the group interface sends and picks the member each packet leaves by;
//! [`member_ingress`] sits where each member receives and hands to the group interface what belongs to the group.
//! [`member_probe`] sits at a member's driver, where that is asked for, and takes the replies to probes there already. The
//! rules are in [`egress`], [`ingress`] and [`probe`], in the order in which they apply.
//!
//! The object is loaded once for each hook, with the constants of [`config`] set for that hook: the verifier folds them,
//! so a group of many members costs no look-up by interface. All loads of a group share the pinned maps of [`maps`].
//!
//! What the verifier wants, learnt the hard way: helpers are either `#[inline(always)]` or exported (`extern "C"`,
//! verified once on their own); bounds checks cover at least two bytes; packet pointers die with every helper that may
//! move the packet, so parsing keeps offsets and rewriting comes last.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]
// loads and stores at any alignment, which the compiler would do byte by byte
// The target has no compare-and-swap as far as the standard library knows; the machine it runs on has.
#![feature(core_intrinsics)]
#![expect(internal_features, reason = "atomic operations are only there as intrinsics")]

mod arp;
mod config;
mod counters;
mod egress;
mod frame;
mod ingress;
mod ipv4;
mod ipv6;
mod maps;
mod member;
mod moving;
mod nd;
mod packet;
mod probe;
mod probe_maps;

use aya_ebpf::{
    macros::{classifier, xdp},
    programs::{TcContext, XdpContext},
};

/// At egress of the group interface, and at ingress of its peer, where what got past the first turns up.
#[classifier]
pub fn group_egress(ctx: TcContext) -> i32 {
    egress::run(&ctx)
}

/// At ingress of a member.
#[classifier]
pub fn member_ingress(ctx: TcContext) -> i32 {
    ingress::run(&ctx)
}

/// At the driver of a member; also for frames in several buffers.
#[xdp(frags)]
pub fn member_probe(ctx: XdpContext) -> u32 {
    frame::run(&ctx)
}

/// The same for the stack's own emulation of a driver. Not for frames in several buffers: from 6.9 to at least 6.18 the
/// kernel copies a packet for such a program and forgets where its Ethernet header ends, and `member_ingress` behind it
/// would not see one.
#[xdp]
pub fn member_generic(ctx: XdpContext) -> u32 {
    frame::run(&ctx)
}

/// The kernel lends most helpers to GPL programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

/// Never reached: the build fails if the object contains a call to it.
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
