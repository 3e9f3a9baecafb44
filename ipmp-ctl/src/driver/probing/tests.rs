use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::moment;

proptest! {
    #[test]
    fn moments_are_equal_for_times_that_are_near_and_never_early(at in 0..10_000_000_u64, between in 1..2_000_000_u64) {
        let epoch = Instant::now();
        let (at, between) = (epoch + Duration::from_nanos(at), Duration::from_nanos(between));
        let found = moment(at, epoch, between);
        prop_assert!(at <= found && found < at + between);
        prop_assert_eq!((found - epoch).as_nanos() % between.as_nanos(), 0);
        prop_assert_eq!(moment(found, epoch, between), found);
    }
}

#[test]
fn a_time_before_all_moments_is_the_first() {
    let at = Instant::now();
    assert_eq!(moment(at, at + Duration::from_secs(1), Duration::from_millis(1)), at);
}
