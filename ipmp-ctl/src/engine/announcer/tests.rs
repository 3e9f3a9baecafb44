use super::*;
use crate::engine::fixture::v4;

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_moved_address_is_announced_three_times_more_over_two_seconds() {
    let start = Instant::now();
    let mut announcer = Announcer::default();
    announcer.moved(v4(1), start);
    let mut at = Vec::new();
    while let Some(due) = announcer.next_address() {
        assert!(announcer.due_addresses(due.checked_sub(MS).unwrap()).is_empty());
        assert_eq!(announcer.due_addresses(due), [v4(1)]);
        at.push(due.duration_since(start).as_millis());
    }
    assert_eq!(at, [200, 700, 2000]);
}

#[test]
fn a_newer_move_starts_over() {
    let start = Instant::now();
    let mut announcer = Announcer::default();
    announcer.moved(v4(1), start);
    announcer.moved(v4(1), start + 150 * MS);
    assert_eq!(announcer.next_address(), Some(start + 350 * MS));
}

#[test]
fn what_was_missed_is_said_once() {
    let start = Instant::now();
    let mut announcer = Announcer::default();
    announcer.moved(v4(1), start);
    assert_eq!(announcer.due_addresses(start + 900 * MS), [v4(1)]);
    assert_eq!(announcer.next_address(), Some(start + 2000 * MS));
    assert_eq!(announcer.due_addresses(start + 9000 * MS), [v4(1)]);
    assert_eq!(announcer.next_address(), None);
}

#[test]
fn members_take_turns_and_none_is_silent_for_a_minute() {
    let start = Instant::now();
    let mut announcer = Announcer::default();
    announcer.begin(4, start);
    let mut last = [start; 4];
    while let Some(at) = announcer.next_member().filter(|&at| at < start + 10 * KEEP_ALIVE) {
        let due = announcer.due_members(at);
        assert_eq!(due.len(), 1, "spread over the interval");
        assert!(at - last[due[0]] < Duration::from_mins(1));
        last[due[0]] = at;
    }
}
