//! Whom an instance probes, in which order, and who is left out.
//!
//! A list is one of routers (those that the configuration names or routes lead to) or one of hosts (those that answered
//! multicast), never both. At most five are probed, in turn. A router that is slow or dead stays in the list and comes
//! back in steps of a minute; a host is dropped and another one looked for.

use std::{net::IpAddr, time::Instant};

use ipmp_common::probe::TARGETS;

use super::{estimate::Estimate, target::Target};
use crate::engine::{
    memory::TargetMemory,
    view::{TargetMode, TargetState},
};

/// Targets that are probed at one time.
pub(super) const MOST_ACTIVE: usize = 5;

/// Routers to fall back on when the last active one is left out.
const FALL_BACK: usize = 3;

/// Routers that are remembered.
const MOST_ROUTERS: usize = 32;

/// The targets of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Targets {
    list: Vec<Target>,
    routers: bool,
    /// Where the turn is: of probes of detection, and of those that measure.
    turns: [usize; 2],
    /// Whose histogram each place has.
    places: [Option<IpAddr>; TARGETS],
}

impl Targets {
    /// Where they come from.
    pub(super) const fn mode(&self) -> TargetMode {
        if self.routers { TargetMode::Routes } else { TargetMode::Multicast }
    }

    /// The target of this address.
    pub(super) fn get(&self, address: IpAddr) -> Option<&Target> {
        self.list.iter().find(|target| target.address == address)
    }

    /// The target of this address, to be changed.
    pub(super) fn get_mut(&mut self, address: IpAddr) -> Option<&mut Target> {
        self.list.iter_mut().find(|target| target.address == address)
    }

    /// Those that are probed.
    pub(super) fn active(&self) -> impl Iterator<Item = &Target> {
        self.list.iter().filter(|target| target.state == TargetState::Active)
    }

    /// All of them, from the one whose turn it is.
    pub(super) fn in_turn(&self) -> impl Iterator<Item = &Target> {
        let (before, after) = self.list.split_at(self.turns[0].min(self.list.len()));
        after.iter().chain(before)
    }

    /// Those that answered multicast.
    pub(super) fn hosts(&self) -> impl Iterator<Item = IpAddr> {
        self.list.iter().filter(|_| !self.routers).map(|target| target.address)
    }

    /// The routers are these; those that are not among them go, unless `keep`. The first router makes all hosts go, and
    /// with the last one the search for hosts begins.
    pub(super) fn set_routers(&mut self, routers: &[IpAddr], keep: bool, now: Instant) {
        if !self.routers {
            if routers.is_empty() {
                return;
            }
            self.clear();
            self.routers = true;
        }
        if !keep {
            self.retain(|target| routers.contains(&target.address));
        }
        let room = MOST_ROUTERS.saturating_sub(self.list.len());
        let new: Vec<_> = routers.iter().copied().filter(|&router| self.get(router).is_none()).collect();
        for &router in new.iter().take(room).rev() {
            self.insert(Target::new(router, TargetState::Unused, now));
        }
        let mut free = MOST_ACTIVE.saturating_sub(self.active().count());
        for target in &mut self.list {
            if free > 0 && target.state == TargetState::Unused {
                target.become_(TargetState::Active, now);
                free -= 1;
            }
        }
        self.fall_back(now);
        self.routers = !self.list.is_empty();
    }

    /// A host has answered multicast. Returns whether it is a new target.
    pub(super) fn add_host(&mut self, host: IpAddr, now: Instant) -> bool {
        let wanted = !self.routers && self.list.len() < MOST_ACTIVE && self.get(host).is_none();
        if wanted {
            self.insert(Target::new(host, TargetState::Active, now));
        }
        wanted
    }

    /// Takes over what an earlier engine knew of those that are targets again; and with `hosts`, where nobody is a target,
    /// those that had answered multicast.
    pub(super) fn recall(&mut self, known: &[TargetMemory], hosts: bool, now: Instant) {
        if hosts && !self.routers {
            for host in known.iter().filter(|target| !target.router).rev() {
                self.add_host(host.address, now);
            }
        }
        for known in known {
            let Some(target) = self.get_mut(known.address) else { continue };
            target.estimate = Estimate::recall(known.estimate);
            if matches!(known.state, TargetState::Slow | TargetState::Dead) {
                target.become_(known.state, now);
            }
        }
        self.fall_back(now);
    }

    /// What the next engine should know.
    pub(super) fn memory(&self) -> Vec<TargetMemory> {
        let memory = |target: &Target| TargetMemory {
            address: target.address,
            router: self.routers,
            state: target.state,
            estimate: target.estimate.memory(),
        };
        self.list.iter().map(memory).collect()
    }

    /// Leaves a target out, for being `Slow` or `Dead`. Returns whether it is gone for good.
    pub(super) fn leave_out(&mut self, address: IpAddr, state: TargetState, now: Instant) -> bool {
        if self.routers {
            if let Some(target) = self.get_mut(address) {
                target.become_(state, now);
            }
            self.fall_back(now);
        } else {
            self.retain(|target| target.address != address);
        }
        !self.routers
    }

    /// Forgets those that answered multicast. Returns whether there were any.
    pub(super) fn flush_hosts(&mut self) -> bool {
        let had = !self.routers && !self.list.is_empty();
        if had {
            self.clear();
        }
        had
    }

    /// Forgets all of them.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.turns = [0; 2];
        self.routers = false;
    }

    /// Forgets all round-trip times.
    pub(super) fn forget_estimates(&mut self) {
        for target in &mut self.list {
            target.estimate = Estimate::default();
        }
    }

    /// The next target of a probe of detection. Those that it passes on the way recover.
    pub(super) fn next(&mut self, now: Instant) -> Option<IpAddr> {
        for _ in 0..self.list.len() {
            let turn = self.turns[0] % self.list.len();
            self.turns[0] = turn + 1;
            let active = self.active().count();
            let target = &mut self.list[turn];
            target.recover(now);
            if target.state == TargetState::Unused && active < MOST_ACTIVE {
                target.become_(TargetState::Active, now);
            }
            if target.state == TargetState::Active {
                let address = target.address;
                self.turns[0] %= self.list.len();
                self.turns[1] = self.turns[0];
                return Some(address);
            }
        }
        None
    }

    /// The next target of a probe that measures.
    pub(super) fn next_to_measure(&mut self) -> Option<IpAddr> {
        for _ in 0..self.list.len() {
            let turn = self.turns[1] % self.list.len();
            self.turns[1] = turn + 1;
            if self.list[turn].state == TargetState::Active {
                return Some(self.list[turn].address);
            }
        }
        None
    }

    /// The target's place among the histograms.
    pub(super) fn place(&self, address: IpAddr) -> Option<u8> {
        self.places.iter().position(|&place| place == Some(address)).map(|place| place as u8)
    }

    /// Gives the target a place: a free one, or that of a target that is not probed.
    pub(super) fn take_place(&mut self, address: IpAddr) -> u8 {
        let probed = |held: IpAddr| self.get(held).is_some_and(|target| target.state == TargetState::Active);
        let free = self.places.iter().position(Option::is_none);
        let place =
            free.or_else(|| self.places.iter().position(|held| held.is_none_or(|held| !probed(held))));
        let place = place.unwrap_or(0);
        self.places[place] = Some(address);
        place as u8
    }

    fn insert(&mut self, target: Target) {
        self.list.insert(0, target);
        if self.list.len() > 1 {
            // The turn stays with whom it was.
            self.turns = self.turns.map(|turn| if turn == 0 { 0 } else { turn + 1 });
        }
    }

    fn retain(&mut self, keep: impl Fn(&Target) -> bool) {
        let gone: Vec<_> = (0..self.list.len()).filter(|&at| !keep(&self.list[at])).collect();
        for turn in &mut self.turns {
            *turn -= gone.iter().filter(|&&at| at < *turn).count();
        }
        self.list.retain(|target| keep(target));
    }

    /// While there are routers some are probed: if no other is left, those that were left out.
    fn fall_back(&mut self, now: Instant) {
        if self.active().next().is_some() {
            return;
        }
        let rank = |target: &Target| match (target.state, target.has_waited(now)) {
            (TargetState::Active | TargetState::Unused, _) => 0,
            (TargetState::Slow, true) => 1,
            (TargetState::Slow, false) => 2,
            (TargetState::Dead, true) => 3,
            (TargetState::Dead, false) => 4,
        };
        let mut order: Vec<_> = (0..self.list.len()).collect();
        order.sort_by_key(|&at| rank(&self.list[at]));
        for at in order.into_iter().take(FALL_BACK) {
            self.list[at].become_(TargetState::Active, now);
        }
    }
}

#[cfg(test)]
mod tests;
