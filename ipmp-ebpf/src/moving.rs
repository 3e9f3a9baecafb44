//! Buckets on their way from one working member to another.

use aya_ebpf::helpers::bpf_ktime_get_ns;
use ipmp_common::{Choice, passage};

use crate::maps::{self, State};

/// The choice that a packet of `bucket` goes by, which is moving as `next` says, both as words; notes that it went
/// through. Exported, so that the verifier checks it once and packets of other buckets run past it.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn go_by(bucket: u32, next: u64) -> u64 {
    let (Some(state), Some(passage)) = (State::get(), maps::passage(bucket)) else { return next };
    let next = Choice::from_word(next);
    // Nobody goes where nothing can be sent yet, but everybody leaves a stamp.
    let gap = if state.usable().contains(next.slot) { state.gap() } else { u32::MAX };
    // SAFETY: no arguments.
    let now = passage::ticks(unsafe { bpf_ktime_get_ns() });
    let choice = if passage::pass(&passage, next.epoch, now, gap) { next } else { next.before() };
    // By the plain choice: the number says that there was something to look up.
    Choice::new(choice.slot, choice.backup).to_word()
}
