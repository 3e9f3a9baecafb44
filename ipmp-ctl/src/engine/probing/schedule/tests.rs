use super::*;

const PERIOD: Duration = Duration::from_millis(100);

#[test]
fn a_moment_that_is_late_by_less_than_its_gap_misses_nothing_and_others_are_passed_over() {
    for (late, missed) in [(0, 0), (40, 0), (160, 1), (200, 1), (260, 2), (1060, 10)] {
        let mut random = Random::new(3);
        let start = Instant::now();
        let mut schedule = Schedule::start(start, PERIOD, &mut random);
        let base = schedule.next();
        assert!(base - start <= PERIOD);
        let now = base + Duration::from_millis(late);
        let fire = schedule.fire(now, PERIOD, PERIOD, &mut random);
        assert!(fire.detection);
        assert!(fire.missed.abs_diff(missed) <= 1, "{late} ms: {}", fire.missed);
        assert!(schedule.next() > now && schedule.next() <= now + PERIOD * 3 / 2);
        let within = (schedule.next() - base).as_millis() % 100;
        assert!(within >= 50 || within == 0, "still in the second half of a period that began at {within}");
        let next = schedule.next();
        assert_eq!(schedule.fire(next, PERIOD, PERIOD, &mut random).missed, 0, "nothing is made up");
    }
}

#[test]
fn while_the_interval_is_longer_only_some_probes_detect() {
    let mut random = Random::new(5);
    let mut schedule = Schedule::start(Instant::now(), PERIOD, &mut random);
    let mut fires = |interval, count: usize| {
        let fire = |_| schedule.fire(schedule.next(), PERIOD, interval, &mut random).detection;
        (0..count).map(fire).filter(|&detection| detection).count()
    };
    assert_eq!(fires(PERIOD, 50), 50);
    let detections = fires(4 * PERIOD, 400);
    assert!((95..=102).contains(&detections), "{detections}");
    assert_eq!(fires(PERIOD, 50), 50);
}

#[test]
fn a_stop_of_a_year_is_no_more_than_a_long_one() {
    let mut random = Random::new(5);
    let mut schedule = Schedule::start(Instant::now(), Duration::from_millis(4), &mut random);
    let now = schedule.next() + Duration::from_hours(365 * 24);
    let fire = schedule.fire(now, Duration::from_millis(4), Duration::from_millis(4), &mut random);
    assert!(fire.missed > 7_000_000_000);
    assert!(schedule.next() > now && schedule.next() <= now + Duration::from_millis(4));
}
