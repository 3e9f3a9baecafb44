//! Members as an earlier engine knew them, and what has changed since.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use super::{Roster, functioning};
use crate::engine::{
    action::{Cause, Notice},
    active_set::{self, Entry},
    event::MemberIndex,
    member::{Member, MemberState, OfflineBy},
    memory::{MemberMemory, Remembered},
};

/// A member that the earlier engine knew.
pub(super) struct Known {
    index: MemberIndex,
    memory: MemberMemory,
    /// Whether it is a standby by the present configuration.
    standby: bool,
}

impl Roster {
    /// The administrator has taken the member offline, which had failed before for this reason, if for any.
    pub(in crate::engine) fn recall_offline(&mut self, index: MemberIndex, failed: Option<Cause>) {
        if let Some(member) = self.members.get_mut(index) {
            (member.state, member.cause) = (MemberState::Offline(OfflineBy::Administrator), failed);
        }
    }

    /// Puts the member into the state in which the earlier engine knew it. No news: whoever wanted to know has been told.
    pub(super) fn recall(&mut self, index: MemberIndex, memory: MemberMemory, now: Instant) -> Known {
        let age = self.memory_age;
        let member = &mut self.members[index];
        let standby = std::mem::replace(&mut member.standby, memory.standby);
        member.probed = memory.probed.into();
        let ages = memory.link_ups_ms.iter().map(|&ms| Duration::from_millis(ms) + age);
        member.damping.recall(ages, memory.damped, now);
        match memory.state {
            Remembered::Works => {
                (member.state, member.inactive) = (functioning(member.probed), memory.inactive);
            }
            Remembered::Failed(cause) => {
                (member.state, member.cause) = (MemberState::Failed, Some(cause));
                member.kept = memory.kept;
            }
            // The one whose MAC address it had has gone, or has another one now.
            Remembered::Hidden => self.enter(index, Entry::Repair),
        }
        self.touched = true;
        Known { index, memory, standby }
    }

    /// What has happened to the recalled members while nobody looked: losses last, so that whoever stands in for them is
    /// recalled by then.
    pub(super) fn catch_up(&mut self, known: &[Known], now: Instant) {
        let changed = |known: &&Known| known.memory.link_up != self.members[known.index].link_up();
        let changed: Vec<_> = known.iter().filter(changed).map(|known| known.index).collect();
        let (up, down): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|&index| self.members[index].link_up());
        for index in up {
            self.link_up(index, now);
        }
        for index in down {
            self.link_down(index);
        }
        for known in known {
            self.set_standby(known.index, known.standby);
        }
        self.replace_vanished();
        self.balance();
    }

    /// So many of the configured members got their share of the traffic under the earlier engine.
    pub(in crate::engine) fn recall_served(&mut self, served: usize) {
        self.served = served;
    }

    /// For those that are gone altogether others are activated, as when they are lost while somebody looks.
    fn replace_vanished(&mut self) {
        if self.members.iter().any(|member| member.kept) {
            return;
        }
        let target = self.served.min(active_set::wanted(&self.members));
        while self.members.iter().filter(|member| member.is_active()).count() < target
            && active_set::replacement(&self.members).is_some()
        {
            self.replace();
        }
    }

    /// Members may have been added to the group or taken out of it, and the policy of failback may be another: the active
    /// set is made as large as it should be, as failback would. Without it nobody steps down.
    fn balance(&mut self) {
        if !self.failback || self.members.iter().any(|member| member.kept) {
            return;
        }
        let wanted = active_set::wanted(&self.members);
        let active = |members: &[Member]| members.iter().filter(|member| member.is_active()).count();
        let spare = |members: &[Member]| {
            let spare = |index: &MemberIndex| members[*index].is_active() && members[*index].standby;
            (0..members.len()).filter(spare).min_by_key(|&index| (members[index].priority, Reverse(index)))
        };
        while active(&self.members) > wanted
            && let Some(spare) = spare(&self.members)
        {
            self.members[spare].inactive = true;
            self.changes.notices.push(Notice::Deactivated(spare));
        }
        let idle = |member: &Member| member.is_usable() && member.inactive;
        while let Some(index) = self.members.iter().position(|member| idle(member) && !member.standby) {
            self.members[index].inactive = false;
            self.changes.joined.push(index);
            self.changes.notices.push(Notice::Activated(index));
        }
        while active(&self.members) < wanted
            && let Some(index) = active_set::replacement(&self.members)
        {
            self.members[index].inactive = false;
            self.changes.notices.push(Notice::Activated(index));
        }
    }
}
