use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn what_a_part_leaves_over_the_others_share() {
    assert_eq!(deadline(s(100), s(0), 4), s(25));
    assert_eq!(deadline(s(100), s(10), 3), s(40));
    assert_eq!(deadline(s(100), s(90), 1), s(100));
}

#[test]
fn when_the_time_is_used_up_nothing_more_is_allowed() {
    assert_eq!(deadline(s(100), s(120), 2), s(120));
    let mut budget = Budget::new(Some(Duration::ZERO), 2);
    budget.next();
    assert!(!budget.allows_more());
}

#[test]
fn without_a_limit_there_is_always_more() {
    let mut budget = Budget::new(None, 1);
    (0..5).for_each(|_| budget.next());
    assert!(budget.allows_more());
}
