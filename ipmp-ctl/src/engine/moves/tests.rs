use std::{cell::RefCell, collections::BTreeMap as Map};

use super::*;

/// What each bucket says; those that are not named have passed.
#[derive(Default)]
struct Said(RefCell<Map<u32, Passing>>);

impl Passages for Said {
    fn passing(&self, bucket: u32, choice: Choice) -> Passing {
        assert!(choice.is_moving());
        self.0.borrow().get(&bucket).copied().unwrap_or(Passing::Passed)
    }
}

fn say(all: &[(u32, Passing)]) -> Said {
    Said(RefCell::new(all.iter().copied().collect()))
}

/// Two buckets of one operation and one that stays.
fn moving(moves: &mut Moves, now: Instant) -> Vec<Choice> {
    let number = moves.next_number();
    let buckets = vec![Choice::moving(0, 1, number), Choice::new(0, 1), Choice::moving(1, 0, number)];
    moves.follow(&buckets, true, false, now);
    buckets
}

#[test]
fn the_gap_is_twice_the_spread_and_a_quarter_of_that_in_a_hurry_within_bounds() {
    for (spread_us, gap_us, hurried_us) in [
        (0, 1000, 1000),
        (400, 1000, 1000),
        (600, 1200, 1000),
        (20_000, 40_000, 10_000),
        (80_000, 100_000, 40_000),
        (800_000, 100_000, 100_000),
    ] {
        let spread = Duration::from_micros(spread_us);
        assert_eq!(gap(spread), Duration::from_micros(gap_us));
        assert_eq!(hurried_gap(spread), Duration::from_micros(hurried_us));
    }
}

#[test]
fn numbers_are_never_zero_and_not_in_use() {
    let mut moves = Moves::new(u64::from(u32::MAX), 0);
    assert_eq!(moves.latest, u32::MAX);
    assert_eq!(moves.next_number(), 1);
    moves.follow(&[Choice::moving(0, 1, 1), Choice::moving(0, 1, 3)], true, false, Instant::now());
    moves.latest = 0;
    assert_eq!(moves.next_number(), 2);
}

#[test]
fn an_operation_is_news_when_all_its_buckets_have_passed() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let mut buckets = moving(&mut moves, start);
    assert_eq!(moves.next(), Some(start + INTERVAL));
    let going = say(&[(2, Passing::Going)]);
    let look = |moves: &mut Moves, now, said: &Said| moves.look(now, &buckets, said);
    assert_eq!(look(&mut moves, start, &say(&[])), Looked::default(), "it is not time yet");
    assert_eq!(look(&mut moves, start + INTERVAL, &going), Looked::default());
    assert_eq!(moves.next(), Some(start + 2 * INTERVAL));
    let looked = look(&mut moves, start + 2 * INTERVAL, &say(&[]));
    assert_eq!(looked, Looked { is_news: true, forced: 0 });

    moves.close(&mut buckets);
    assert_eq!(buckets, [Choice::new(1, 0), Choice::new(0, 1), Choice::new(0, 1)]);
    moves.follow(&buckets, false, false, start + 2 * INTERVAL);
    assert_eq!((moves.next(), moves.forced()), (None, 0));
}

#[test]
fn who_is_never_idle_is_forced_after_the_wait_and_counted() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let buckets = moving(&mut moves, start);
    let going = say(&[(2, Passing::Going)]);
    moves.look(start + HURRY, &buckets, &going);
    assert_eq!(moves.look(start + WAIT.saturating_sub(INTERVAL), &buckets, &going), Looked::default());
    assert_eq!(moves.look(start + WAIT, &buckets, &going), Looked { is_news: true, forced: 1 });
    assert_eq!(moves.forced(), 1);
}

#[test]
fn who_has_waited_long_is_in_a_hurry_until_the_next_operation_begins() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let mut buckets = moving(&mut moves, start);
    let going = say(&[(1, Passing::Going), (2, Passing::Going)]);
    assert_eq!(moves.look(start + HURRY / 2, &buckets, &going), Looked::default());
    assert_eq!(moves.look(start + HURRY, &buckets, &going), Looked { is_news: true, forced: 0 });
    assert!(moves.is_hurried());
    assert_eq!(moves.look(start + HURRY + INTERVAL, &buckets, &going), Looked::default(), "it is known");
    buckets[1] = Choice::moving(0, 1, moves.next_number());
    moves.follow(&buckets, false, false, start + HURRY + INTERVAL);
    assert!(!moves.is_hurried());
}

#[test]
fn the_wait_begins_when_the_buckets_can_move() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let buckets = moving(&mut moves, start);
    let blocked = say(&[(0, Passing::Blocked), (2, Passing::Going)]);
    let later = start + 10 * WAIT;
    assert_eq!(moves.look(later, &buckets, &blocked), Looked::default());
    let going = say(&[(2, Passing::Going)]);
    moves.look(later + HURRY, &buckets, &going);
    assert_eq!(moves.look(later + WAIT.saturating_sub(INTERVAL), &buckets, &going), Looked::default());
    assert_eq!(moves.look(later + WAIT, &buckets, &going).forced, 1);
}

#[test]
fn operations_end_each_at_its_time() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let mut buckets = moving(&mut moves, start);
    let second = moves.next_number();
    buckets[1] = Choice::moving(0, 1, second);
    moves.follow(&buckets, false, false, start + WAIT / 2);
    let all = say(&[(0, Passing::Going), (1, Passing::Going), (2, Passing::Going)]);
    assert_eq!(moves.look(start + WAIT, &buckets, &all), Looked { is_news: true, forced: 2 });
    moves.close(&mut buckets);
    assert_eq!(buckets[1], Choice::moving(0, 1, second));
    moves.follow(&buckets, false, false, start + WAIT);
    assert_eq!(moves.look(start + WAIT + WAIT / 2, &buckets, &all), Looked { is_news: true, forced: 1 });
}

#[test]
fn what_could_not_be_shared_out_is_when_nothing_moves_any_more() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let buckets = moving(&mut moves, start);
    moves.follow(&buckets, true, true, start);
    let going = say(&[(2, Passing::Going)]);
    assert_eq!(moves.look(start + INTERVAL, &buckets, &going), Looked::default());
    assert!(!moves.is_unlevel(), "something moves");
    assert!(moves.look(start + 2 * INTERVAL, &buckets, &say(&[])).is_news);
    assert!(moves.is_unlevel());
    let rest = [Choice::new(0, 1)];
    moves.follow(&rest, true, false, start);
    assert!(!moves.is_unlevel(), "it has been shared out");
    assert_eq!(moves.next(), None);
}

#[test]
fn what_could_not_be_shared_out_is_soon_if_the_moves_have_ended_by_a_failure() {
    let (start, mut moves) = (Instant::now(), Moves::new(1, 0));
    let buckets = moving(&mut moves, start);
    moves.follow(&buckets, true, true, start);
    let rest = [Choice::new(0, 1)];
    moves.follow(&rest, false, false, start + INTERVAL);
    assert!(moves.look(start + 2 * INTERVAL, &rest, &say(&[])).is_news);
    assert!(moves.is_unlevel());
}
