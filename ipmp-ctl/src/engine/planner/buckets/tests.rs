use ipmp_common::layout::BUCKETS;

use super::*;
use crate::engine::planner::Seat;

fn scene(weights: &[u32]) -> Scene {
    let seat = |(member, &weight): (usize, &u32)| Seat {
        member,
        slot: member as u16,
        weight,
        standby: false,
        priority: 100,
    };
    Scene { active: weights.iter().enumerate().map(seat).collect(), ..Scene::default() }
}

fn futures(scene: &Scene) -> Futures {
    scene.active.iter().map(|seat| (seat.slot, scene.without(seat.slot))).collect()
}

/// The plan after `table`, with all slots below 16 having carried.
fn next(table: &[Choice], scene: &Scene, level: bool) -> (Vec<Choice>, bool) {
    let last = Last { table, carried: SlotSet(0xffff) };
    plan(&last, scene, &futures(scene), &Leave { level, number: 7, ..Leave::default() })
}

fn fresh(scene: &Scene) -> Vec<Choice> {
    next(&[Choice::NONE; BUCKETS], scene, true).0
}

fn shares(table: &[Choice], members: u16) -> Vec<usize> {
    (0..members).map(|slot| table.iter().filter(|choice| choice.slot == slot).count()).collect()
}

#[test]
fn a_fresh_table_has_the_shares_of_the_weights() {
    for (weights, expected) in [
        (&[1, 1][..], &[512, 512][..]),
        (&[2, 1], &[683, 341]),
        (&[11, 45], &[201, 823]),
        (&[1000, 2500], &[293, 731]),
    ] {
        assert_eq!(shares(&fresh(&scene(weights)), weights.len() as u16), expected, "{weights:?}");
    }
}

#[test]
fn a_fresh_table_is_interleaved() {
    let slots: Vec<_> = fresh(&scene(&[2, 1, 1])).iter().take(8).map(|choice| choice.slot).collect();
    assert_eq!(slots, [0, 1, 2, 0, 0, 1, 2, 0]);
}

#[test]
fn the_buckets_of_a_failed_member_go_to_the_others_by_weight() {
    let before = scene(&[1, 2, 4, 4]);
    let table = fresh(&before);
    let after = Scene { active: before.active[..3].to_vec(), ..Scene::default() };
    let next = next(&table, &after, false).0;
    assert_eq!(shares(&next, 3), [146, 293, 585]);
    for (old, new) in table.iter().zip(&next) {
        assert!(old.slot == 3 || old.slot == new.slot);
    }
}

#[test]
fn a_standby_that_stands_in_takes_all() {
    let mut before = scene(&[1, 1, 1]);
    before.reserve = Some(Seat { member: 3, slot: 9, weight: 1, standby: true, priority: 100 });
    let table = fresh(&before);
    let others = table.iter().filter(|choice| choice.backup != 9).count();
    assert!(others <= 2, "{others} buckets go elsewhere by more than rounding");
}

#[test]
fn a_small_standby_takes_its_share_and_the_others_the_rest() {
    let mut before = scene(&[4, 4]);
    before.reserve = Some(Seat { member: 2, slot: 2, weight: 1, standby: true, priority: 100 });
    let table = fresh(&before);
    let small = table.iter().filter(|choice| choice.slot == 0 && choice.backup == 2).count();
    assert_eq!(small, 205, "a fifth of all");
}

#[test]
fn levelling_moves_what_must_and_no_more() {
    let two = scene(&[1, 1]);
    let table = fresh(&two);
    let three = scene(&[1, 1, 1]);
    let next = next(&table, &three, true).0;
    assert_eq!(shares(&next, 3), [342, 341, 341]);
    assert_eq!(table.iter().zip(&next).filter(|(old, new)| old.slot != new.slot).count(), 341);
}

#[test]
fn a_plan_of_the_same_scene_changes_nothing() {
    let scene = scene(&[3, 1, 2]);
    let table = fresh(&scene);
    for level in [false, true] {
        assert_eq!(next(&table, &scene, level), (table.clone(), false));
    }
}

/// One bucket in a group of slots 0 and 1, of which `draining` is about to go.
fn one(choice: Choice, carried: u64, active: &[u16], draining: u64) -> Choice {
    let seat = |&slot: &u16| Seat { member: slot.into(), slot, weight: 1, standby: false, priority: 100 };
    let scene =
        Scene { active: active.iter().map(seat).collect(), reserve: None, draining: SlotSet(draining) };
    let last = Last { table: &[choice], carried: SlotSet(carried) };
    plan(&last, &scene, &futures(&scene), &Leave { number: 7, ..Leave::default() }).0[0]
}

#[test]
fn a_bucket_moves_in_a_gap_only_where_its_flows_have_worked_and_do_work() {
    const NONE: u16 = Choice::NONE_SLOT;
    let old = Choice::moving(0, 1, 5);
    for (what, choice, carried, active, draining, expected) in [
        ("off a draining member", Choice::new(0, 1), 0b11, &[1][..], 0b01, Choice::moving(0, 1, 7)),
        ("off a failed member", Choice::new(0, 1), 0b11, &[1], 0, Choice::new(1, NONE)),
        ("off a member that did not carry", Choice::new(0, 1), 0b10, &[1], 0b01, Choice::new(1, NONE)),
        ("nowhere", Choice::new(0, 1), 0b11, &[0, 1], 0, Choice::new(0, 1)),
        ("waiting", old, 0b11, &[0, 1], 0, old),
        ("waiting, off a draining member", old, 0b11, &[1], 0b01, old),
        ("waiting, to a draining member", old, 0b11, &[0], 0b10, old),
        ("where it comes from has failed", old, 0b11, &[1], 0, Choice::new(1, NONE)),
        ("where it goes to has failed", old, 0b11, &[0], 0, Choice::new(0, NONE)),
        ("and it came from a draining one", old, 0b11, &[2], 0b01, Choice::moving(0, 2, 7)),
        ("both have failed", old, 0b11, &[2], 0, Choice::new(2, NONE)),
    ] {
        assert_eq!(one(choice, carried, active, draining), expected, "{what}");
    }
}

#[test]
fn what_is_moving_is_not_shared_out_anew_and_said_to_be_unlevel() {
    let two = scene(&[1, 1]);
    let three = scene(&[1, 1, 1]);
    let (moving, unlevel) = next(&fresh(&two), &three, true);
    assert!(!unlevel, "nothing was moving before");
    assert_eq!(shares(&moving, 3), [342, 341, 341]);
    assert!(moving.iter().all(|choice| choice.is_moving() == (choice.slot == 2)));

    let heavy = scene(&[1, 1, 4]);
    let (next, unlevel) = next(&moving, &heavy, true);
    assert!(unlevel);
    for (old, new) in moving.iter().zip(&next).filter(|(old, _)| old.is_moving()) {
        assert_eq!(old, new);
    }
    assert_eq!(shares(&next, 3), [171, 171, 682], "what was not moving makes up for it");
}
