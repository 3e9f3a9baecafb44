use proptest::prelude::*;

use super::*;

#[test]
fn shares_follow_the_weights() {
    for (weights, expected) in [
        (&[1, 1][..], &[512, 512][..]),
        (&[2, 1], &[683, 341]),
        (&[11, 45], &[201, 823]),
        (&[1000, 2500, 10_000], &[76, 190, 758]),
        (&[1, 1, 1], &[342, 341, 341]),
        (&[1, 0], &[1024, 0]),
        (&[0, 0], &[0, 0]),
        (&[u64::from(u32::MAX), 1], &[1024, 0]),
    ] {
        assert_eq!(apportion(1024, weights), expected, "{weights:?}");
    }
}

proptest! {
    #[test]
    fn every_share_is_within_one_of_the_exact_one(weights in prop::collection::vec(1_u64..=400_000, 1..64)) {
        let sum: u64 = weights.iter().sum();
        let shares = apportion(1024, &weights);
        prop_assert_eq!(shares.iter().sum::<u32>(), 1024);
        for (share, weight) in shares.iter().zip(&weights) {
            let exact = 1024.0 * *weight as f64 / sum as f64;
            prop_assert!((f64::from(*share) - exact).abs() < 1.0);
        }
    }

    #[test]
    fn interleaving_is_even_at_every_length(counts in prop::collection::vec(0_u32..200, 1..8)) {
        let sequence = interleave(&counts);
        let total: u32 = counts.iter().sum();
        prop_assert_eq!(sequence.len(), total as usize);
        let mut seen = vec![0_u32; counts.len()];
        for (length, &i) in sequence.iter().enumerate() {
            seen[i] += 1;
            let fair = f64::from(counts[i]) * (length + 1) as f64 / f64::from(total);
            prop_assert!((f64::from(seen[i]) - fair).abs() <= counts.len() as f64);
        }
        prop_assert_eq!(seen, counts);
    }
}
