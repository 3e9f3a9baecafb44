//! The latest probes of an instance, and what became of each.

use std::{
    collections::VecDeque,
    net::IpAddr,
    time::{Duration, Instant},
};

/// What became of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Nobody has said yet that it was sent: it says nothing.
    Unsent,
    /// Sent, and there is still time.
    Pending,
    /// Not answered in time. A late reply still counts.
    Lost {
        /// When its time was over.
        at: Instant,
    },
    /// Answered.
    Answered {
        /// When the reply arrived.
        at: Instant,
    },
}

/// A probe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    /// Its number.
    pub(super) sequence: u16,
    /// Who was asked.
    pub(super) target: IpAddr,
    /// When the send call began.
    pub(super) began: Instant,
    /// When it returned.
    pub(super) done: Instant,
    /// What became of it.
    pub(super) fate: Fate,
}

/// The latest probes, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Window {
    probes: VecDeque<Probe>,
    capacity: usize,
}

impl Window {
    /// An empty one for so many probes.
    pub(super) fn new(capacity: usize) -> Self {
        Self { probes: VecDeque::with_capacity(capacity), capacity }
    }

    /// So many probes in a row, to these targets in turn, were lost or answered before now.
    pub(super) fn recall(&mut self, targets: &[IpAddr], losses: usize, answers: usize, now: Instant) {
        let fates = (0..losses + answers)
            .map(|n| if n < answers { Fate::Answered { at: now } } else { Fate::Lost { at: now } });
        for ((fate, &target), sequence) in fates.zip(targets.iter().cycle()).take(self.capacity).zip(1..) {
            self.probes.push_back(Probe { sequence, target, began: now, done: now, fate });
        }
    }

    /// A probe is to be sent.
    pub(super) fn push(&mut self, sequence: u16, target: IpAddr, now: Instant) {
        if self.probes.len() == self.capacity {
            self.probes.pop_front();
        }
        self.probes.push_back(Probe { sequence, target, began: now, done: now, fate: Fate::Unsent });
    }

    /// A probe was sent.
    pub(super) fn sent(&mut self, sequence: u16, began: Instant, done: Instant) {
        let unsent = |probe: &&mut Probe| probe.sequence == sequence && probe.fate == Fate::Unsent;
        if let Some(probe) = self.probes.iter_mut().rev().find(unsent) {
            (probe.began, probe.done, probe.fate) = (began, done, Fate::Pending);
        }
    }

    /// A probe could not be sent: as if it had never been.
    pub(super) fn not_sent(&mut self, sequence: u16) {
        self.probes.retain(|probe| probe.sequence != sequence || probe.fate != Fate::Unsent);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.probes.clear();
    }

    /// Marks the probe whose reply arrived first, of those that had none, as answered.
    pub(super) fn next_answer(
        &mut self,
        now: Instant,
        arrival: impl Fn(u16) -> Option<Instant>,
    ) -> Option<Probe> {
        let open =
            self.probes.iter_mut().filter(|probe| matches!(probe.fate, Fate::Pending | Fate::Lost { .. }));
        let arrived =
            open.filter_map(|probe| Some((arrival(probe.sequence).filter(|&at| at <= now)?, probe)));
        let (at, probe) = arrived.min_by_key(|(at, probe)| (*at, probe.done))?;
        probe.fate = Fate::Answered { at };
        Some(*probe)
    }

    /// Marks the oldest probe that is out of time as lost.
    pub(super) fn next_loss(&mut self, now: Instant, timeout: impl Fn(IpAddr) -> Duration) -> Option<Probe> {
        self.probes.iter_mut().find_map(|probe| {
            let at = probe.done + timeout(probe.target);
            (probe.fate == Fate::Pending && now > at).then(|| {
                probe.fate = Fate::Lost { at };
                *probe
            })
        })
    }

    /// Whether a later probe than this one, to the same target, was answered.
    pub(super) fn overtaken(&self, probe: &Probe) -> bool {
        let later = self.probes.iter().rev().take_while(|other| other.sequence != probe.sequence);
        later
            .filter(|other| other.target == probe.target)
            .any(|other| matches!(other.fate, Fate::Answered { .. }))
    }

    /// The latest probe that is lost or answered.
    pub(super) fn newest(&self) -> Option<&Probe> {
        self.judged().next()
    }

    /// How many probes in a row are lost, counted back from the latest; with `target`, of those to this one only.
    pub(super) fn losses(&self, target: Option<IpAddr>) -> usize {
        self.to(target).take_while(|probe| matches!(probe.fate, Fate::Lost { .. })).count()
    }

    /// How many probes in a row are answered, counted back from the latest; with `target`, of those to this one only.
    pub(super) fn answers(&self, target: Option<IpAddr>) -> usize {
        self.to(target).take_while(|probe| matches!(probe.fate, Fate::Answered { .. })).count()
    }

    /// How many of the probes to this target are lost, and how many lost or answered.
    pub(super) fn tally(&self, target: IpAddr) -> (usize, usize) {
        let lost = |probe: &&Probe| matches!(probe.fate, Fate::Lost { .. });
        (self.to(Some(target)).filter(lost).count(), self.to(Some(target)).count())
    }

    /// The round trips to this target in the present row of answers, the latest first.
    pub(super) fn trips(&self, target: IpAddr) -> impl Iterator<Item = Duration> {
        let trip = |probe: &Probe| match probe.fate {
            Fate::Answered { at } => at.checked_duration_since(probe.began),
            _ => None,
        };
        self.to(Some(target)).map_while(trip)
    }

    /// When the first probe of the present row of losses was lost.
    pub(super) fn silent_since(&self) -> Option<Instant> {
        let lost = |probe: &Probe| if let Fate::Lost { at } = probe.fate { Some(at) } else { None };
        self.judged().map_while(lost).last()
    }

    /// When the latest reply arrived.
    pub(super) fn last_answer(&self) -> Option<Instant> {
        let at = |probe: &Probe| if let Fate::Answered { at } = probe.fate { Some(at) } else { None };
        self.probes.iter().filter_map(at).max()
    }

    /// When the latest probe to this target had a fate that `at` knows the time of.
    pub(super) fn latest(&self, target: IpAddr, at: impl Fn(Fate) -> Option<Instant>) -> Option<Instant> {
        self.to(Some(target)).find_map(|probe| at(probe.fate))
    }

    /// Probes that are lost or answered, the latest first.
    fn judged(&self) -> impl Iterator<Item = &Probe> {
        self.probes.iter().rev().filter(|probe| !matches!(probe.fate, Fate::Unsent | Fate::Pending))
    }

    fn to(&self, target: Option<IpAddr>) -> impl Iterator<Item = &Probe> {
        self.judged().filter(move |probe| target.is_none_or(|target| probe.target == target))
    }
}

#[cfg(test)]
mod tests;
