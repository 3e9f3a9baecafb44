//! The member that sends and receives the group's broadcast and multicast.

use std::cmp::Reverse;

use ipmp_common::Choice;

use super::{Futures, Scene, fallback};

/// The next nominee, after `last`: it stays while it is active, for a change costs membership reports.
pub(super) fn plan(last: Choice, scene: &Scene, futures: &Futures) -> Choice {
    let Some(slot) = fallback(last, scene.usable(), 0).or_else(|| first(scene)) else {
        return Choice::NONE;
    };
    Choice::new(slot, futures.get(&slot).and_then(first).unwrap_or(Choice::NONE_SLOT))
}

/// The active member with the highest priority, the first of them in the order of the configuration; a standby only if
/// there is no other.
fn first(scene: &Scene) -> Option<u16> {
    scene
        .active
        .iter()
        .min_by_key(|seat| (seat.standby, Reverse(seat.priority), seat.member))
        .map(|seat| seat.slot)
}
