use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Interfaces by index, name and carrier.
fn present(interfaces: &[(u32, &str, bool)]) -> BTreeMap<u32, Present> {
    let present =
        |&(index, name, carrier): &(u32, &str, bool)| (index, Present { name: name.to_owned(), carrier });
    interfaces.iter().map(present).collect()
}

fn said(remarks: &[(String, Remark)]) -> Vec<(&str, Remark)> {
    remarks.iter().map(|(name, remark)| (name.as_str(), *remark)).collect()
}

#[test]
fn interfaces_are_told_of_when_they_come_fail_work_again_and_go() {
    use Remark::{LinkDown, LinkUp, Repaired, Unwatched, Watched};
    let mut group = Anonymous::default();
    let now = Instant::now();
    let steps: [(&[_], &[_]); 6] = [
        (&[(3, "a", true), (4, "b", false)], &[("a", Watched), ("b", Watched), ("b", LinkDown)]),
        (&[(3, "a", true), (4, "b", false)], &[]),
        (&[(3, "a", false), (4, "b", true)], &[("a", LinkDown), ("b", LinkUp), ("b", Repaired)]),
        (&[(3, "a", true)], &[("b", Unwatched), ("a", LinkUp), ("a", Repaired)]),
        (&[(3, "c", true)], &[("a", Unwatched), ("c", Watched)]),
        (&[(5, "c", true)], &[("c", Unwatched), ("c", Watched)]),
    ];
    for (step, (interfaces, expected)) in steps.into_iter().enumerate() {
        assert_eq!(said(&group.look(&present(interfaces), now)), expected, "step {step}");
    }
    let shown: Vec<_> = group.shown().collect();
    assert_eq!(shown, [Shown { name: "c", link_up: true, failed: false }]);
}

#[test]
fn a_link_that_flaps_is_trusted_when_it_has_been_quiet() {
    let mut group = Anonymous::default();
    let start = Instant::now();
    let mut now = start;
    for up in [true, false, true, false, true, false] {
        group.look(&present(&[(3, "a", up)]), now);
        now += SECOND;
    }
    let remarks = group.look(&present(&[(3, "a", true)]), now);
    let flapping = Remark::Flapping { retry_in: 56 * SECOND };
    assert_eq!(said(&remarks), [("a", Remark::LinkUp), ("a", flapping)]);
    assert!(group.shown().all(|shown| shown.failed && shown.link_up));
    let at = group.next().expect("it waits");
    assert_eq!(group.serve(now), []);
    assert_eq!(said(&group.serve(at)), [("a", Remark::Repaired)]);
    assert_eq!((group.next(), group.shown().next().map(|shown| shown.failed)), (None, Some(false)));
}
