use super::*;

fn report(sent: u64, arrivals: &[(u64, u64)]) -> Report {
    let arrivals = arrivals.iter().map(|&(number, received_ns)| Arrival { number, received_ns }).collect();
    Report::new((0..sent).map(|number| number * 100).collect(), arrivals)
}

#[test]
fn a_whole_stream_has_lost_nothing() {
    let report = report(3, &[(0, 1), (1, 101), (2, 201)]);
    assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0));
    assert_eq!((report.longest_gap.as_nanos(), report.longest_loss.as_nanos()), (100, 0));
}

#[test]
fn losses_duplicates_and_late_packets_are_told_apart() {
    let report = report(7, &[(0, 1), (2, 201), (1, 202), (2, 203), (6, 601)]);
    assert_eq!((report.received, report.lost, report.duplicates, report.reordered), (4, 3, 1, 1));
    assert_eq!(report.longest_gap.as_nanos(), 398);
    assert_eq!(report.longest_loss.as_nanos(), 300);
    assert_eq!(report.lost_within(&(0..450)), 2);
    assert_eq!(report.gap_within(0..100).as_nanos(), 200);
}

#[test]
fn a_loss_at_the_end_counts() {
    assert_eq!(report(4, &[(0, 1)]).longest_loss.as_nanos(), 200);
    assert_eq!(report(0, &[]).lost, 0);
}
