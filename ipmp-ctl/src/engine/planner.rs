//! Who carries what: buckets, bindings and nominee for a given active set.
//!
//! Planning has two steps. [`Placement::new`] starts from what is installed and moves as little as it must. Then every
//! entry gets its backup, which is found by playing the failure through: what would be placed where if its member
//! failed now, the activation of a standby included.
//!
//! That makes the law that the packet path relies on true by construction. After the failure of one member it falls
//! back by [`Choice::choose`] alone, and the planner, when it gets there, asks the same function: it decides by itself
//! only for entries that have no backup. So what moves, moves once.
//!
//! A bucket that goes from one working member to another does so in a gap of its flows ([`super::moves`]). While it is
//! moving it is left alone, unless one of the two members fails: then it is at the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipmp_common::{Choice, SlotSet};

use super::{assignment::Assignment, event::MemberIndex};

mod bindings;
mod buckets;
mod nominee;
mod shares;

/// An active member, or one that would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// The member.
    pub(super) member: MemberIndex,
    /// Its slot.
    pub(super) slot: u16,
    /// Its share of the traffic.
    pub(super) weight: u32,
    /// Whether it is configured as standby.
    pub(super) standby: bool,
    /// Who has more of it is nominated first.
    pub(super) priority: u8,
}

/// What the planner goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scene {
    /// The active members, in the order of the configuration.
    pub(super) active: Vec<Seat>,
    /// The member that is activated when an active one is lost.
    pub(super) reserve: Option<Seat>,
    /// Slots of members that work and get nothing new, but carry what has not moved off them yet.
    pub(super) draining: SlotSet,
}

impl Scene {
    /// The slots of the active members.
    pub(super) fn usable(&self) -> SlotSet {
        self.active.iter().map(|seat| seat.slot).collect()
    }

    /// The slots that packets can leave by.
    fn carrying(&self) -> SlotSet {
        SlotSet(self.usable().0 | self.draining.0)
    }

    /// The scene after the member in `slot` has failed.
    fn without(&self, slot: u16) -> Self {
        let mut active: Vec<_> = self.active.iter().copied().filter(|seat| seat.slot != slot).collect();
        active.extend(self.reserve);
        active.sort_by_key(|seat| seat.member);
        Self { active, reserve: None, draining: self.draining }
    }

    /// The slot of the member, if that is active.
    fn slot_of(&self, member: Option<MemberIndex>) -> Option<u16> {
        self.active.iter().find(|seat| Some(seat.member) == member).map(|seat| seat.slot)
    }
}

/// A data address and its home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Homed {
    /// The address.
    pub(super) address: IpAddr,
    /// Its home; `None` in a group without members.
    pub(super) home: Option<MemberIndex>,
}

/// What has changed for the better since the last plan, and so may move things off members that work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Leave {
    /// Members that have come (back) into service: addresses return to them.
    pub(super) joined: Vec<MemberIndex>,
    /// Whether buckets are shared out anew.
    pub(super) level: bool,
    /// Number for the planned moves that follow.
    pub(super) number: u32,
}

/// Fills in buckets, bindings and nominee of `assignment`, which still has those of the last plan.
///
/// While nobody is active nothing is rewritten, but what belongs to an address that is gone.
///
/// Returns whether buckets that are moving kept the table from being shared out as it should be.
pub(super) fn plan(assignment: &mut Assignment, scene: &Scene, addresses: &[Homed], leave: &Leave) -> bool {
    let carried = std::mem::replace(&mut assignment.usable, scene.usable());
    if scene.active.is_empty() {
        let present: BTreeSet<_> = addresses.iter().map(|homed| homed.address).collect();
        assignment.bindings.retain(|address, _| present.contains(address));
        return false;
    }
    let futures = scene.active.iter().map(|seat| (seat.slot, scene.without(seat.slot))).collect();
    let last = buckets::Last { table: &assignment.buckets, carried };
    let (buckets, unlevel) = buckets::plan(&last, scene, &futures, leave);
    // Who drains goes when nothing is on it any more.
    let moving = buckets.iter().filter(|choice| choice.is_moving());
    let needed: SlotSet = moving.flat_map(|choice| [choice.slot, choice.backup]).collect();
    assignment.usable.0 |= needed.0 & scene.draining.0;
    assignment.buckets = buckets;
    assignment.bindings = bindings::plan(&assignment.bindings, scene, &futures, addresses, &leave.joined);
    assignment.nominee = nominee::plan(assignment.nominee, scene, &futures);
    unlevel
}

/// Each active slot, and the scene that its failure would leave.
type Futures = BTreeMap<u16, Scene>;

/// Where the entry goes by the rule of the packet path; `None` if the planner has to decide, because the entry has
/// neither a usable slot nor a backup.
fn fallback(choice: Choice, usable: SlotSet, salt: u32) -> Option<u16> {
    if choice.backup == Choice::NONE_SLOT && !usable.contains(choice.slot) {
        return None;
    }
    choice.choose(usable, salt)
}
