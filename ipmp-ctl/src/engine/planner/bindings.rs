//! Which member receives the packets for each data address.

use std::{collections::BTreeMap, net::IpAddr};

use ipmp_common::{Address, Choice};

use super::{Futures, Homed, Scene, fallback};
use crate::engine::event::MemberIndex;

/// The next bindings, after `last`.
///
/// An address goes home when its home has `joined`. It stays while its member works, and follows the rule of the packet
/// path when that has failed. A new one goes home, or to where there are fewest.
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

    fn count(&self, address: IpAddr, slot: u16) -> usize {
        self.counts.get(&(address.is_ipv6(), slot)).copied().unwrap_or(0)
    }

    /// Binds these addresses one at a time in their order: to the home if that is active, otherwise to the member that
    /// hosts the fewest of the family; among equals a standby, which is idle, comes first.
    fn settle(&mut self, unbound: &[Homed], scene: &Scene) -> Vec<(Homed, u16)> {
        let mut bound = Vec::with_capacity(unbound.len());
        for &homed in unbound {
            let cost =
                |seat: &&super::Seat| (self.count(homed.address, seat.slot), !seat.standby, seat.member);
            let fewest = || scene.active.iter().min_by_key(cost).map(|seat| seat.slot);
            if let Some(slot) = scene.slot_of(homed.home).or_else(fewest) {
                self.add(homed.address, slot);
                bound.push((homed, slot));
            }
        }
        bound
    }
}
