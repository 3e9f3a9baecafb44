//! A moment of sending: what has come since the last one, what it means, and whom to ask next.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use super::{
    Probing,
    fdt::LOSSES,
    instance::Answer,
    verdict::{self, Finding, Witness},
};
use crate::engine::{
    action::{Action, Notice},
    event::{Family, MemberIndex, ProbeKind, Replies},
    member::{MemberState, Probed},
    roster::Roster,
    view::{TargetMode, TargetState},
};

/// Shortest time between two probes of discovery of an instance: at the shortest failure detection times one for each
/// probe would be a storm.
const DISCOVERY_GAP: Duration = Duration::from_millis(100);

/// Fewer other targets than this cannot tell that one is slow.
const SLOW_AMONG: usize = 4;

/// All nodes of the link.
const ALL_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1));
const ALL_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1));

impl Probing {
    /// Does everything that is due.
    pub(in crate::engine) fn serve(&mut self, now: Instant, replies: &dyn Replies, roster: &mut Roster) {
        for at in 0..self.instances.len() {
            let next = self.instances[at].schedule.as_ref().map(super::schedule::Schedule::next);
            if next.is_some_and(|next| next <= now) {
                self.fire(at, now, replies, roster);
            }
        }
        self.ask(now);
        self.tell_due(now);
    }

    fn fire(&mut self, at: usize, now: Instant, replies: &dyn Replies, roster: &mut Roster) {
        self.collect(at, now, replies, roster);
        let (period, interval) = (self.fdt.period(), self.fdt.interval());
        let Self { instances, random, .. } = self;
        let instance = &mut instances[at];
        let (member, family) = (instance.member, instance.family);
        let Some(schedule) = &mut instance.schedule else { return };
        let fire = schedule.fire(now, period, interval, random);
        if let Some(count) = self.lateness.add(fire.missed, now) {
            self.tell(Notice::MissedProbes { member, family, count });
        }
        if fire.detection {
            self.judge(at, now, replies, roster);
        }
        self.send(at, fire.detection, now);
        self.review(member, roster, now);
    }

    /// Takes note of replies, and of those that did not come.
    fn collect(&mut self, at: usize, now: Instant, replies: &dyn Replies, roster: &Roster) {
        let members = roster.members();
        while let Some(answer) = self.instances[at].next_answer(now, replies) {
            let works = members[self.instances[at].member].is_usable();
            // The first replies after a repair are late: neighbours are being looked up.
            let learned = works && self.instances[at].learn(&answer, self.fdt.interval());
            self.actions.push(Action::ProbeDone(self.instances[at].answered(&answer)));
            if learned {
                self.adjust(at, &answer, now, roster);
            }
        }
        while let Some(record) = self.instances[at].next_loss(now, self.fdt.interval()) {
            self.actions.push(Action::ProbeDone(record));
        }
    }

    /// Fits the failure detection time to how long a target takes.
    fn adjust(&mut self, at: usize, answer: &Answer, now: Instant, roster: &Roster) {
        let interval = self.fdt.interval();
        let target = answer.probe.target;
        let instance = &self.instances[at];
        let (member, family) = (instance.member, instance.family);
        let takes = instance.targets.get(target).and_then(|target| target.estimate.conservative());
        let Some(takes) = takes else { return };
        if answer.kind == ProbeKind::Detection && takes > interval {
            let quick = |limit: Duration| {
                move |other: &super::target::Target| {
                    other.address == target
                        || other.estimate.conservative().is_none_or(|takes| takes <= limit)
                }
            };
            let active = instance.targets.active().count();
            if active >= SLOW_AMONG && instance.targets.active().all(quick(interval / 2)) {
                self.tell(Notice::TargetSlow { member, target });
                self.leave_out(at, target, TargetState::Slow, now);
                return;
            }
            self.fdt.raise(takes, now);
            let (wanted, fdt) = (self.fdt.wanted(), self.fdt.current());
            self.tell(Notice::FdtRaised { member, family, wanted, fdt });
        } else if takes < interval / 4 && self.fdt.may_fall(now) && self.all_within(interval / 4, roster) {
            self.fdt.lower();
            self.tell(Notice::FdtLowered { member, family, fdt: self.fdt.current() });
        }
    }

    /// Whether every target of every member that works answers within this time.
    fn all_within(&self, limit: Duration, roster: &Roster) -> bool {
        let works = |member: MemberIndex| roster.members()[member].is_usable();
        let counted =
            self.instances.iter().filter(|instance| instance.is_capable() && works(instance.member));
        counted
            .flat_map(|instance| instance.targets.active())
            .all(|target| target.estimate.conservative().is_none_or(|takes| takes <= limit))
    }

    fn judge(&mut self, at: usize, now: Instant, replies: &dyn Replies, roster: &mut Roster) {
        let index = self.instances[at].member;
        let member = &roster.members()[index];
        if member.state == MemberState::Failed && verdict::speaks_for_repair(&self.instances[at].window) {
            roster.repair_by_probes(index);
        } else if member.is_usable() && self.instances[at].is_past_quiet(now) {
            match verdict::find(&self.instances[at].window) {
                Finding::Fine => {}
                Finding::DeadTarget(target) => {
                    self.tell(Notice::TargetDead { member: index, target });
                    self.leave_out(at, target, TargetState::Dead, now);
                }
                Finding::Silent { since } => self.suspect(at, since, now, replies, roster),
            }
        }
    }

    /// An instance hears nothing: that of the other family is asked, then the other members.
    fn suspect(
        &mut self,
        at: usize,
        mut since: Instant,
        now: Instant,
        replies: &dyn Replies,
        roster: &mut Roster,
    ) {
        let index = self.instances[at].member;
        let sibling = at ^ 1;
        if self.instances[sibling].is_capable() {
            self.collect(sibling, now, replies, roster);
            let other = &self.instances[sibling];
            match other.window.silent_since() {
                Some(silent) if other.window.losses(None) >= LOSSES && other.is_past_quiet(now) => {
                    since = since.min(silent);
                }
                _ => return,
            }
        }
        for at in 0..self.instances.len() {
            self.collect(at, now, replies, roster);
        }
        let others = roster.members().iter().enumerate();
        let others = others.filter(|(other, member)| *other != index && !member.is_offline());
        let witnesses = others.map(|(other, member)| Witness {
            link_up: member.link_up(),
            probed: member.probed != Probed::No,
            running: member.state == MemberState::Running,
            last_answer: self.of(other).iter().filter_map(|instance| instance.window.last_answer()).max(),
        });
        if verdict::is_alone(since, witnesses) {
            roster.fail_by_probes(index);
            return;
        }
        roster.fail_group();
        for instance in &mut self.instances {
            if instance.targets.flush_hosts() {
                instance.forget_probes();
            }
        }
        self.review_all(roster, now);
    }

    /// Leaves a target out. In place of a host another one is looked for.
    fn leave_out(&mut self, at: usize, target: IpAddr, state: TargetState, now: Instant) {
        if self.instances[at].targets.leave_out(target, state, now) {
            self.discover(at, now);
        }
    }

    fn send(&mut self, at: usize, detection: bool, now: Instant) {
        let Self { instances, actions, .. } = self;
        let instance = &mut instances[at];
        if instance.targets.active().next().is_none() {
            self.borrow_hosts(at, now);
            if self.instances[at].targets.active().next().is_none() {
                self.discover(at, now);
                return;
            }
            return self.send(at, detection, now);
        }
        let target = if detection { instance.targets.next(now) } else { instance.targets.next_to_measure() };
        let Some(target) = target else { return };
        let kind = if detection { ProbeKind::Detection } else { ProbeKind::RttOnly };
        let probe = instance.number(kind, target, now);
        let target_index = instance.targets.place(target).unwrap_or_else(|| {
            let target_index = instance.targets.take_place(target);
            let (member, family) = (instance.member, instance.family);
            actions.push(Action::ForgetRtt { member, family, target_index });
            target_index
        });
        actions.push(Action::SendProbe { probe, target, target_index });
        if detection && self.instances[at].targets.hosts().count() == 1 {
            self.discover(at, now);
        }
    }

    /// Takes over the hosts that other members have found.
    fn borrow_hosts(&mut self, at: usize, now: Instant) {
        if !self.named.is_empty() || self.instances[at].targets.mode() == TargetMode::Routes {
            return;
        }
        let family = self.instances[at].family;
        let others = self.instances.iter().filter(|other| other.family == family);
        let hosts: Vec<_> = others.flat_map(|other| other.targets.hosts()).collect();
        for host in hosts {
            self.offer(at, host, now);
        }
    }

    /// Asks who is there.
    fn discover(&mut self, at: usize, now: Instant) {
        let named = !self.named.is_empty();
        let instance = &mut self.instances[at];
        let soon = instance.discovered_at.is_some_and(|at| now.saturating_duration_since(at) < DISCOVERY_GAP);
        if named || soon || instance.schedule.is_none() {
            return;
        }
        instance.discovered_at = Some(now);
        let target = if instance.family == Family::V4 { ALL_V4 } else { ALL_V6 };
        let probe = instance.number(ProbeKind::Discovery, target, now);
        self.actions.push(Action::SendProbe { probe, target, target_index: 0 });
    }
}
