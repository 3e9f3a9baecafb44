//! Members that come, at the start and later.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::Roster;
use crate::engine::{
    action::Notice,
    active_set::Entry,
    event::{Link, MemberIndex},
    member::{MemberState, Past},
};

impl Roster {
    /// The first look at the links: `past` tells what each member was under an earlier engine, `age` ago.
    pub(in crate::engine) fn begin(
        &mut self,
        links: &BTreeMap<MemberIndex, Link>,
        age: Duration,
        past: impl Fn(MemberIndex) -> Past,
    ) {
        self.memory_age = age;
        for (index, member) in self.members.iter_mut().enumerate() {
            match links.get(&index) {
                Some(_) => member.past = past(index),
                None => self.changes.notices.push(Notice::Absent(index)),
            }
        }
        let mut order: Vec<_> = links.keys().copied().filter(|&index| index < self.members.len()).collect();
        order.sort_by_key(|&index| !self.members[index].past.carried());
        for index in order {
            self.appear(index, links[&index]);
        }
    }

    /// The member's link is there; [`Roster::settle`] starts it.
    pub(super) fn appear(&mut self, index: MemberIndex, link: Link) {
        self.arrivals += 1;
        self.members[index].arrival = self.arrivals;
        self.members[index].set_link(link);
    }

    /// Starts the members that have appeared, those first that carried traffic under an earlier engine, standby members
    /// last; of these the ones with the highest priority first. A link is taken to be up at first, so that one that is down
    /// makes the same transition as at any other time.
    pub(super) fn start_members(&mut self, now: Instant) {
        let new = |index: &MemberIndex| {
            self.members[*index].link.is_some() && self.members[*index].state == MemberState::Init
        };
        let mut order: Vec<_> = (0..self.members.len()).filter(new).collect();
        order.sort_by_key(|&index| {
            let member = &self.members[index];
            (!member.past.carried(), member.standby, Reverse(member.priority), index)
        });
        let mut down = Vec::new();
        let mut known = Vec::new();
        for index in order {
            let past = std::mem::take(&mut self.members[index].past);
            if let Past::Known(memory) = past {
                known.push(self.recall(index, *memory, now));
                continue;
            }
            self.enter(index, if past == Past::Idle { Entry::Repair } else { Entry::Start });
            match (self.members[index].link_up(), past) {
                (true, _) => {}
                // Who stood in for it has been told so by the earlier daemon: that comes after all have started.
                (false, Past::Active) => down.push(index),
                (false, Past::Idle | Past::None | Past::Known(_)) => self.start_down(index),
            }
        }
        for index in down {
            self.link_down(index);
        }
        if !known.is_empty() {
            self.catch_up(&known, now);
        }
    }

    /// A member has come whose link is down: it carried nothing, so whoever is activated in its place gets a share of
    /// everything, as if he had come himself.
    fn start_down(&mut self, index: MemberIndex) {
        let idle: Vec<_> = (0..self.members.len()).filter(|&other| self.members[other].inactive).collect();
        self.link_down(index);
        let activated = idle.into_iter().filter(|&other| self.members[other].is_active());
        self.changes.joined.extend(activated);
    }
}
