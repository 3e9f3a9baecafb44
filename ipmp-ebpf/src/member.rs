//! Sending by a member.

use core::mem::offset_of;

use aya_ebpf::{
    bindings::{TC_ACT_SHOT, TC_ACT_UNSPEC},
    helpers::bpf_redirect,
};
use ipmp_common::{Choice, Reason, Slot};

use crate::{
    counters,
    maps::{self, State},
    packet::{Packet, mac_word_at},
};

/// On to the next program, as if this one had not been there. (`TC_ACT_OK` would end the chain.)
pub const UNTOUCHED: i32 = TC_ACT_UNSPEC;

/// Offset of the source address in an Ethernet header.
const SOURCE_MAC: usize = 6;

/// Counts and drops.
#[inline(always)]
pub fn drop(reason: Reason) -> i32 {
    counters::count(reason);
    TC_ACT_SHOT
}

/// A slot together with what it holds.
#[derive(Clone, Copy)]
pub struct Member {
    number: u16,
    /// Its interface and MAC address.
    pub link: &'static Slot,
}

impl Member {
    /// The member in `slot`.
    #[inline(always)]
    pub fn in_slot(slot: u16) -> Result<Self, Reason> {
        match maps::slot(slot) {
            Some(link) => Ok(Self { number: slot, link }),
            None => Err(Reason::NoUsableMember),
        }
    }

    /// The member that `choice` comes to, by the rule shared with the planner.
    #[inline(always)]
    pub fn chosen(choice: Choice, state: State, salt: u32) -> Result<Self, Reason> {
        let Some(slot) = choice.choose(state.usable(), salt) else {
            return Err(Reason::NoUsableMember);
        };
        if slot != choice.slot {
            counters::count(Reason::Fallback);
        }
        Self::in_slot(slot)
    }

    /// The nominated member.
    #[inline(always)]
    pub fn nominated(state: State) -> Result<Self, Reason> {
        Self::chosen(state.nominee(), state, 0)
    }

    /// Sends the packet by this member: its MAC becomes the source.
    #[inline(always)]
    pub fn send(self, packet: Packet) -> i32 {
        // A copy: the look-up of the counters must not come between the check of the slot and its use.
        let ifindex = self.link.ifindex;
        if !packet.store_mac::<SOURCE_MAC>(mac_word_at::<{ offset_of!(Slot, mac) }, _>(self.link)) {
            return drop(Reason::RewriteFailed);
        }
        counters::sent(self.number, packet.len());
        // SAFETY: plain numbers; the kernel checks the interface.
        unsafe { bpf_redirect(ifindex, 0) as i32 }
    }
}
