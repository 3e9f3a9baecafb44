use super::*;

#[test]
fn the_time_rises_to_fourteen_round_trips_and_falls_by_halves_after_a_minute() {
    let now = Instant::now();
    let second = Duration::from_secs(1);
    let mut fdt = Fdt::recall(7 * second, None, now);
    assert_eq!((fdt.period(), fdt.interval()), (second, second));
    assert!(!fdt.may_fall(now + 1000 * second), "it is as asked for");
    fdt.raise(2 * second, now);
    assert_eq!((fdt.current(), fdt.interval(), fdt.period()), (28 * second, 4 * second, second));
    assert!(!fdt.may_fall(now + SETTLING));
    assert!(fdt.may_fall(now + SETTLING + Duration::from_millis(1)));
    fdt.lower();
    assert_eq!(fdt.current(), 14 * second);
    fdt.lower();
    assert_eq!((fdt.current(), fdt.interval()), (7 * second, fdt.period()));
    assert!(!fdt.may_fall(now + 1000 * second));
}
