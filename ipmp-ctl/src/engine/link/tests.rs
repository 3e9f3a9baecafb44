use super::*;

/// Brings a link up at these seconds, going down right before each, and returns which of them may repair.
fn repairs(tolerated: u32, seconds: &[u64]) -> (Damping, Vec<bool>, Instant) {
    let start = Instant::now();
    let mut damping = Damping::default();
    let repairs = seconds
        .iter()
        .map(|&second| {
            damping.link_down();
            damping.link_up(tolerated, start + Duration::from_secs(second))
        })
        .collect();
    (damping, repairs, start)
}

#[test]
fn the_third_link_up_inside_a_minute_is_refused() {
    for (tolerated, seconds, expected) in [
        (2, &[0, 10, 20][..], &[true, true, false][..]),
        (2, &[0, 10, 59], &[true, true, false]),
        (2, &[0, 10, 60], &[true, true, true]),
        (2, &[0, 10, 20, 30], &[true, true, false, false]),
        (2, &[0, 10, 20, 71], &[true, true, false, true]),
        (2, &[0, 40, 80, 120], &[true, true, true, true]),
        (1, &[0, 59], &[true, false]),
        (1, &[0, 60], &[true, true]),
        (0, &[0, 0, 0, 0, 1], &[true, true, true, true, true]),
        (u32::MAX, &[0, 0, 0, 0, 1], &[true, true, true, true, true]),
    ] {
        assert_eq!(repairs(tolerated, seconds).1, expected, "{tolerated} tolerated, up at {seconds:?}");
    }
}

#[test]
fn the_repair_waits_until_few_enough_link_ups_are_younger_than_a_minute() {
    for (seconds, retry) in [(&[0, 10, 20][..], 60), (&[0, 10, 20, 30], 70), (&[0, 10, 20, 30, 40], 80)] {
        let (damping, _, start) = repairs(2, seconds);
        assert_eq!(damping.retry_at(), Some(start + Duration::from_secs(retry)), "{seconds:?}");
    }
}

#[test]
fn a_link_that_goes_down_again_is_not_waited_for() {
    let (mut damping, _, start) = repairs(2, &[0, 10, 20]);
    damping.link_down();
    assert_eq!(damping.retry_at(), None);
    assert_eq!(damping.tell(start), None);
}

#[test]
fn flapping_is_told_once_until_the_repair() {
    let (mut damping, _, start) = repairs(2, &[0, 10, 20]);
    let now = start + Duration::from_secs(20);
    assert_eq!(damping.tell(now), Some(Duration::from_secs(40)));
    assert_eq!(damping.tell(now), None);
    damping.link_down();
    assert!(!damping.link_up(2, now));
    assert_eq!(damping.tell(now), None);
    damping.repaired();
    assert!(!damping.link_up(2, now));
    assert!(damping.tell(now).is_some());
}
