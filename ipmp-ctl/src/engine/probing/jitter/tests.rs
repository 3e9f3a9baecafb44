use super::*;

#[test]
fn the_same_seed_gives_the_same_times_and_they_fill_the_range() {
    let longest = Duration::from_millis(14);
    let times = |seed| {
        let mut random = Random::new(seed);
        (0..1000).map(|_| random.up_to(longest)).collect::<Vec<_>>()
    };
    assert_eq!(times(7), times(7));
    assert_ne!(times(7), times(8));
    let drawn = times(7);
    assert!(drawn.iter().all(|&time| time <= longest));
    for tenth in 0..10 {
        let part = drawn.iter().filter(|time| time.as_nanos() * 10 / (longest.as_nanos() + 1) == tenth);
        assert!((60..140).contains(&part.count()), "tenth {tenth}");
    }
    assert_eq!(Random::new(1).up_to(Duration::ZERO), Duration::ZERO);
}
