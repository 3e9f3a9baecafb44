//! What to tell the link when: moved addresses and multicast memberships again, since a frame can be lost, and a sign of
//! life of every member.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use super::event::MemberIndex;

/// When a moved address is announced again, counted from the first announcement.
pub(super) const REPEATS: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(700), Duration::from_secs(2)];

/// When the memberships are reported again.
pub(super) const REPORT_AGAIN: Duration = Duration::from_secs(1);

/// Time between two signs of life of a member: below the minute that it may be silent, by what a busy host is late.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(50);

/// The calendar of a group's announcements.
#[derive(Clone, Debug, Default)]
pub(super) struct Announcer {
    moved: BTreeMap<IpAddr, Move>,
    report_at: Option<Instant>,
    alive_at: Vec<Instant>,
}

/// An address that has moved lately.
#[derive(Clone, Copy, Debug)]
struct Move {
    at: Instant,
    repeats: usize,
}

impl Move {
    fn due_at(self) -> Option<Instant> {
        REPEATS.get(self.repeats).map(|&delay| self.at + delay)
    }
}

impl Announcer {
    /// Starts the signs of life, spread over the interval.
    pub(super) fn begin(&mut self, members: usize, now: Instant) {
        let members = members as u32;
        self.alive_at = (1..=members).map(|turn| now + KEEP_ALIVE * turn / members).collect();
    }

    /// The address has moved and is announced now: earlier moves of it are no longer of interest.
    pub(super) fn moved(&mut self, address: IpAddr, now: Instant) {
        self.moved.insert(address, Move { at: now, repeats: 0 });
    }

    /// The memberships are reported now.
    pub(super) fn reported(&mut self, now: Instant) {
        self.report_at = Some(now + REPORT_AGAIN);
    }

    /// The addresses to announce again.
    pub(super) fn due_addresses(&mut self, now: Instant) -> Vec<IpAddr> {
        let mut due = Vec::new();
        for (&address, moved) in &mut self.moved {
            if moved.due_at().is_some_and(|at| at <= now) {
                due.push(address);
                while moved.due_at().is_some_and(|at| at <= now) {
                    moved.repeats += 1;
                }
            }
        }
        self.moved.retain(|_, moved| moved.due_at().is_some());
        due
    }

    /// Whether the memberships have to be reported again.
    pub(super) fn due_report(&mut self, now: Instant) -> bool {
        self.report_at.take_if(|at| *at <= now).is_some()
    }

    /// The members whose sign of life is due.
    pub(super) fn due_members(&mut self, now: Instant) -> Vec<MemberIndex> {
        let mut due = Vec::new();
        for (index, at) in self.alive_at.iter_mut().enumerate().filter(|(_, at)| **at <= now) {
            due.push(index);
            *at = (*at + KEEP_ALIVE).max(now + KEEP_ALIVE / 2); // after a standstill they spread out again
        }
        due
    }

    /// When [`Self::due_addresses`] has something to say.
    pub(super) fn next_address(&self) -> Option<Instant> {
        self.moved.values().filter_map(|moved| moved.due_at()).min()
    }

    /// When [`Self::due_report`] has something to say.
    pub(super) fn next_report(&self) -> Option<Instant> {
        self.report_at
    }

    /// When [`Self::due_members`] has something to say.
    pub(super) fn next_member(&self) -> Option<Instant> {
        self.alive_at.iter().min().copied()
    }
}

#[cfg(test)]
mod tests;
