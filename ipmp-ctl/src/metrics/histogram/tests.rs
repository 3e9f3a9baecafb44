use super::*;

#[test]
fn a_time_belongs_to_the_first_bucket_that_is_long_enough() {
    let mut histogram = Histogram::new(&[10, 20]);
    for us in [0, 10, 11, 20, 21, 1_000_000] {
        histogram.note(Duration::from_micros(us));
    }
    assert_eq!(histogram.buckets(), [(1e-5, 2), (2e-5, 2), (f64::MAX, 2)]);
    assert_eq!(histogram.count(), 6);
    assert!((histogram.sum() - 1.000_062).abs() < 1e-9);
}

#[test]
fn the_longest_time_is_no_trouble() {
    let mut histogram = Histogram::of_outages();
    histogram.note(Duration::MAX);
    histogram.note(Duration::MAX);
    assert_eq!(histogram.buckets().last(), Some(&(f64::MAX, 2)));
}

#[test]
fn bounds_ascend() {
    for histogram in [Histogram::of_outages(), Histogram::of_lateness()] {
        assert!(histogram.buckets().is_sorted_by(|a, b| a.0 < b.0), "{histogram:?}");
    }
}
