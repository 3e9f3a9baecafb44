//! Members out of service: taken so by the administrator, or because of their MAC address. And back, and what an
//! administrator may do besides.

use super::{Roster, functioning};
use crate::engine::{
    action::{Cause, Notice},
    active_set::{self, Entry},
    duplicates,
    event::MemberIndex,
    member::{Before, Member, MemberState, OfflineBy},
    offline::Refusal,
};

impl Roster {
    /// The administrator takes the member out of service. Unless he insists, another one has to be there for it: one that
    /// works, or if none does, one that is not offline.
    pub(in crate::engine) fn offline(&mut self, index: MemberIndex, force: bool) -> Result<(), Refusal> {
        let member = self.members.get(index).ok_or(Refusal::Absent)?;
        if member.is_offline() {
            return Err(Refusal::AlreadyOffline);
        }
        if member.link.is_none() {
            return Err(Refusal::Absent);
        }
        if !force && !self.others_suffice(index) {
            return Err(Refusal::NoOther);
        }
        let before =
            Before { state: member.state, inactive: member.inactive, kept: member.kept, stand_in: None };
        self.changes.notices.push(Notice::Offlined(index));
        let stand_in = self.withdraw(index, OfflineBy::Administrator);
        self.members[index].before = Some(Before { stand_in, ..before });
        Ok(())
    }

    /// The administrator puts the member back into service. That is his wish for now: it carries traffic whatever the
    /// failback policy says. One that is absent comes into service when it appears.
    pub(in crate::engine) fn online(&mut self, index: MemberIndex) -> Result<(), Refusal> {
        self.may_go_online(index)?;
        self.changes.notices.push(Notice::Onlined(index));
        self.touched = true;
        self.members[index].before = None;
        if self.members[index].link.is_some() {
            self.come_back(index);
        } else {
            self.members[index].state = MemberState::Init;
        }
        Ok(())
    }

    /// Whether [`Self::online`] would be refused.
    pub(in crate::engine) fn may_go_online(&self, index: MemberIndex) -> Result<(), Refusal> {
        if !self.members.get(index).is_some_and(Member::is_retired) {
            return Err(Refusal::NotOffline);
        }
        match duplicates::rival(&self.members, index) {
            Some(holder) => Err(Refusal::DuplicateMac { holder }),
            None => Ok(()),
        }
    }

    /// Takes the last [`Self::offline`] of the member back: the members are again what they were, as far as they can be.
    pub(in crate::engine) fn undo_offline(&mut self, index: MemberIndex) {
        let Some(before) = self.members.get_mut(index).and_then(|member| member.before.take()) else {
            return;
        };
        self.touched = true;
        self.changes.notices.push(Notice::Onlined(index));
        let member = &mut self.members[index];
        if !before.state.is_functioning() || !member.link_up() {
            self.come_back(index);
            self.members[index].kept = before.kept;
            return;
        }
        (member.state, member.inactive) = (functioning(member.probed), before.inactive);
        if !before.inactive {
            self.changes.joined.push(index);
        }
        if let Some(stand_in) = before.stand_in.filter(|&stand_in| self.members[stand_in].is_active()) {
            self.members[stand_in].inactive = true;
            self.changes.notices.push(Notice::Deactivated(stand_in));
        }
    }

    /// The member is a standby from now on, or none any more.
    pub(in crate::engine) fn set_standby(&mut self, index: MemberIndex, standby: bool) {
        let Some(member) = self.members.get_mut(index) else { return };
        if std::mem::replace(&mut member.standby, standby) == standby {
            return;
        }
        self.touched = true;
        if !member.state.is_functioning() {
            return;
        }
        let spare = active_set::is_spare(&self.members, index);
        if std::mem::replace(&mut self.members[index].inactive, spare) == spare {
            return;
        }
        if spare {
            self.changes.notices.push(Notice::Deactivated(index));
        } else {
            self.changes.joined.push(index);
            self.changes.notices.push(Notice::Activated(index));
        }
    }

    /// Sets members offline that have the MAC address of an earlier one, and brings those back that have it no longer.
    pub(super) fn hide_duplicates(&mut self) {
        let holders: Vec<_> =
            (0..self.members.len()).map(|index| duplicates::holder(&self.members, index)).collect();
        for (index, holder) in holders.iter().enumerate() {
            if let Some(holder) = *holder
                && !self.members[index].is_offline()
            {
                self.withdraw(index, OfflineBy::DuplicateMac);
                self.changes.notices.push(Notice::DuplicateMac { member: index, holder });
            }
        }
        for (index, holder) in holders.iter().enumerate() {
            if holder.is_none() && self.members[index].state == MemberState::Offline(OfflineBy::DuplicateMac)
            {
                self.changes.notices.push(Notice::UniqueMac(index));
                self.come_back(index);
            }
        }
    }

    /// Whether the other members are enough for the group: minimum redundancy is one.
    fn others_suffice(&self, index: MemberIndex) -> bool {
        let others = || self.members.iter().enumerate().filter(|(other, _)| *other != index);
        let group_failed = !self.members.iter().any(Member::is_usable);
        let there = |member: &Member| member.link.is_some() && !member.is_offline();
        others().any(|(_, member)| member.is_usable() || (group_failed && there(member)))
    }

    /// Takes the member out of service; returns who was activated in its place. What had failed it is kept in mind.
    fn withdraw(&mut self, index: MemberIndex, by: OfflineBy) -> Option<MemberIndex> {
        let member = &mut self.members[index];
        member.cause = member.cause.filter(|_| member.state == MemberState::Failed);
        self.leave(index, MemberState::Offline(by))
    }

    /// Puts a member that is present back into service: failed if its link is down, or if its probes had failed it and
    /// can tell again; otherwise working.
    fn come_back(&mut self, index: MemberIndex) {
        let member = &mut self.members[index];
        member.damping.repaired();
        let silent = member.cause == Some(Cause::Probes) && member.testable;
        let cause = if member.link_up() { silent.then_some(Cause::Probes) } else { Some(Cause::Link) };
        let Some(cause) = cause else { return self.enter(index, Entry::Online) };
        (member.state, member.cause) = (MemberState::Failed, Some(cause));
        self.changes.notices.push(Notice::Failed { member: index, cause });
    }
}
