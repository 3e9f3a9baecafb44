use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn the_first_sample_counts_three_times_and_steady_ones_bring_it_down() {
    let mut estimate = Estimate::default();
    assert_eq!((estimate.conservative(), estimate.view()), (None, None));
    estimate.feed(ms(10), ms(1000));
    assert_eq!(estimate.conservative(), Some(ms(30)));
    estimate.feed(ms(10), ms(1000));
    assert_eq!(estimate.conservative(), Some(ms(25)), "A stays 10, V falls from 20 to 15");
    for _ in 0..60 {
        estimate.feed(ms(10), ms(1000));
    }
    assert!(estimate.conservative().unwrap() < ms(11));
    estimate.feed(ms(26), ms(1000));
    let view = estimate.view().unwrap();
    assert_eq!((view.smoothed_us, view.min_us, view.max_us), (12_000, 10_000, 26_000));
}

#[test]
fn a_sample_that_stands_out_waits_for_the_next() {
    let limit = ms(100);
    for (samples, beyond, why) in [
        (&[1, 1, 300][..], false, "one alone waits"),
        (&[1, 1, 300, 1, 300], false, "a normal one in between discards it"),
        (&[1, 1, 300, 300], true, "two in a row count both"),
        (&[60], false, "the first may stand out too"),
        (&[60, 60], true, "and counts with the second"),
    ] {
        let mut estimate = Estimate::default();
        for &sample in samples {
            estimate.feed(ms(sample), limit);
        }
        assert_eq!(estimate.conservative().is_some_and(|takes| takes > limit), beyond, "{why}");
    }
}

#[test]
fn a_probe_that_measures_lowers_and_never_raises() {
    let mut estimate = Estimate::default();
    estimate.lower(ms(5));
    assert_eq!(estimate.conservative(), None, "nothing to lower");
    estimate.feed(ms(20), ms(1000));
    estimate.lower(ms(80));
    assert_eq!(estimate.conservative(), Some(ms(60)));
    estimate.lower(ms(20));
    assert_eq!(estimate.conservative(), Some(ms(50)));
}
