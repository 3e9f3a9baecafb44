use proptest::{collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest};

use super::{Counts, Edges};

fn counts(down: u32, up: u32) -> Counts {
    Counts { down, up }
}

#[test]
fn counts_become_alternating_edges() {
    // State and counts before, counts now, edges.
    let cases: [(bool, Counts, Counts, &[bool]); 8] = [
        (true, counts(3, 3), counts(3, 3), &[]),
        (true, counts(3, 3), counts(4, 3), &[false]),
        (true, counts(3, 3), counts(4, 4), &[false, true]),
        (true, counts(3, 3), counts(5, 4), &[false, true, false]),
        (false, counts(4, 3), counts(4, 4), &[true]),
        (false, counts(4, 3), counts(5, 4), &[true, false]),
        (false, counts(4, 3), counts(5, 5), &[true, false, true]),
        (true, counts(u32::MAX, 7), counts(0, 7), &[false]),
    ];
    for (up, before, now, expected) in cases {
        let mut edges = Edges::new(up, before);
        assert_eq!(edges.observe(now), expected, "{up} {before:?} {now:?}");
        assert_eq!(edges.is_up(), expected.last().copied().unwrap_or(up));
        assert_eq!(edges.observe(now), [false; 0], "told once");
    }
}

#[test]
fn a_count_that_was_read_early_is_kept_until_its_counterpart_shows() {
    // Losses were read after returns: the return between the two losses is not in yet.
    let mut edges = Edges::new(true, counts(0, 0));
    assert_eq!(edges.observe(counts(2, 0)), [false]);
    assert!(!edges.expects(1), "the return is waited for");
    assert_eq!(edges.observe(counts(2, 1)), [true, false]);
}

#[test]
fn a_wrong_state_to_begin_with_is_put_right_without_edges() {
    let mut edges = Edges::new(true, counts(4, 3));
    assert_eq!(edges.observe(counts(4, 4)), [false; 0]);
    assert!(edges.is_up());
    assert_eq!(edges.observe(counts(5, 4)), [false]);
}

proptest! {
    /// A carrier that bounces, looked at now and then: in the end every edge has been told, in order.
    #[test]
    fn no_edge_is_lost_or_made_up(start: bool, bounces in vec((0_u32..5, any::<bool>()), 0..40)) {
        let (mut truth, mut now) = (start, counts(7, 9));
        let mut edges = Edges::new(start, now);
        let (mut told, mut expected) = (Vec::new(), Vec::new());
        for (flips, early) in bounces {
            // A look may read one count before, the other after these edges: the one that must not run ahead first.
            let before = now;
            for _ in 0..flips {
                if truth { now.down += 1 } else { now.up += 1 }
                truth = !truth;
                expected.push(truth);
            }
            let mixed = if edges.is_up() { counts(now.down, before.up) } else { counts(before.down, now.up) };
            told.extend(edges.observe(if early { mixed } else { now }));
        }
        told.extend(edges.observe(now));
        // What a mixed look left over needs one more.
        told.extend(edges.observe(now));
        prop_assert_eq!(&told, &expected);
        prop_assert_eq!(edges.is_up(), truth);
        let next = if truth { now.down } else { now.up };
        prop_assert!(edges.expects(next));
    }
}
