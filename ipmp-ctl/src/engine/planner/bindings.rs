//! Which member receives the packets for each data address.

use std::{collections::BTreeMap, net::IpAddr};

use ipmp_common::{Address, Choice};

use super::{Futures, Homed, Scene, Seat, fallback};
use crate::engine::event::MemberIndex;

/// The next bindings, after `last`.
///
/// An address goes home when its home has `joined`. It stays while its member works, and follows the rule of the packet
/// path when that has failed. A new one goes home, or to where there are fewest. When somebody has joined, addresses that
/// are not at home are levelled out too.
pub(super) fn plan(
    last: &BTreeMap<IpAddr, Choice>,
    scene: &Scene,
    futures: &Futures,
    addresses: &[Homed],
    joined: &[MemberIndex],
) -> BTreeMap<IpAddr, Choice> {
    let usable = scene.usable();
    let mut hosted = Hosted::default();
    let (mut bound, mut unbound) = (Vec::new(), Vec::new());
    for &homed in addresses {
        let returning = homed.home.filter(|home| joined.contains(home));
        let salt = Address::from(homed.address).salt();
        let stay = || last.get(&homed.address).and_then(|&choice| fallback(choice, usable, salt));
        match scene.slot_of(returning).or_else(stay) {
            Some(slot) => {
                hosted.add(homed.address, slot);
                bound.push((homed, slot));
            }
            None => unbound.push(homed),
        }
    }
    bound.extend(hosted.settle(&unbound, scene));
    if !joined.is_empty() {
        [false, true].into_iter().for_each(|ipv6| hosted.level(ipv6, &mut bound, scene));
    }
    let bound: BTreeMap<_, _> = bound.into_iter().map(|(homed, slot)| (homed.address, slot)).collect();
    let mut guests: BTreeMap<u16, Vec<Homed>> = BTreeMap::new();
    for homed in addresses {
        if let Some(&slot) = bound.get(&homed.address) {
            guests.entry(slot).or_default().push(*homed);
        }
    }

    let mut next = BTreeMap::new();
    for (failed, orphans) in guests {
        next.extend(orphans.iter().map(|homed| (homed.address, Choice::new(failed, Choice::NONE_SLOT))));
        let backups = futures.get(&failed).map(|future| hosted.clone().settle(&orphans, future));
        for (homed, backup) in backups.into_iter().flatten() {
            next.insert(homed.address, Choice::new(failed, backup));
        }
    }
    next
}

/// How many addresses of each family (IPv6: true) each slot hosts.
#[derive(Clone, Debug, Default)]
struct Hosted {
    counts: BTreeMap<(bool, u16), usize>,
}

impl Hosted {
    fn add(&mut self, address: IpAddr, slot: u16) {
        *self.counts.entry((address.is_ipv6(), slot)).or_default() += 1;
    }

    fn count(&self, ipv6: bool, slot: u16) -> usize {
        self.counts.get(&(ipv6, slot)).copied().unwrap_or(0)
    }

    /// Moves guests, addresses that are not at home, away from the member that hosts the most of the family, the last one
    /// first: home if that helps, otherwise to the member that hosts the fewest. Done when the counts differ by one at
    /// most, or where only addresses at home could level them.
    fn level(&mut self, ipv6: bool, bound: &mut [(Homed, u16)], scene: &Scene) {
        loop {
            let is_guest = |(homed, slot): &(Homed, u16)| {
                homed.address.is_ipv6() == ipv6 && scene.slot_of(homed.home) != Some(*slot)
            };
            let guests = bound.iter_mut().filter(|entry| is_guest(entry));
            let Some((homed, slot)) = guests.max_by_key(|(_, slot)| self.count(ipv6, *slot)) else { return };
            let helps = |to: &u16| self.count(ipv6, *to) + 1 < self.count(ipv6, *slot);
            let least = scene.active.iter().min_by_key(|seat| self.rank(ipv6, seat)).map(|seat| seat.slot);
            let Some(to) = scene.slot_of(homed.home).filter(helps).or(least.filter(helps)) else { return };
            // The sum of the squares of the counts gets smaller each time, so this ends.
            self.remove(homed.address, *slot);
            self.add(homed.address, to);
            *slot = to;
        }
    }

    /// Who takes an address first: who hosts the fewest; among equals a standby, which was idle.
    fn rank(&self, ipv6: bool, seat: &Seat) -> (usize, bool, MemberIndex) {
        (self.count(ipv6, seat.slot), !seat.standby, seat.member)
    }

    fn remove(&mut self, address: IpAddr, slot: u16) {
        if let Some(count) = self.counts.get_mut(&(address.is_ipv6(), slot)) {
            *count -= 1;
        }
    }

    /// Binds these addresses one at a time in their order: to the home if that is active, otherwise to the member that
    /// hosts the fewest of the family; among equals a standby, which is idle, comes first.
    fn settle(&mut self, unbound: &[Homed], scene: &Scene) -> Vec<(Homed, u16)> {
        let mut bound = Vec::with_capacity(unbound.len());
        for &homed in unbound {
            let cost = |seat: &&Seat| self.rank(homed.address.is_ipv6(), seat);
            let fewest = || scene.active.iter().min_by_key(cost).map(|seat| seat.slot);
            if let Some(slot) = scene.slot_of(homed.home).or_else(fewest) {
                self.add(homed.address, slot);
                bound.push((homed, slot));
            }
        }
        bound
    }
}
