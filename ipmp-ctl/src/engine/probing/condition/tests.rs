use super::*;

#[test]
fn what_lasts_is_told_once_and_once_more_when_it_is_over() {
    let now = Instant::now();
    let mut condition = Condition::default();
    assert_eq!(condition.set(false, now), None);
    assert_eq!((condition.set(true, now), condition.due_at()), (None, Some(now + GRACE)));
    assert_eq!(condition.set(false, now + GRACE / 2), None, "what passes is no news");
    assert_eq!(condition.set(true, now + GRACE), None);
    assert_eq!(condition.set(true, now + 2 * GRACE), Some(News::Lasts));
    assert_eq!((condition.set(true, now + 9 * GRACE), condition.due_at()), (None, None));
    assert_eq!(condition.set(false, now + 9 * GRACE), Some(News::Over));
    assert_eq!(condition.set(false, now + 9 * GRACE), None);
}
