//! The flow table: which member each bucket goes to.

use ipmp_common::{Choice, SlotSet};

use super::{Futures, Scene, fallback, shares};

/// The next flow table, after `last`.
///
/// Buckets of a member that failed follow the rule of the packet path; buckets without any member fill up those below
/// their quota. Buckets of working members stay, unless the table is to be made `level`: then the members above their
/// quota give exactly what those below lack.
pub(super) fn plan(last: &[Choice], scene: &Scene, futures: &Futures, level: bool) -> Vec<Choice> {
    let usable = scene.usable();
    let mut slots: Vec<Option<u16>> =
        last.iter().zip(0..).map(|(&choice, bucket)| fallback(choice, usable, bucket)).collect();
    if level {
        release_surplus(&mut slots, last, scene);
    }
    fill(&mut slots, scene);

    let mut backups = vec![None; slots.len()];
    for (&failed, future) in futures {
        let mut after: Vec<_> = slots.iter().map(|&slot| slot.filter(|&slot| slot != failed)).collect();
        fill(&mut after, future);
        for bucket in (0..slots.len()).filter(|&bucket| slots[bucket] == Some(failed)) {
            backups[bucket] = after[bucket];
        }
    }
    let number = |slot: Option<u16>| slot.unwrap_or(Choice::NONE_SLOT);
    slots.into_iter().zip(backups).map(|(slot, backup)| Choice::new(number(slot), number(backup))).collect()
}

/// Shares the empty buckets out among the members below their quota, in proportion to what they lack.
fn fill(slots: &mut [Option<u16>], scene: &Scene) {
    let empty: Vec<_> = (0..slots.len()).filter(|&bucket| slots[bucket].is_none()).collect();
    let (have, quota) = count(slots, scene);
    let lack: Vec<_> =
        quota.iter().zip(&have).map(|(quota, have)| u64::from(quota.saturating_sub(*have))).collect();
    let grants = shares::apportion(empty.len() as u32, &lack);
    for (bucket, receiver) in empty.into_iter().zip(shares::interleave(&grants)) {
        slots[bucket] = Some(scene.active[receiver].slot);
    }
}

/// Empties as many buckets of each member as it has above its quota: first those that are moving anyway, for their
/// member in `last` has failed, then evenly over the table.
fn release_surplus(slots: &mut [Option<u16>], last: &[Choice], scene: &Scene) {
    let (have, quota) = count(slots, scene);
    for (seat, surplus) in scene.active.iter().zip(have.iter().zip(&quota).map(|(h, q)| h.saturating_sub(*q)))
    {
        let own = (0..slots.len()).filter(|&bucket| slots[bucket] == Some(seat.slot));
        let (moving, settled): (Vec<_>, Vec<_>) = own.partition(|&bucket| last[bucket].slot != seat.slot);
        let surplus = surplus as usize;
        let first = surplus.min(moving.len());
        for bucket in spread(&moving, first).chain(spread(&settled, surplus - first)) {
            slots[bucket] = None;
        }
    }
}

/// `n` of the buckets, evenly spread.
fn spread(buckets: &[usize], n: usize) -> impl Iterator<Item = usize> {
    (0..n).map(move |i| buckets[i * buckets.len() / n])
}

/// How many buckets each active member has, and how many it should have.
fn count(slots: &[Option<u16>], scene: &Scene) -> (Vec<u32>, Vec<u32>) {
    let mut by_slot = [0_u32; SlotSet::EMPTY.0.count_zeros() as usize];
    for &slot in slots.iter().flatten() {
        by_slot[usize::from(slot)] += 1;
    }
    let have = scene.active.iter().map(|seat| by_slot[usize::from(seat.slot)]).collect();
    let weights: Vec<_> = scene.active.iter().map(|seat| u64::from(seat.weight)).collect();
    (have, shares::apportion(slots.len() as u32, &weights))
}

#[cfg(test)]
mod tests;
