//! From what has changed to what has to be done about it.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use ipmp_common::{Choice, SlotSet, passage::gap_ticks};

use super::{
    Engine,
    action::{Action, Cause, Notice},
    active_set,
    assignment::{Assignment, SlotLink},
    event::MemberIndex,
    group,
    homes::Home,
    member::Member,
    moves,
    planner::{self, Homed, Leave, Scene, Seat},
    roster::Changes,
    view::GroupState,
    weights,
};
use crate::config::TestAddresses;

impl Engine {
    /// Draws the conclusions from what the members and addresses are now. Does nothing if nothing has changed.
    pub(super) fn settle(&mut self, now: Instant) {
        self.roster.settle(self.probing.fdt(), now);
        let changes = self.roster.take_changes();
        let renamed = self.claim_slots();
        if self.group_link.is_none() {
            let hosts = self.assignment.bindings.iter();
            self.hosts = hosts.filter_map(|(&a, choice)| Some((a, self.member_in(choice.slot)?))).collect();
            self.nominee = self.member_in(self.assignment.nominee.slot);
        }

        self.note_losses(&changes.notices, now);
        let mut next = self.assignment.clone();
        rename(&mut next, &renamed);
        let addresses: Vec<_> =
            self.homes.up().map(|home| Homed { address: home.address, home: home.member }).collect();
        self.moves.close(&mut next.buckets);
        let (scene, leave) = self.survey(&changes, &next);
        let unlevel = planner::plan(&mut next, &scene, &addresses, &leave);
        self.follow_moves(&mut next, &leave, unlevel, now);
        next.slots.clone_from(self.slots.taken());
        next.test_addresses = self.test_addresses();
        let last = std::mem::replace(&mut self.assignment, next);
        self.act(&last, changes.notices, now);
    }

    /// Remembers since when members do not work: a reply was the last sign of life where probes tell, and the link where
    /// that does.
    fn note_losses(&mut self, notices: &[Notice], now: Instant) {
        for notice in notices {
            let (member, since) = match *notice {
                Notice::Failed { member, cause: Cause::Probes } => (member, self.probing.last_answer(member)),
                Notice::Failed { member, .. } | Notice::Absent(member) => (member, None),
                _ => continue,
            };
            self.worked.insert(member, since.unwrap_or(now));
        }
    }

    /// Emits what time alone makes due.
    pub(super) fn repeat(&mut self, now: Instant) {
        if self.install_at.take_if(|at| *at <= now).is_some() {
            self.actions.push_back(Action::Install(Box::new(self.assignment.clone())));
        }
        let due = self.announcer.due_addresses(now);
        self.announce(
            due.into_iter().filter_map(|address| Some((address, self.bound_member(address)?))).collect(),
        );
        if self.announcer.due_report(now) && !self.assignment.usable.is_empty() {
            self.actions.push_back(Action::ReportMemberships);
        }
        for index in self.announcer.due_members(now) {
            let member = &self.roster.members()[index];
            // One that is offline may have the MAC address of another member: its frames would lead switches astray.
            if !member.link_up() || member.is_offline() {
                continue;
            }
            let bindings = self.assignment.bindings.iter();
            match bindings
                .filter(|(_, choice)| Some(choice.slot) == member.slot)
                .map(|(&address, _)| address)
                .next()
            {
                Some(address) => self.announce(vec![(address, index)]),
                None => self.actions.push_back(Action::KeepAlive(index)),
            }
        }
    }

    /// Sees to it that each member that is present has a slot that stands for its link. Returns the slots that were
    /// replaced because the MAC address changed, with their successors.
    fn claim_slots(&mut self) -> BTreeMap<u16, u16> {
        let wanted: Vec<_> = self
            .roster
            .members()
            .iter()
            .map(|member| member.link.map(|link| SlotLink { ifindex: link.ifindex, mac: link.mac }))
            .collect();
        let mut slots: Vec<_> = self.roster.members().iter().map(|member| member.slot).collect();
        for (slot, wanted) in slots.iter_mut().zip(&wanted) {
            *slot = slot.or_else(|| self.slots.recall((*wanted)?));
        }
        self.slots.forget_adopted();
        self.slots.keep_only(slots.iter().flatten().copied().collect());

        let mut renamed = BTreeMap::new();
        for (slot, wanted) in slots.iter_mut().zip(wanted) {
            let Some(wanted) = wanted else { continue };
            let old = *slot;
            if old.and_then(|slot| self.slots.link(slot)) == Some(wanted) {
                continue;
            }
            let fresh = self.slots.allocate(wanted, named(&self.assignment));
            if let Some(old) = old {
                self.slots.release(old);
                renamed.extend(fresh.map(|fresh| (old, fresh)));
            }
            *slot = fresh.or_else(|| self.slots.allocate(wanted, SlotSet::EMPTY));
        }
        for (index, slot) in slots.into_iter().enumerate() {
            if let Some(member) = self.roster.member_mut(index) {
                member.slot = slot;
            }
        }
        renamed
    }

    /// Takes note of what the plan has set moving, and of who is carrying the last of what was on it.
    fn follow_moves(&mut self, next: &mut Assignment, leave: &Leave, unlevel: bool, now: Instant) {
        let spread = || self.probing.delay_spread(|member| self.roster.members()[member].carries());
        let in_ticks = |gap: Duration| gap_ticks(gap.as_nanos() as u64);
        if next.buckets.iter().any(|choice| choice.epoch == leave.number) {
            let gap = in_ticks(moves::gap(spread()));
            // Moves that wait meanwhile may need the longer gap of theirs.
            next.gap = if self.moves.next().is_some() { gap.max(next.gap) } else { gap };
        } else if self.moves.is_hurried() && next.buckets.iter().any(|choice| choice.is_moving()) {
            next.gap = next.gap.min(in_ticks(moves::hurried_gap(spread())));
        }
        self.moves.follow(&next.buckets, leave.level, unlevel, now);
        for index in 0..self.roster.members().len() {
            let Some(member) = self.roster.member_mut(index) else { continue };
            member.draining = !member.serves() && member.slot.is_some_and(|slot| next.usable.contains(slot));
        }
    }

    /// What the planner goes by, after `last`.
    fn survey(&mut self, changes: &Changes, last: &Assignment) -> (Scene, Leave) {
        let members = self.roster.members();
        let weights = weights::weights(&self.config.members, members);
        let seat = |index: MemberIndex| {
            let Member { slot, standby, priority, .. } = &members[index];
            let weight = weights[index];
            Some(Seat { member: index, slot: (*slot)?, weight, standby: *standby, priority: *priority })
        };
        let active: Vec<_> =
            (0..members.len()).filter(|&index| members[index].serves()).filter_map(seat).collect();
        let reserve = active_set::replacement(members).and_then(seat);

        let idle = |member: &Member| !member.serves() && member.can_drain();
        let draining = members.iter().filter(|member| idle(member)).filter_map(|member| member.slot);
        let draining = draining.filter(|&slot| last.usable.contains(slot)).collect();
        let carried = |seat: &Seat| last.usable.contains(seat.slot) && !members[seat.member].draining;
        // Who carried traffic before and still does has not joined: nothing moves when a daemon starts again.
        let joined: Vec<_> = active
            .iter()
            .filter(|seat| changes.joined.contains(&seat.member) && !carried(seat))
            .map(|seat| seat.member)
            .collect();
        let reweighted = active
            .iter()
            .filter(|seat| carried(seat))
            .any(|seat| self.weights.get(seat.member).is_some_and(|&weight| weight != seat.weight));
        let level = !joined.is_empty() || (!changes.lost && (reweighted || self.moves.is_unlevel()));
        self.weights = weights;
        let leave = Leave { joined, level, number: self.moves.next_number() };
        (Scene { active, reserve, draining }, leave)
    }

    /// Emits what leads from the `last` assignment to the present one.
    fn act(&mut self, last: &Assignment, mut notices: Vec<Notice>, now: Instant) {
        let first = self.group_link.is_none();
        let usable = self.assignment.usable;
        // After a time without any member nobody may remember where an address was.
        let afresh = first || last.usable.is_empty();
        if first || *last != self.assignment {
            self.install_at = None;
            self.actions.push_back(Action::Install(Box::new(self.assignment.clone())));
        }
        for (index, member) in self.roster.members().iter().enumerate() {
            if member.link.is_some()
                && !member.link_up()
                && member.slot.is_some_and(|slot| last.usable.contains(slot))
            {
                self.actions.push_back(Action::PurgeQueue(index));
            }
        }
        let members = self.roster.members();
        let group_link = (group::limits(members), group::running(members, self.config.min_active));
        if self.group_link.replace(group_link) != Some(group_link) {
            let (limits, running) = group_link;
            self.actions.push_back(Action::SetGroupLink { limits, running });
        }

        // With all slots taken a link whose MAC address changed keeps its slot: that is news all the same.
        let same_link = |slot: u16| last.slots.get(&slot) == self.assignment.slots.get(&slot);
        let is_news = |was: Option<&Choice>, slot: u16| {
            usable.contains(slot) && (afresh || was.map(|was| was.slot) != Some(slot) || !same_link(slot))
        };
        let moved: Vec<_> = self
            .assignment
            .bindings
            .iter()
            .filter(|(address, choice)| is_news(last.bindings.get(address), choice.slot))
            .filter_map(|(&address, choice)| Some((address, self.member_in(choice.slot)?)))
            .collect();
        let nominee = self.assignment.nominee.slot;
        let renominated = is_news(Some(&last.nominee), nominee);
        for &(address, to) in &moved {
            self.announcer.moved(address, now);
            let from = self.hosts.insert(address, to);
            if from != Some(to) {
                notices.push(Notice::Moved { address, from, to });
            }
        }
        self.hosts.retain(|address, _| self.assignment.bindings.contains_key(address));
        if first {
            notices.extend(self.missing_homes());
        }
        self.announce(moved);

        if renominated {
            self.announcer.reported(now);
            self.actions.push_back(Action::ReportMemberships);
            let member = self.member_in(nominee);
            if self.nominee != member {
                self.nominee = member;
                notices.extend(member.map(Notice::Nominated));
            }
        }

        let failed = group::state(self.roster.members()) == GroupState::Failed;
        if failed != std::mem::replace(&mut self.unusable_told, failed) {
            let usable = self.roster.members().iter().position(Member::is_usable);
            notices.push(usable.map_or(Notice::GroupUnusable, Notice::GroupUsable));
        }
        self.actions.extend(notices.into_iter().map(Action::Notify));
    }

    /// The data addresses whose home is absent.
    fn missing_homes(&self) -> Vec<Notice> {
        let is_absent = |member: &MemberIndex| self.roster.members()[*member].link.is_none();
        let missing = |home: &Home| {
            let address = home.address;
            let home = home.member.filter(is_absent)?;
            Some(Notice::Missing { address, home, to: self.bound_member(address) })
        };
        self.homes.up().filter_map(missing).collect()
    }

    fn announce(&mut self, addresses: Vec<(IpAddr, MemberIndex)>) {
        if !addresses.is_empty() {
            self.actions.push_back(Action::Announce(addresses));
        }
    }

    /// The test addresses of the members that are present.
    fn test_addresses(&self) -> BTreeMap<IpAddr, u16> {
        let mut all = BTreeMap::new();
        for (config, member) in self.config.members.iter().zip(self.roster.members()) {
            let Some(slot) = member.slot else { continue };
            if let TestAddresses::V4(configured) = &config.test_addresses {
                all.extend(configured.iter().map(|test| (IpAddr::V4(test.net.addr()), slot)));
            }
            all.extend(member.test_addresses.iter().map(|&address| (address, slot)));
        }
        all
    }

    /// The member whose slot this is.
    pub(super) fn member_in(&self, slot: u16) -> Option<MemberIndex> {
        self.roster.members().iter().position(|member| member.slot == Some(slot))
    }

    /// The member that receives for this address; `None` if there is none, or it cannot.
    pub(super) fn bound_member(&self, address: IpAddr) -> Option<MemberIndex> {
        let slot = self.assignment.bindings.get(&address)?.slot;
        self.member_in(slot).filter(|_| self.assignment.usable.contains(slot))
    }
}

/// Every slot that a bucket, binding or the nomination names.
fn named(assignment: &Assignment) -> SlotSet {
    let choices = assignment.buckets.iter().chain(assignment.bindings.values()).chain([&assignment.nominee]);
    choices
        .flat_map(|choice| [choice.slot, choice.backup])
        .filter(|&slot| slot != Choice::NONE_SLOT)
        .collect()
}

/// Replaces slot numbers: the member stays where it is, under another number.
fn rename(assignment: &mut Assignment, renamed: &BTreeMap<u16, u16>) {
    if renamed.is_empty() {
        return;
    }
    let new = |slot: u16| renamed.get(&slot).copied().unwrap_or(slot);
    let choices = assignment.buckets.iter_mut().chain(assignment.bindings.values_mut());
    for choice in choices.chain([&mut assignment.nominee]) {
        (choice.slot, choice.backup) = (new(choice.slot), new(choice.backup));
    }
}
