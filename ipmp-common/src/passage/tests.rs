use std::cell::{Cell, RefCell};

use super::*;

mod processors;

/// A passage that nobody else touches.
struct Alone(Cell<Passage>);

impl PassageCell for Alone {
    fn load(&self) -> Passage {
        self.0.get()
    }

    fn swap_if(&self, old: Passage, new: Passage) -> Passage {
        let there = self.0.get();
        if there == old {
            self.0.set(new);
        }
        there
    }
}

const GAP: u32 = 10;

fn at(epoch: u32, seen: u32) -> Passage {
    Passage { epoch, seen }
}

#[test]
fn a_packet_stamps_until_it_finds_a_gap() {
    let passed = at(7, Passage::PASSED);
    for (what, found, now, next) in [
        ("never used", at(0, 0), 100, at(7, 100)),
        ("a stamp of an earlier move is none, however old", at(6, 1), 100, at(7, 100)),
        ("an earlier move that is done says nothing", at(6, Passage::PASSED), 100, at(7, 100)),
        ("a moment ago", at(7, 99), 100, at(7, 100)),
        ("just the gap ago", at(7, 90), 100, at(7, 100)),
        ("longer than the gap ago", at(7, 89), 100, passed),
        ("the ticks have begun anew", at(7, u32::MAX - 1), 5, at(7, 5)),
        ("they have, and a gap has passed", at(7, u32::MAX - 8), 5, passed),
        ("another processor's clock is ahead", at(7, 103), 100, at(7, 103)),
        ("nobody for more than half an hour", at(7, 0), 0x8000_0000, passed),
        ("passed before", passed, 100, passed),
    ] {
        let cell = Alone(Cell::new(found));
        assert_eq!(pass(&cell, 7, now, GAP), next == passed, "{what}");
        assert_eq!(cell.0.get(), next, "{what}");
    }
}

#[test]
fn the_controller_lets_an_idle_bucket_pass_and_disturbs_no_gap() {
    let passed = at(7, Passage::PASSED);
    for (what, found, next) in [
        ("a new move gets its first stamp", at(6, Passage::PASSED), at(7, 100)),
        ("in use", at(7, 90), at(7, 90)),
        ("idle", at(7, 89), passed),
        ("passed before", passed, passed),
    ] {
        let cell = Alone(Cell::new(found));
        assert_eq!(pass_idle(&cell, 7, 100, GAP), next == passed, "{what}");
        assert_eq!(cell.0.get(), next, "{what}");
    }
}

#[test]
fn a_gap_in_ticks_is_no_shorter_and_ends_long_before_they_repeat() {
    for (ns, expected) in [(0, 0), (1, 1), (1024, 1), (1025, 2), (1_000_000, 977), (u64::MAX, 1 << 30)] {
        assert_eq!(gap_ticks(ns), expected, "{ns} ns");
    }
    assert_ne!(ticks(u64::from(u32::MAX) << 10), Passage::PASSED, "no time looks like the end of a move");
}

#[test]
fn before_it_has_passed_a_bucket_falls_back_to_where_it_goes() {
    let moving = Choice::moving(3, 5, 9);
    assert!(moving.is_moving() && !moving.before().is_moving());
    for (usable, before, after) in [(&[3, 5][..], 3, 5), (&[3], 3, 3), (&[5], 5, 5), (&[8], 8, 8)] {
        let usable = usable.iter().copied().collect();
        assert_eq!(moving.before().choose(usable, 0), Some(before));
        assert_eq!(moving.choose(usable, 0), Some(after));
    }
}
