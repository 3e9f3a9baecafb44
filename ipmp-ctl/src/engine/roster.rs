//! The members of a group and every transition between their states.
//!
//! All functions here say what happened by [`Changes`]; what follows from it for the packet path is the planner's.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{
    action::{Cause, Notice},
    active_set::{self, Entry},
    event::{Link, MemberIndex},
    member::{Member, MemberState, OfflineBy, Probed},
};
use crate::config;

mod keep;
mod offline;
mod recall;
mod start;

/// What has happened to the members since it was last asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// What to tell the operator, in order.
    pub(super) notices: Vec<Notice>,
    /// Members that work again, or for the first time, and are active.
    pub(super) joined: Vec<MemberIndex>,
    /// Whether an active member was lost.
    pub(super) lost: bool,
}

/// The members of a group, in the order of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    members: Vec<Member>,
    failback: bool,
    link_ups_per_minute: u32,
    arrivals: u64,
    changes: Changes,
    /// Whether anything has changed since it was last settled.
    touched: bool,
    /// Members that got their share of the traffic under an earlier engine.
    served: usize,
    /// How old what was remembered of the members is.
    memory_age: Duration,
    /// When members that are kept though they are failed have to go, now that others work again.
    keep_until: Option<Instant>,
}

impl Roster {
    /// The configured members, all absent.
    pub(super) fn new(config: &config::Group) -> Self {
        let member = |member: &config::Member| Member::new(member.standby, member.priority);
        Self {
            members: config.members.iter().map(member).collect(),
            failback: config.failback,
            link_ups_per_minute: config.link_ups_per_minute,
            arrivals: 0,
            changes: Changes::default(),
            touched: false,
            served: 0,
            memory_age: Duration::ZERO,
            keep_until: None,
        }
    }

    /// The members.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// One member, for what concerns nothing but itself. A member that is not configured is none of our business.
    pub(super) fn member_mut(&mut self, index: MemberIndex) -> Option<&mut Member> {
        self.members.get_mut(index)
    }

    /// What has happened since the last call.
    pub(super) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// A later look at all links: what was not told before is caught up with, losses first.
    pub(super) fn resync(&mut self, links: &BTreeMap<MemberIndex, Link>, now: Instant) {
        for index in (0..self.members.len()).filter(|index| !links.contains_key(index)) {
            self.remove_link(index);
        }
        for (&index, &link) in links {
            self.set_link(index, link, now);
        }
    }

    /// The member's link is this now. With another interface index it is another link.
    pub(super) fn set_link(&mut self, index: MemberIndex, link: Link, now: Instant) {
        let Some(member) = self.members.get_mut(index) else { return };
        match member.link {
            Some(old) if old.ifindex == link.ifindex => {
                let was_up = member.link_up();
                member.set_link(link);
                if old.mac != link.mac {
                    self.arrivals += 1;
                    member.arrival = self.arrivals;
                }
                match (was_up, member.link_up()) {
                    (true, false) => self.link_down(index),
                    (false, true) => self.link_up(index, now),
                    (true, true) | (false, false) => {}
                }
            }
            other => {
                if other.is_some() {
                    self.remove_link(index);
                }
                self.changes.notices.push(Notice::Appeared(index));
                self.appear(index, link);
            }
        }
    }

    /// The member's carrier is this now.
    pub(super) fn set_carrier(&mut self, index: MemberIndex, carrier: bool, now: Instant) {
        if let Some(link) = self.members.get(index).and_then(|member| member.link) {
            self.set_link(index, Link { carrier, ..link }, now);
        }
    }

    /// The member's link is gone.
    pub(super) fn remove_link(&mut self, index: MemberIndex) {
        let present = self.members.get(index).is_some_and(|member| member.link.is_some());
        if present {
            // The administrator's word outlives the interface: it is his to take back.
            let retired = self.members[index].is_retired();
            self.leave(index, MemberState::Init);
            let Member { standby, priority, .. } = self.members[index];
            self.members[index] = Member::new(standby, priority);
            if retired {
                self.members[index].state = MemberState::Offline(OfflineBy::Administrator);
            }
            self.changes.notices.push(Notice::Absent(index));
        }
    }

    /// Whether anything has changed since the last call of [`Self::settle`].
    pub(super) const fn is_touched(&self) -> bool {
        self.touched
    }

    /// The member is silent, and others are not.
    pub(super) fn fail_by_probes(&mut self, index: MemberIndex) {
        self.fail(index, Cause::Probes);
    }

    /// All members are silent: flows stay where they are, for the targets may have died.
    pub(super) fn fail_group(&mut self) {
        self.touched = true;
        self.changes.notices.push(Notice::GroupSilent);
        for (member, index) in self.members.iter_mut().zip(0..) {
            let carried = member.is_active();
            if member.is_usable() {
                self.changes.notices.push(Notice::Failed { member: index, cause: Cause::Probes });
                (member.state, member.inactive) = (MemberState::Failed, false);
                member.kept = carried;
            }
            if member.state == MemberState::Failed && member.link_up() {
                member.cause = Some(Cause::Probes);
            }
        }
    }

    /// The member's probes say that it works. That counts if its link says so too.
    pub(super) fn repair_by_probes(&mut self, index: MemberIndex) {
        if self.members[index].state == MemberState::Failed && self.members[index].link_up() {
            self.repair(index, Cause::Probes);
        }
    }

    /// What probing can do for the member is this now. Without anybody to probe its link alone decides, unless its
    /// probes have failed it.
    pub(super) fn set_probed(&mut self, index: MemberIndex, probed: Probed) {
        let member = &mut self.members[index];
        if std::mem::replace(&mut member.probed, probed) == probed {
            return;
        }
        self.touched = true;
        match member.state {
            MemberState::Running | MemberState::NoTargets => member.state = functioning(probed),
            MemberState::Failed
                if member.link_up() && member.is_judged_by_link() && member.damping.retry_at().is_none() =>
            {
                self.repair(index, Cause::Link);
            }
            MemberState::Failed | MemberState::Init | MemberState::Offline(_) => {}
        }
    }

    /// Does what time makes due: repairs the members whose flap damping has run out, and lets go those that were kept
    /// long enough.
    pub(super) fn serve(&mut self, now: Instant) {
        self.repair_due(now);
        if self.keep_until.take_if(|at| *at <= now).is_some() {
            self.let_go();
        }
    }

    /// When [`Self::serve`] has something to do.
    pub(super) fn next(&self) -> Option<Instant> {
        let damped = self.members.iter().filter_map(|member| member.damping.retry_at());
        damped.chain(self.keep_until).min()
    }

    fn repair_due(&mut self, now: Instant) {
        for index in 0..self.members.len() {
            if self.members[index].damping.retry_at().is_some_and(|at| at <= now) {
                self.members[index].damping.link_down();
                let member = &self.members[index];
                if member.state == MemberState::Failed && member.link_up() && member.is_judged_by_link() {
                    self.repair(index, Cause::Link);
                }
            }
        }
    }

    /// Draws the conclusions that need a look at all members: duplicate MAC addresses, members that have appeared, and
    /// the repair of a flapping member when there is no other. Members that carry traffic though they are failed do so
    /// for `fdt` after the first one works again: those that come back with it are found to work within that time, and
    /// flows must not travel to the first one and back.
    pub(super) fn settle(&mut self, fdt: Duration, now: Instant) {
        self.touched = false;
        self.hide_duplicates();
        self.start_members(now);
        if !self.members.iter().any(Member::is_usable) {
            self.keep_until = None;
            let waits = |member: &Member| member.state == MemberState::Failed && member.link_up();
            let damped = |member: &Member| waits(member) && member.is_judged_by_link();
            if let Some(index) = self.members.iter().position(damped) {
                self.repair(index, Cause::Link);
            } else if !self.members.iter().any(Member::is_kept) {
                self.keep_all();
            }
        }
        if self.members.iter().any(Member::is_usable) && self.members.iter().any(|member| member.kept) {
            self.keep_until.get_or_insert(now + fdt);
        }
        for (member, index) in self.members.iter_mut().zip(0..) {
            if member.state == MemberState::Failed
                && let Some(retry_in) = member.damping.tell(now)
            {
                self.changes.notices.push(Notice::Flapping { member: index, retry_in });
            }
        }
    }

    fn link_down(&mut self, index: MemberIndex) {
        self.touched = true;
        self.changes.notices.push(Notice::LinkDown(index));
        self.members[index].damping.link_down();
        if std::mem::take(&mut self.members[index].kept) {
            self.replace();
        }
        self.fail(index, Cause::Link);
    }

    fn link_up(&mut self, index: MemberIndex, now: Instant) {
        self.touched = true;
        self.changes.notices.push(Notice::LinkUp(index));
        let tolerated = self.link_ups_per_minute;
        let member = &mut self.members[index];
        let steady = member.damping.link_up(tolerated, now);
        if !member.is_judged_by_link() {
            member.damping.link_down(); // ten answers are damping enough
        } else if steady && member.state == MemberState::Failed {
            self.repair(index, Cause::Link);
        }
    }

    fn fail(&mut self, index: MemberIndex, cause: Cause) {
        if self.members[index].state.is_functioning() {
            self.changes.notices.push(Notice::Failed { member: index, cause });
            self.leave(index, MemberState::Failed);
            self.members[index].cause = Some(cause);
        }
    }

    fn repair(&mut self, index: MemberIndex, cause: Cause) {
        self.members[index].damping.repaired();
        self.changes.notices.push(Notice::Repaired { member: index, cause });
        if self.members[index].is_kept() && !self.members[index].standby {
            // It never stopped carrying traffic.
            let member = &mut self.members[index];
            (member.state, member.kept) = (functioning(member.probed), false);
            self.touched = true;
            return;
        }
        self.enter(index, Entry::Repair);
        if self.members[index].inactive && !self.members[index].standby {
            self.changes.notices.push(Notice::Deactivated(index));
        }
    }

    fn enter(&mut self, index: MemberIndex, entry: Entry) {
        let spare = active_set::enter(&mut self.members, index, entry, self.failback);
        self.touched = true;
        let member = &mut self.members[index];
        (member.state, member.kept) = (functioning(member.probed), false);
        if !self.members[index].inactive {
            self.changes.joined.push(index);
        }
        self.changes.notices.extend(spare.map(Notice::Deactivated));
    }

    /// Takes the member out of service; if it was active, another one is activated: which, if any.
    fn leave(&mut self, index: MemberIndex, state: MemberState) -> Option<MemberIndex> {
        let member = &mut self.members[index];
        let was_active = (member.state.is_functioning() && !member.inactive) || member.is_kept();
        member.state = state;
        (member.inactive, member.kept) = (false, false);
        self.touched = true;
        was_active.then(|| self.replace()).flatten()
    }

    /// A member that carried traffic is lost: another one is activated, which if any.
    fn replace(&mut self) -> Option<MemberIndex> {
        self.changes.lost = true;
        let replacement = active_set::replacement(&self.members)?;
        self.members[replacement].inactive = false;
        self.changes.notices.push(Notice::Activated(replacement));
        Some(replacement)
    }
}

/// The state of a member that works.
const fn functioning(probed: Probed) -> MemberState {
    match probed {
        Probed::NoTargets => MemberState::NoTargets,
        Probed::No | Probed::Yes => MemberState::Running,
    }
}
