use super::*;

/// Packets 100, 101, .. sent every 10 ns from 1000 on; `(number, received)` of those that arrived.
fn find(arrivals: &[(u64, u64)], window: Range<u64>) -> (u64, u64, u64, Option<u64>) {
    let sent: Vec<_> = (0..10).map(|index| 1000 + 10 * index).collect();
    let outage = outage(&sent, arrivals, &window);
    (ns(outage.gap), outage.sent, outage.lost, outage.first_after.map(ns))
}

fn outage(sent: &[u64], arrivals: &[(u64, u64)], window: &Range<u64>) -> Outage {
    let arrivals: Vec<_> =
        arrivals.iter().map(|&(number, received_ns)| Arrival { number, received_ns }).collect();
    Outage::find(100, sent, &arrivals, window)
}

fn ns(time: Duration) -> u64 {
    time.as_nanos() as u64
}

#[test]
fn a_gap_that_reaches_into_the_window_counts_whole() {
    let arrivals = [(99, 991), (100, 1001), (104, 1041), (105, 1051), (106, 1061), (107, 1071), (108, 1081)];
    assert_eq!(find(&arrivals, 1015..1085), (40, 7, 2, Some(26)));
    assert_eq!(find(&arrivals, 1045..1085), (10, 4, 0, Some(6)));
}

#[test]
fn a_gap_that_begins_at_the_end_of_the_window_counts_too() {
    assert_eq!(find(&[(100, 1001), (101, 1011), (109, 1091)], 1000..1050), (80, 5, 3, Some(1)));
}

#[test]
fn silence_is_a_gap_of_the_whole_window() {
    assert_eq!(find(&[(99, 991)], 1000..1100), (109, 10, 10, None));
    assert_eq!(find(&[], 1000..1100), (100, 10, 10, None));
}

#[test]
fn a_late_or_doubled_packet_is_not_lost() {
    let arrivals = [(101, 1011), (100, 1012), (101, 1013), (102, 1021), (103, 1031)];
    assert_eq!(find(&arrivals, 1000..1035), (11, 4, 0, Some(11)));
}

#[test]
fn a_gap_that_the_sender_made_is_no_standstill() {
    let sent = [1000, 1010, 1500, 1510];
    let late = outage(&sent, &[(100, 1001), (101, 1011), (102, 1501), (103, 1511)], &(1005..1520));
    assert_eq!((ns(late.gap), ns(late.standstill)), (490, 1));
    let lost = outage(&sent, &[(100, 1001), (103, 1511)], &(1000..1520));
    assert_eq!((ns(lost.gap), ns(lost.standstill)), (510, 501));
}

#[test]
fn a_standstill_that_has_not_ended_lasts_to_the_end_of_the_window() {
    let open = outage(&[1000, 1010, 1020], &[(99, 991), (100, 1001)], &(1000..1100));
    assert_eq!(ns(open.standstill), 90);
    let idle = outage(&[1000, 1010], &[(100, 1001), (101, 1011)], &(1000..1100));
    assert_eq!(ns(idle.standstill), 1, "nothing was sent any more");
    let dark = outage(&[1000, 1010], &[], &(1000..1100));
    assert_eq!(ns(dark.standstill), 100);
}

#[test]
fn the_longest_run_of_missing_numbers_is_the_outage() {
    let sent: Vec<_> = (0..10).map(|index| 1000 + 10 * index).collect();
    let cases: [(&[u64], u64, bool); 5] = [
        (&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 0, false),
        (&[0, 2, 5, 6, 7, 8, 9], 20, false),
        (&[4, 5, 6, 7, 8, 9, 0, 1], 20, false),
        (&[0, 1, 2, 3], 60, true),
        (&[], 100, true),
    ];
    for (arrived, expected, open) in cases {
        let arrivals: Vec<_> = arrived.iter().map(|&number| (100 + number, 1200)).collect();
        let seen = outage(&sent, &arrivals, &(1000..1100));
        assert_eq!((ns(seen.missing), seen.open), (expected, open), "{arrived:?}");
    }
}

#[test]
fn order_and_copies_are_counted_within_the_window() {
    let sent: Vec<_> = (0..10).map(|index| 1000 + 10 * index).collect();
    let arrivals = [(101, 1011), (100, 1012), (101, 1013), (102, 1021), (102, 1050), (99, 1051), (104, 1052)];
    let counts = |window| {
        let seen = outage(&sent, &arrivals, &window);
        (seen.reordered, seen.duplicates)
    };
    assert_eq!(counts(1000..1035), (1, 1));
    assert_eq!(counts(1045..1085), (1, 1), "a packet from before the window that comes late is out of order");
}
