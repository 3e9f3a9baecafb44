use super::*;

#[test]
fn what_was_missed_is_told_at_once_and_then_once_a_minute_all_together() {
    let now = Instant::now();
    let mut lateness = Lateness::default();
    assert_eq!(lateness.add(0, now), None);
    assert_eq!(lateness.add(3, now), Some(3));
    assert_eq!(lateness.add(4, now + PAUSE / 2), None);
    assert_eq!(lateness.add(1, now + PAUSE), Some(5));
    assert_eq!(lateness.add(0, now + 3 * PAUSE), None);
}
