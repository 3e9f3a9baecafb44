//! Members as an earlier engine knew them, and what has changed since.

use std::time::{Duration, Instant};

use super::{Roster, functioning};
use crate::engine::{
    action::Notice,
    active_set::{self, Entry},
    event::MemberIndex,
    member::{Member, MemberState},
    memory::{MemberMemory, Remembered},
};

impl Roster {
    /// Puts the member into the state in which the earlier engine knew it. No news: whoever wanted to know has been told.
    pub(super) fn recall(&mut self, index: MemberIndex, memory: &MemberMemory, now: Instant) {
        let age = self.memory_age;
        let member = &mut self.members[index];
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
            Remembered::Hidden => return self.enter(index, Entry::Repair),
        }
        self.touched = true;
    }

    /// What has happened to the recalled members while nobody looked: losses last, so that whoever stands in for them is
    /// recalled by then.
    pub(super) fn catch_up(&mut self, known: &[(MemberIndex, Box<MemberMemory>)], now: Instant) {
        let changed =
            |index: MemberIndex, memory: &MemberMemory| memory.link_up != self.members[index].link_up();
        let changed: Vec<_> =
            known.iter().filter(|(index, memory)| changed(*index, memory)).map(|(index, _)| *index).collect();
        let (up, down): (Vec<_>, Vec<_>) =
            changed.into_iter().partition(|&index| self.members[index].link_up());
        up.into_iter().for_each(|index| self.link_up(index, now));
        down.into_iter().for_each(|index| self.link_down(index));
        for (index, memory) in known {
            if memory.standby != self.members[*index].standby && self.members[*index].is_usable() {
                self.enter(*index, Entry::Online);
                if self.members[*index].inactive {
                    self.changes.notices.push(Notice::Deactivated(*index));
                }
            }
        }
        self.balance();
    }

    /// Members may have been added to the group or taken out of it, and the policy of failback may be another: the active
    /// set is made as large as it should be, as failback would. Without it nobody steps down.
    fn balance(&mut self) {
        if !self.failback || self.members.iter().any(|member| member.kept) {
            return;
        }
        let wanted = self.members.iter().filter(|member| !member.standby).count().max(1);
        let active = |members: &[Member]| members.iter().filter(|member| member.is_active()).count();
        while active(&self.members) > wanted
            && let Some(spare) = self.members.iter().rposition(|member| member.is_active() && member.standby)
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
