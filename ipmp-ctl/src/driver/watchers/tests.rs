use std::time::{Duration, Instant};

use ipmp_common::{Family, ProbeKind};

use super::{BACKLOG, MOST, Watchers};
use crate::engine::{action::ProbeRecord, event::ProbeId};

fn record(sequence: u16, began: Instant, rtt: Option<Duration>) -> ProbeRecord {
    ProbeRecord {
        probe: ProbeId { member: 0, family: Family::V4, kind: ProbeKind::Detection, sequence },
        target: "192.0.2.1".parse().expect("an address"),
        began,
        arrival: rtt.map(|rtt| began + rtt),
        smoothed_us: Some(7),
        deviation_us: None,
    }
}

#[test]
fn a_watcher_sees_each_probe_with_times_since_it_came() {
    let mut watchers = Watchers::default();
    let before = Instant::now().checked_sub(Duration::from_secs(1)).expect("an earlier time");
    let mut lines = watchers.add().expect("room");
    let after = Instant::now();
    watchers.tell("e0", &record(1, before, Some(Duration::from_micros(250))));
    watchers.tell("e0", &record(2, after + Duration::from_secs(2), None));
    let first = lines.try_recv().expect("a line");
    assert_eq!((first.probe, first.rtt_us, first.smoothed_us), (1, Some(250), Some(7)));
    assert!((-2_000_000..=-1_000_000).contains(&first.time_us), "{first:?}");
    let second = lines.try_recv().expect("a line");
    assert_eq!((second.probe, second.rtt_us, second.missed), (2, None, 0));
    assert!((2_000_000..3_000_000).contains(&second.time_us), "{second:?}");
}

#[test]
fn a_watcher_that_does_not_read_is_told_how_many_it_missed() {
    let mut watchers = Watchers::default();
    let mut lines = watchers.add().expect("room");
    let now = Instant::now();
    for sequence in 0..BACKLOG as u16 + 5 {
        watchers.tell("e0", &record(sequence, now, None));
    }
    for _ in 0..BACKLOG {
        assert_eq!(lines.try_recv().expect("a line").missed, 0);
    }
    watchers.tell("e0", &record(9999, now, None));
    let next = lines.try_recv().expect("a line");
    assert_eq!((next.probe, next.missed), (9999, 5));
}

#[test]
fn those_who_have_gone_make_room_for_others() {
    let mut watchers = Watchers::default();
    let all: Vec<_> = (0..MOST).map(|_| watchers.add().expect("room")).collect();
    assert!(watchers.add().is_none());
    drop(all);
    assert!(watchers.add().is_some());
}
