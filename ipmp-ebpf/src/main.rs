//! The packet path of IPMP for Linux.
//!
//! Two programs. [`group_egress`] sits where the group interface sends and picks the member each packet leaves by;
//! [`member_ingress`] sits where each member receives and hands to the group interface what belongs to the group.
//! The rules are in [`egress`] and [`ingress`], in the order in which they apply.
//!
//! The object is loaded once for each hook, with the constants of [`config`] set for that hook: the verifier folds them,
//! so a group of many members costs no look-up by interface. All loads of a group share the pinned maps of [`maps`].
//!
//! What the verifier wants, learnt the hard way: helpers are either `#[inline(always)]` or exported (`extern "C"`,
//! verified once on their own); bounds checks cover at least two bytes; packet pointers die with every helper that may
//! move the packet, so parsing keeps offsets and rewriting comes last.
#![no_std]
#![no_main]
#![feature(asm_experimental_arch)] // loads and stores at any alignment, which the compiler would do byte by byte

mod arp;
mod config;
mod counters;
mod egress;
mod ingress;
mod ipv4;
mod ipv6;
mod maps;
mod member;
mod nd;
mod packet;

use aya_ebpf::{macros::classifier, programs::TcContext};

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

/// The kernel lends most helpers to GPL programs only.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 4] = *b"GPL\0";

/// Never reached: the build fails if the object contains a call to it.
#[panic_handler]
fn panic(_info: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
