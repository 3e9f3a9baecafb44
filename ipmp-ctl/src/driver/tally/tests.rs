use super::*;

/// What is counted of a member and is not 0.
fn counted(tally: &GroupTally, member: &str) -> Vec<(String, Option<String>, u64)> {
    let all = tally.of_member(member);
    assert_eq!(all.len(), MEMBER_EVENTS.len(), "everything is shown from the start");
    all.into_iter()
        .filter(|count| count.count > 0)
        .map(|EventCount { event, cause, count }| (event, cause, count))
        .collect()
}

#[test]
fn what_happens_to_a_member_is_its_own() {
    let mut tally = GroupTally::default();
    for cause in ["link", "probes", "link"] {
        tally.note("failed", Some("e0"), Some(cause), None);
    }
    tally.note("absent", Some("e1"), None, None);
    let failed = |cause: &str, count| ("failed".to_owned(), Some(cause.to_owned()), count);
    assert_eq!(counted(&tally, "e0"), [failed("link", 2), failed("probes", 1)]);
    assert_eq!(counted(&tally, "e1"), [("absent".to_owned(), None, 1)]);
    assert_eq!(counted(&tally, "e2"), []);
}

#[test]
fn what_has_no_series_makes_none() {
    let mut tally = GroupTally::default();
    tally.note("target-dead", Some("e0"), None, None);
    tally.note("link-down", Some("e0"), None, None);
    assert_eq!(counted(&tally, "e0"), []);
    assert!(tally.events().values().all(|&count| count == 0));
}

#[test]
fn outages_are_told_apart_by_cause() {
    let mut tally = GroupTally::default();
    tally.note("failed", Some("e0"), Some("link"), Some(Duration::from_millis(3)));
    tally.note("failed", Some("e1"), Some("link"), Some(Duration::from_millis(4)));
    tally.note("absent", Some("e2"), None, Some(Duration::from_millis(5)));
    tally.note("failed", Some("e0"), Some("link"), None); // it carried nothing
    let counts: Vec<_> =
        tally.outages().into_iter().map(|(cause, outages)| (cause, outages.count())).collect();
    let expected = [("absent", 1), ("link", 2), ("probes", 0)];
    assert_eq!(counts, expected.map(|(cause, count)| (cause.to_owned(), count)));
}

#[test]
fn announcements_are_counted_by_kind_and_family() {
    let mut tally = GroupTally::default();
    tally.announced(Announced::address([192, 0, 2, 1].into()), true);
    tally.announced(Announced::address([192, 0, 2, 1].into()), false);
    tally.announced(Announced::KeepAlive, true);
    let counts: Vec<_> =
        tally.announcements().into_iter().map(|count| (count.kind, count.sent, count.failed)).collect();
    let expected = [
        ("address", 1, 1),
        ("address", 0, 0),
        ("membership-query", 0, 0),
        ("membership-query", 0, 0),
        ("keep-alive", 1, 0),
    ];
    assert_eq!(counts, expected.map(|(kind, sent, failed)| (kind.to_owned(), sent, failed)));
}
