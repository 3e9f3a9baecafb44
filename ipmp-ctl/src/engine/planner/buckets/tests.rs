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
    Scene { active: weights.iter().enumerate().map(seat).collect(), reserve: None }
}

fn futures(scene: &Scene) -> Futures {
    scene.active.iter().map(|seat| (seat.slot, scene.without(seat.slot))).collect()
}

fn fresh(scene: &Scene) -> Vec<Choice> {
    plan(&[Choice::NONE; BUCKETS], scene, &futures(scene), true)
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
    let after = Scene { active: before.active[..3].to_vec(), reserve: None };
    let next = plan(&table, &after, &futures(&after), false);
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
    let next = plan(&table, &three, &futures(&three), true);
    assert_eq!(shares(&next, 3), [342, 341, 341]);
    assert_eq!(table.iter().zip(&next).filter(|(old, new)| old.slot != new.slot).count(), 341);
}

#[test]
fn a_plan_of_the_same_scene_changes_nothing() {
    let scene = scene(&[3, 1, 2]);
    let table = fresh(&scene);
    for level in [false, true] {
        assert_eq!(plan(&table, &scene, &futures(&scene), level), table);
    }
}
