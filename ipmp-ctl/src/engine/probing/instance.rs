//! One address family of one member: what it probes, when, and what came of it.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use ipmp_common::probe::{EXTRA, WINDOW};
use ipnet::IpNet;

use super::{
    jitter::Random,
    schedule::Schedule,
    socket::Socket,
    targets::Targets,
    window::{Fate, Probe, Window},
};
use crate::engine::{
    action::ProbeRecord,
    event::{Family, MemberIndex, ProbeId, ProbeKind, Replies},
    memory::InstanceMemory,
};

/// Time during which the losses of a new instance mean nothing, for its switch may still be looking for loops; or until
/// the first answer.
pub(super) const QUIET: Duration = Duration::from_secs(40);

/// A send call that takes longer says nothing about the way to the target.
const SLOW_SEND: Duration = Duration::from_millis(1);

/// An instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Its member.
    pub(super) member: MemberIndex,
    /// Its family.
    pub(super) family: Family,
    /// Its socket.
    pub(super) socket: Socket,
    /// Its test address, with the prefix that targets lie in; `None`: it is not probed.
    pub(super) source: Option<IpNet>,
    /// The address that the operator knows to be another member's too.
    pub(super) duplicate: Option<IpAddr>,
    /// Its targets.
    pub(super) targets: Targets,
    /// Probes of detection.
    pub(super) window: Window,
    /// Its calendar, while it is probed.
    pub(super) schedule: Option<Schedule>,
    /// When the last probe of discovery was sent.
    pub(super) discovered_at: Option<Instant>,
    /// Probes that measure.
    measuring: Window,
    sequence: u16,
    extra_sequence: u16,
    created: Option<Instant>,
    heard: bool,
    /// What an earlier engine knew, until the test address is there.
    pub(super) past: Option<InstanceMemory>,
}

/// A reply that says how long its target takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// The probe.
    pub(super) probe: Probe,
    /// What it was for.
    pub(super) kind: ProbeKind,
    /// When the reply arrived.
    arrival: Instant,
}

impl Instance {
    /// One that does nothing yet.
    pub(super) fn new(member: MemberIndex, family: Family) -> Self {
        Self {
            member,
            family,
            socket: Socket::default(),
            source: None,
            duplicate: None,
            targets: Targets::default(),
            window: Window::new(WINDOW.into()),
            schedule: None,
            discovered_at: None,
            measuring: Window::new(EXTRA.into()),
            sequence: 0,
            extra_sequence: 0,
            created: None,
            heard: false,
            past: None,
        }
    }

    /// Begins anew, with another test address or none.
    pub(super) fn reset(&mut self) {
        self.stop();
        self.targets.clear();
        self.created = None;
        self.heard = false;
    }

    /// Goes on where an earlier engine was, if that had the same test address. Its quiet period is over. Probes that were
    /// on their way are nobody's any more: what they would have said is left to the next ones. With `hosts`, those that
    /// had answered multicast are asked again.
    pub(super) fn recall(&mut self, hosts: bool, now: Instant) {
        let Some(source) = self.source else { return };
        let Some(past) = self.past.take().filter(|past| past.source == source.addr()) else { return };
        self.targets.recall(&past.targets, hosts, now);
        let asked: Vec<_> = self.targets.active().map(|target| target.address).collect();
        self.window.recall(&asked, past.losses, past.answers, now);
        self.sequence = (past.losses + past.answers) as u16;
        self.heard = true;
    }

    /// What the next engine should know; `None` if it is not probed.
    pub(super) fn memory(&self) -> Option<InstanceMemory> {
        Some(InstanceMemory {
            source: self.source?.addr(),
            losses: self.window.losses(None),
            answers: self.window.answers(None).min(super::fdt::ANSWERS),
            targets: self.targets.memory(),
        })
    }

    /// The link is up and the socket is open.
    pub(super) fn start(&mut self, now: Instant, interval: Duration, random: &mut Random) {
        self.created.get_or_insert(now);
        self.schedule = Some(Schedule::start(now, interval, random));
    }

    /// No probes any more, and what they said is void.
    pub(super) fn stop(&mut self) {
        self.schedule = None;
        self.forget_probes();
    }

    /// What earlier probes said is void.
    pub(super) fn forget_probes(&mut self) {
        self.window.clear();
        self.measuring.clear();
    }

    /// Whether it has a test address and a target, so that its word counts.
    pub(super) fn is_capable(&self) -> bool {
        self.socket.is_enabled() && self.targets.active().next().is_some()
    }

    /// Whether its losses count: it has heard something, or long enough nothing.
    pub(super) fn is_past_quiet(&self, now: Instant) -> bool {
        self.heard || self.created.is_some_and(|created| now >= created + QUIET)
    }

    /// The number of the next probe of this kind to this target, which is to be sent now.
    pub(super) fn number(&mut self, kind: ProbeKind, target: IpAddr, now: Instant) -> ProbeId {
        let sequence =
            if kind == ProbeKind::Detection { &mut self.sequence } else { &mut self.extra_sequence };
        *sequence = sequence.wrapping_add(1);
        let sequence = *sequence;
        match kind {
            ProbeKind::Detection => self.window.push(sequence, target, now),
            ProbeKind::RttOnly => self.measuring.push(sequence, target, now),
            ProbeKind::Discovery => {}
        }
        self.id(kind, sequence)
    }

    /// A probe was sent.
    pub(super) fn sent(&mut self, probe: ProbeId, began: Instant, done: Instant) {
        match probe.kind {
            ProbeKind::Detection => self.window.sent(probe.sequence, began, done),
            ProbeKind::RttOnly => self.measuring.sent(probe.sequence, began, done),
            ProbeKind::Discovery => {}
        }
    }

    /// A probe could not be sent.
    pub(super) fn not_sent(&mut self, probe: ProbeId) {
        match probe.kind {
            ProbeKind::Detection => self.window.not_sent(probe.sequence),
            ProbeKind::RttOnly => self.measuring.not_sent(probe.sequence),
            ProbeKind::Discovery => {}
        }
    }

    /// The next reply that was not known yet.
    pub(super) fn next_answer(&mut self, now: Instant, replies: &dyn Replies) -> Option<Answer> {
        for kind in [ProbeKind::Detection, ProbeKind::RttOnly] {
            let id = self.id(kind, 0);
            let answered =
                self.window_of(kind).next_answer(now, |sequence| replies.arrival(ProbeId { sequence, ..id }));
            if let Some(probe) = answered
                && let Fate::Answered { at: arrival } = probe.fate
            {
                self.heard = true;
                return Some(Answer { probe, kind, arrival });
            }
        }
        None
    }

    /// The next probe that is out of time and was not known to be. `interval` is the longest that is waited for.
    pub(super) fn next_loss(&mut self, now: Instant, interval: Duration) -> Option<ProbeRecord> {
        for kind in [ProbeKind::Detection, ProbeKind::RttOnly] {
            let Self { targets, window, measuring, .. } = self;
            let window = if kind == ProbeKind::Detection { window } else { measuring };
            let known = |target| targets.get(target)?.estimate.conservative();
            let timeout = |target| known(target).map_or(interval, |known| known.min(interval));
            if let Some(probe) = window.next_loss(now, timeout) {
                return Some(self.record(kind, &probe, None));
            }
        }
        None
    }

    /// Learns how long a target takes. Returns whether its estimate counts the reply.
    pub(super) fn learn(&mut self, answer: &Answer, interval: Duration) -> bool {
        let Answer { probe, kind, arrival } = answer;
        let trip = arrival.checked_duration_since(probe.began);
        let plausible = |trip: &Duration| *trip <= interval * u32::from(WINDOW);
        let overtaken = self.window_of(*kind).overtaken(probe);
        let Some(trip) = trip.filter(plausible).filter(|_| !overtaken) else { return false };
        let Some(target) = self.targets.get_mut(probe.target) else { return false };
        if probe.done.saturating_duration_since(probe.began) > SLOW_SEND {
            return false;
        }
        match kind {
            ProbeKind::Detection => target.estimate.feed(trip, interval),
            ProbeKind::RttOnly => target.estimate.lower(trip),
            ProbeKind::Discovery => {}
        }
        true
    }

    /// The line of `stat -p` for an answer.
    pub(super) fn answered(&self, answer: &Answer) -> ProbeRecord {
        self.record(answer.kind, &answer.probe, Some(answer.arrival))
    }

    fn record(&self, kind: ProbeKind, probe: &Probe, arrival: Option<Instant>) -> ProbeRecord {
        let rtt = self.targets.get(probe.target).and_then(|target| target.estimate.view());
        ProbeRecord {
            probe: self.id(kind, probe.sequence),
            target: probe.target,
            began: probe.began,
            arrival,
            smoothed_us: rtt.map(|rtt| rtt.smoothed_us),
            deviation_us: rtt.map(|rtt| rtt.deviation_us),
        }
    }

    fn window_of(&mut self, kind: ProbeKind) -> &mut Window {
        if kind == ProbeKind::Detection { &mut self.window } else { &mut self.measuring }
    }

    const fn id(&self, kind: ProbeKind, sequence: u16) -> ProbeId {
        ProbeId { member: self.member, family: self.family, kind, sequence }
    }
}
