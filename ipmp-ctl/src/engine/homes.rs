//! The home of each data address: the member that it is bound to as long as that member is active.
//!
//! Homes are dealt out for each family separately, and do not depend on which members are present: a daemon that starts
//! with a member missing deals them as one that starts with all.

use std::{collections::BTreeSet, net::IpAddr};

use crate::config;

use super::event::MemberIndex;

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
pub(super) struct Homes {
    /// Configured addresses in the order of the file, then the others in the order in which they appeared.
    homes: Vec<Home>,
    /// Members that can be a home.
    candidates: Vec<MemberIndex>,
}

impl Homes {
    /// Deals out homes to the configured addresses: the i-th of a family to the i-th member that is not a standby.
    pub(super) fn new(config: &config::Group) -> Self {
        let mut candidates: Vec<_> =
            (0..config.members.len()).filter(|&index| !config.members[index].standby).collect();
        if candidates.is_empty() {
            candidates = (0..config.members.len()).collect();
        }
        let mut homes = Self { homes: Vec::new(), candidates };
        let mut dealt = [0, 0];
        for address in config.addresses.iter().map(|data| data.net.addr()) {
            let turn = &mut dealt[usize::from(address.is_ipv6())];
            let member = homes.candidates.iter().cycle().nth(*turn).copied();
            *turn += 1;
            homes.homes.push(Home { address, member, up: false, configured: true });
        }
        homes
    }

    /// The group interface has got the address. One that is not configured takes the member that levels the counts.
    pub(super) fn add(&mut self, address: IpAddr) {
        if let Some(home) = self.homes.iter_mut().find(|home| home.address == address) {
            home.up = true;
            return;
        }
        let family = |home: &&Home| home.address.is_ipv6() == address.is_ipv6();
        let count =
            |member| self.homes.iter().filter(family).filter(|home| home.member == Some(member)).count();
        let member = self.candidates.iter().copied().min_by_key(|&member| count(member));
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
