use super::*;

fn figures(measurements: impl IntoIterator<Item = u32>) -> Figures {
    measurements.into_iter().map(f64::from).collect()
}

#[test]
#[expect(clippy::float_cmp, reason = "small integers")]
fn percentiles_are_of_the_nearest_rank() {
    let hundred = figures((1..=100).rev());
    let ranks = [0, 50, 90, 99, 100].map(|percent| hundred.percentile(percent));
    assert_eq!(ranks, [1.0, 50.0, 90.0, 99.0, 100.0]);
    let few = figures([7, 3, 5]);
    assert_eq!([1, 34, 67, 99].map(|percent| few.percentile(percent)), [3.0, 5.0, 7.0, 7.0]);
}

#[test]
#[expect(clippy::float_cmp, reason = "small integers and halves")]
fn the_median_of_an_even_number_lies_between_the_middle_two() {
    assert_eq!(figures([9, 1, 2]).median(), 2.0);
    assert_eq!(figures([9, 1, 2, 4]).median(), 3.0);
    assert_eq!(figures([9]).median(), 9.0);
}

#[test]
#[expect(clippy::float_cmp, reason = "zero")]
fn nothing_measured_is_zero() {
    let none = figures([]);
    assert_eq!([none.percentile(99), none.median(), none.max()], [0.0; 3]);
}

#[test]
fn a_99th_percentile_is_shown_only_where_it_means_something() {
    assert_eq!(figures([1, 2]).to_string(), "   1.00    2.00       -    2.00");
    assert_eq!(figures(0..199).to_string(), "  99.00  179.00       -  198.00");
    assert_eq!(figures(0..200).to_string(), "  99.00  179.00  197.00  199.00");
    assert_eq!(figures([1]).to_string().len(), Figures::HEADINGS.len());
}
