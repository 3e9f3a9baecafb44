//! The home of each data address: the member that it is bound to as long as that member is active.
//!
//! Homes are dealt out for each family separately, and do not depend on which members are present: a daemon that starts
//! with a member missing deals them as one that starts with all. An address keeps its home from one engine to the next;
//! a member that the configuration did not have before takes as many as level the counts, and nothing else moves them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use crate::config;

use super::{event::MemberIndex, memory::Memory};

/// A data address, its home, and whether the group interface has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home {
    /// The address.
    pub(super) address: IpAddr,
    /// Its home; `None` in a group without members.
    pub(super) member: Option<MemberIndex>,
    /// Whether the group interface has the address.
    pub(super) up: bool,
    /// Whether it stands in the configuration.
    configured: bool,
}

/// The homes of all addresses of a group.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "the homes of the addresses are what this is about")]
pub(super) struct Homes {
    /// Configured addresses in the order of the file, then the others in the order in which they appeared.
    homes: Vec<Home>,
    /// Members that can be a home.
    candidates: Vec<MemberIndex>,
    /// Homes of addresses that are not configured and have not been seen yet.
    remembered: BTreeMap<IpAddr, MemberIndex>,
}

impl Homes {
    /// Deals out homes to the configured addresses: those that an earlier engine has dealt as they were, of others the
    /// i-th of a family to the i-th member that is not a standby.
    pub(super) fn new(config: &config::Group, memory: &Memory) -> Self {
        let mut candidates: Vec<_> =
            (0..config.members.len()).filter(|&index| !config.members[index].standby).collect();
        if candidates.is_empty() {
            candidates = (0..config.members.len()).collect();
        }
        let named = |name: &String| config.members.iter().position(|member| member.name == *name);
        let home = |(&address, name): (&IpAddr, &String)| {
            Some((address, named(name).filter(|member| candidates.contains(member))?))
        };
        let remembered: BTreeMap<_, _> = memory.homes.iter().filter_map(home).collect();
        let is_new = |member: &MemberIndex| !memory.candidates.contains(&config.members[*member].name);
        let has_new = !memory.candidates.is_empty() && candidates.iter().any(is_new);
        let mut homes = Self { homes: Vec::new(), candidates, remembered };
        let addresses = || config.addresses.iter().map(|data| data.net.addr());
        if memory.candidates.is_empty() {
            let mut dealt = [0, 0];
            for address in addresses() {
                let turn = &mut dealt[usize::from(address.is_ipv6())];
                let member = homes.candidates.iter().cycle().nth(*turn).copied();
                *turn += 1;
                homes.homes.push(Home { address, member, up: false, configured: true });
            }
            return homes;
        }
        // Those that keep their home first: the others go where there are fewest.
        for address in addresses() {
            let member = homes.remembered.remove(&address);
            homes.homes.push(Home { address, member, up: false, configured: true });
        }
        for at in 0..homes.homes.len() {
            if homes.homes[at].member.is_none() {
                homes.homes[at].member = homes.fewest(homes.homes[at].address);
            }
        }
        if has_new {
            homes.level();
        }
        homes
    }

    /// Moves homes from the member that has the most of a family to the one that has the fewest, until their counts differ
    /// by no more than one.
    fn level(&mut self) {
        for ipv6 in [false, true] {
            let of_family = |home: &&Home| home.address.is_ipv6() == ipv6;
            for _ in 0..self.homes.len() {
                let count = |member: MemberIndex| {
                    self.homes.iter().filter(of_family).filter(|home| home.member == Some(member)).count()
                };
                let fewest = self.candidates.iter().copied().min_by_key(|&member| count(member));
                let most = self.candidates.iter().copied().rev().max_by_key(|&member| count(member));
                let (Some(fewest), Some(most)) = (fewest, most) else { return };
                if count(most) <= count(fewest) + 1 {
                    break;
                }
                let last = |home: &Home| home.address.is_ipv6() == ipv6 && home.member == Some(most);
                if let Some(home) = self.homes.iter().rposition(last) {
                    self.homes[home].member = Some(fewest);
                }
            }
        }
    }

    /// The member that is home to the fewest addresses of this family.
    fn fewest(&self, address: IpAddr) -> Option<MemberIndex> {
        let family = |home: &&Home| home.address.is_ipv6() == address.is_ipv6();
        let count =
            |member| self.homes.iter().filter(family).filter(|home| home.member == Some(member)).count();
        self.candidates.iter().copied().min_by_key(|&member| count(member))
    }

    /// The members that can be a home.
    pub(super) fn candidates(&self) -> impl Iterator<Item = MemberIndex> {
        self.candidates.iter().copied()
    }

    /// The group interface has got the address. One that is not configured takes the member that levels the counts.
    pub(super) fn add(&mut self, address: IpAddr) {
        if let Some(home) = self.homes.iter_mut().find(|home| home.address == address) {
            home.up = true;
            return;
        }
        let member = self.remembered.remove(&address).or_else(|| self.fewest(address));
        self.homes.push(Home { address, member, up: true, configured: false });
    }

    /// The group interface has lost the address. Only a configured one keeps its home.
    pub(super) fn remove(&mut self, address: IpAddr) {
        for home in self.homes.iter_mut().filter(|home| home.address == address) {
            home.up = false;
        }
        self.homes.retain(|home| home.up || home.configured);
    }

    /// The group interface has exactly these addresses.
    pub(super) fn replace(&mut self, addresses: &[IpAddr]) {
        let now: BTreeSet<_> = addresses.iter().copied().collect();
        let gone: Vec<_> = self.up().map(|home| home.address).filter(|old| !now.contains(old)).collect();
        for address in gone {
            self.remove(address);
        }
        for &address in addresses {
            self.add(address);
        }
    }

    /// All addresses, in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Home> {
        self.homes.iter()
    }

    /// The addresses that the group interface has, in their order.
    pub(super) fn up(&self) -> impl Iterator<Item = &Home> {
        self.homes.iter().filter(|home| home.up)
    }
}

#[cfg(test)]
mod tests;
