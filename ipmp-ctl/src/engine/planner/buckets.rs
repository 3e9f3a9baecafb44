//! The flow table: which member each bucket goes to.

use ipmp_common::{Choice, SlotSet};

use super::{Futures, Leave, Scene, fallback, shares};

/// What was before a plan.
pub(super) struct Last<'a> {
    /// The flow table.
    pub(super) table: &'a [Choice],
    /// The slots that packets could leave by.
    pub(super) carried: SlotSet,
}

/// The next flow table, and whether buckets that are moving kept it from being level.
///
/// Buckets of a member that failed follow the rule of the packet path; buckets without any member fill up those below
/// their quota. Buckets of working members stay, unless the table is to be made `level`: then the members above their
/// quota give exactly what those below lack. Members that are draining give everything.
pub(super) fn plan(last: &Last<'_>, scene: &Scene, futures: &Futures, leave: &Leave) -> (Vec<Choice>, bool) {
    let (active, carrying) = (scene.usable(), scene.carrying());
    let is_waiting = |choice: &Choice| {
        choice.is_moving() && carrying.contains(choice.slot) && carrying.contains(choice.backup)
    };
    let waits: Vec<_> = last.table.iter().map(is_waiting).collect();
    let there: Vec<_> =
        last.table.iter().zip(0..).map(|(&choice, bucket)| fallback(choice, carrying, bucket)).collect();
    let stays = |(&slot, &waits): (&Option<u16>, &bool)| slot.filter(|&slot| waits || active.contains(slot));
    let mut slots: Vec<_> = there.iter().zip(&waits).map(stays).collect();
    if leave.level {
        release_surplus(&mut slots, last.table, &waits, scene);
    }
    fill(&mut slots, scene);

    let next = |bucket: usize| {
        let (choice, slot) = (last.table[bucket], slots[bucket].unwrap_or(Choice::NONE_SLOT));
        if waits[bucket] {
            return choice;
        }
        // Who has just lost its member is not held back.
        let works = |from: &u16| last.carried.contains(*from) && (choice.slot == *from || choice.is_moving());
        match there[bucket].filter(|&from| from != slot).filter(works) {
            Some(from) => Choice::moving(from, slot, leave.number),
            None => Choice::new(slot, Choice::NONE_SLOT),
        }
    };
    let mut table: Vec<_> = (0..slots.len()).map(next).collect();
    for (&failed, future) in futures {
        let after = |choice: &Choice| if choice.slot == failed { choice.backup } else { choice.slot };
        let mut after: Vec<_> =
            table.iter().map(after).map(|slot| (slot != Choice::NONE_SLOT).then_some(slot)).collect();
        fill(&mut after, future);
        for (choice, after) in table.iter_mut().zip(after).filter(|(choice, _)| choice.slot == failed) {
            choice.backup = after.unwrap_or(Choice::NONE_SLOT);
        }
    }
    (table, leave.level && waits.contains(&true))
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
/// member in `last` has failed, then evenly over the table. Those that wait for a gap stay.
fn release_surplus(slots: &mut [Option<u16>], last: &[Choice], waits: &[bool], scene: &Scene) {
    let (have, quota) = count(slots, scene);
    for (seat, surplus) in scene.active.iter().zip(have.iter().zip(&quota).map(|(h, q)| h.saturating_sub(*q)))
    {
        let own = (0..slots.len()).filter(|&bucket| slots[bucket] == Some(seat.slot) && !waits[bucket]);
        let (moving, settled): (Vec<_>, Vec<_>) = own.partition(|&bucket| last[bucket].slot != seat.slot);
        let surplus = (surplus as usize).min(moving.len() + settled.len());
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
