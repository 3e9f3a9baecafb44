//! The programs at the drivers of a group's members, and the members whose drivers refuse one.

use std::collections::BTreeMap;

use ipmp_common::layout::SLOTS;

use super::{
    group_path::Attached,
    hook::{Place, xdp::Mode},
    pins::{GroupPins, PinError},
};
use crate::engine::assignment::SlotLink;

/// What is, or is not, at the drivers.
#[derive(Debug)]
pub struct DriverHooks {
    mode: Option<Mode>,
    attached: BTreeMap<u16, (SlotLink, Attached)>,
    refused: BTreeMap<u16, Refused>,
}

#[derive(Debug)]
struct Refused {
    link: SlotLink,
    why: String,
    /// Whether to try again.
    again: bool,
}

impl DriverHooks {
    /// None yet.
    pub const fn new(mode: Option<Mode>) -> Self {
        Self { mode, attached: BTreeMap::new(), refused: BTreeMap::new() }
    }

    /// Removes what an earlier daemon has put there, of every mode but the one that is wanted.
    pub fn remove_others(&self, pins: &GroupPins) -> Result<(), PinError> {
        for mode in Mode::ALL.into_iter().filter(|&mode| Some(mode) != self.mode) {
            for slot in 0..SLOTS as u16 {
                pins.remove_pin(&Place::MemberDriver(slot, mode).pin_name())?;
            }
        }
        Ok(())
    }

    /// Removes what an earlier daemon has put there for a slot that nobody holds any more.
    pub fn remove_left(&self, pins: &GroupPins, slot: u16) -> Result<(), PinError> {
        self.mode.map_or(Ok(()), |mode| pins.remove_pin(&Place::MemberDriver(slot, mode).pin_name()))
    }

    /// Where a program is to be attached for the member `link` in `slot`.
    pub fn missing(&self, slot: u16, link: SlotLink) -> Option<Place> {
        let mode = self.mode?;
        let is_there = self.attached.get(&slot).is_some_and(|(at, _)| *at == link);
        let is_refused =
            self.refused.get(&slot).is_some_and(|refused| refused.link == link && !refused.again);
        (!is_there && !is_refused).then_some(Place::MemberDriver(slot, mode))
    }

    /// Takes in what was attached; gives back what it supersedes.
    pub fn attached(&mut self, slot: u16, link: SlotLink, attached: Attached) -> Option<Attached> {
        self.refused.remove(&slot);
        self.attached.insert(slot, (link, attached)).map(|(_, old)| old)
    }

    /// Takes note of a refusal; whether it is news.
    pub fn refused(&mut self, slot: u16, link: SlotLink, why: &str) -> bool {
        let refused = Refused { link, why: why.to_owned(), again: false };
        let before = self.refused.insert(slot, refused);
        before.is_none_or(|before| before.link != link || before.why != why)
    }

    /// Forgets that drivers have refused, but not what was said of it.
    pub fn retry(&mut self) {
        for refused in self.refused.values_mut() {
            refused.again = true;
        }
    }

    /// Takes out what is at members that hold no slot any more.
    pub fn take_stale(&mut self, slots: &BTreeMap<u16, SlotLink>) -> Vec<Attached> {
        self.refused.retain(|slot, refused| slots.get(slot) == Some(&refused.link));
        let stale = self.attached.extract_if(.., |slot, (link, _)| slots.get(slot) != Some(link));
        stale.map(|(_, (_, attached))| attached).collect()
    }

    /// Everything that is attached.
    pub fn iter(&self) -> impl Iterator<Item = &Attached> {
        self.attached.values().map(|(_, attached)| attached)
    }

    /// The slots with a program at their driver.
    pub fn slots(&self) -> impl Iterator<Item = u16> {
        self.attached.keys().copied()
    }

    /// Everything, to be detached.
    pub fn into_attached(self) -> impl Iterator<Item = Attached> {
        self.attached.into_values().map(|(_, attached)| attached)
    }
}
