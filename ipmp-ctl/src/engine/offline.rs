//! What the administrator commands at run time: members out of service and back, and what they are for.

use std::time::Instant;

use super::{Engine, event::MemberIndex};

/// Why a command is not obeyed. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The member is absent.
    Absent,
    /// It is offline already.
    AlreadyOffline,
    /// It is not offline, or not because of the administrator.
    NotOffline,
    /// No other member could carry the traffic.
    NoOther,
    /// A member in service has its MAC address.
    DuplicateMac {
        /// Which.
        holder: MemberIndex,
    },
}

impl Engine {
    /// Command: take a member out of service. `force`: even if no other one is there to carry the traffic.
    ///
    /// It is marked at once; it carries nothing more when [`Self::carries`] says so.
    ///
    /// # Errors
    /// Why not.
    pub fn offline(&mut self, member: MemberIndex, force: bool, now: Instant) -> Result<(), Refusal> {
        let now = self.begin(now);
        let obeyed = self.roster.offline(member, force);
        self.conclude(now);
        obeyed
    }

    /// Command: put a member back into service that [`Self::offline`] took out of it.
    ///
    /// # Errors
    /// Why not.
    pub fn online(&mut self, member: MemberIndex, now: Instant) -> Result<(), Refusal> {
        let now = self.begin(now);
        let obeyed = self.roster.online(member);
        self.conclude(now);
        obeyed
    }

    /// Command: forget the last [`Self::offline`] of a member, which could not be carried out.
    pub fn undo_offline(&mut self, member: MemberIndex, now: Instant) {
        let now = self.begin(now);
        self.roster.undo_offline(member);
        self.conclude(now);
    }

    /// The member is a standby from now on, or none any more, as when an engine of another configuration takes over.
    #[cfg(test)]
    pub(crate) fn set_standby(&mut self, member: MemberIndex, standby: bool, now: Instant) {
        let now = self.begin(now);
        self.roster.set_standby(member, standby);
        self.conclude(now);
    }

    /// Getter: whether [`Self::online`] would be refused.
    ///
    /// # Errors
    /// Why it would.
    pub fn may_go_online(&self, member: MemberIndex) -> Result<(), Refusal> {
        self.roster.may_go_online(member)
    }

    /// Getter: whether the administrator has taken the member out of service.
    pub fn is_retired(&self, member: MemberIndex) -> bool {
        self.roster.members().get(member).is_some_and(super::member::Member::is_retired)
    }

    /// Getter: whether the packet path may still use the member.
    pub fn carries(&self, member: MemberIndex) -> bool {
        let slot = self.roster.members().get(member).and_then(|member| member.slot);
        slot.is_some_and(|slot| self.assignment.usable.contains(slot))
    }

    /// What every command ends with.
    fn conclude(&mut self, now: Instant) {
        self.unsettled = true;
        self.finish(now);
    }
}
