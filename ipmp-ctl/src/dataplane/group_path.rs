//! The packet path of one group: its maps and its programs at their places.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ipmp_common::{MemberCounters, Reason, layout::ADDRESSES, member::Mac};

use super::{
    diff::{MapOp, diff},
    driver_hooks::DriverHooks,
    hook::{self, HookError, Place},
    object::{self, LoadError},
    pins::{self, GroupPins, PinError},
    probes::ProbeTable,
    tables::{TableError, Tables},
    trace::TraceError,
};
use crate::engine::assignment::{Assignment, SlotLink};

mod attach;
mod fixed;
mod interface;
mod moving;

pub use attach::{Attached, MemberAttach, Proof};
use attach::{Loader, constants};
pub use fixed::Fixed;

/// Why the packet path could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum PathError {
    /// The object.
    #[error("group {group}: {source}")]
    Load {
        /// The group.
        group: String,
        /// Why.
        source: LoadError,
    },
    /// The maps.
    #[error("group {group}: {source}")]
    Table {
        /// The group.
        group: String,
        /// Why.
        source: TableError,
    },
    /// The pins.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// What the programs log cannot be read.
    #[error("group {group}: reading the log of the packet path: {source}")]
    Trace {
        /// The group.
        group: String,
        /// Why.
        source: TraceError,
    },
    /// A program at its place.
    #[error("group {group}: {source}")]
    Hook {
        /// The group.
        group: String,
        /// Why.
        source: HookError,
    },
}

/// The packet path of one group.
///
/// Dropping it leaves everything as it is: maps and links are pinned, and traffic goes on.
pub struct GroupPath {
    fixed: Fixed,
    hash_seed: u64,
    pins: GroupPins,
    tables: Tables,
    probes: ProbeTable,
    installed: Assignment,
    /// What the engine wants; the usable word of `installed` may lack members that have no program yet.
    wanted: Assignment,
    /// Slots whose programs an earlier daemon left, until they are taken over.
    inherited: BTreeMap<u16, SlotLink>,
    /// Whether it has been said that there are more addresses than fit.
    full_told: bool,
    group_hooks: BTreeMap<Place, Attached>,
    member_hooks: BTreeMap<u16, (SlotLink, Attached)>,
    driver_hooks: DriverHooks,
    /// Places from which somebody has taken the program.
    lost: BTreeSet<Place>,
}

impl GroupPath {
    /// Opens the maps of a group in `pins`, which this process has locked, and adopts what an earlier daemon left there
    /// if it is of the same layout and network namespace. What else lies there is removed. The group interface may be
    /// another one by now: the programs, which name it, are replaced like those of any earlier daemon.
    ///
    /// `seed` is the flow hash seed of a new group. Nothing is attached yet.
    pub fn open(fixed: Fixed, pins: GroupPins, seed: u64) -> Result<(Self, Option<Assignment>), PathError> {
        let left = Tables::peek_meta(pins.path()).ok();
        let adopted = left.filter(|meta| fixed.owns(meta));
        if adopted.is_none() {
            pins.clear()?;
        }
        let hash_seed = adopted.map_or(seed, |meta| meta.hash_seed);
        let group = || fixed.group.clone();
        // The first load makes the maps. Its program is verified once more when it is attached: a small price for
        // finding out early whether the kernel takes it.
        object::load(
            object::Program::GroupEgress,
            constants(&fixed, hash_seed, Place::GroupEgress),
            pins.path(),
        )
        .map_err(|source| PathError::Load { group: group(), source })?;
        let table_error = |source| PathError::Table { group: group(), source };
        let mut tables = Tables::open(pins.path()).map_err(table_error)?;
        let probes = ProbeTable::new(pins.path()).map_err(table_error)?;
        if adopted.is_none() {
            tables.reset();
        }
        let installed = tables.read().map_err(table_error)?;
        if adopted != Some(fixed.meta(hash_seed)) {
            tables.set_meta(fixed.meta(hash_seed)).map_err(table_error)?;
        }
        let driver_hooks = DriverHooks::new(fixed.driver_hook);
        driver_hooks.remove_others(&pins)?;
        let path = Self {
            fixed,
            hash_seed,
            pins,
            tables,
            probes,
            installed: installed.clone(),
            wanted: installed.clone(),
            inherited: if adopted.is_some() { installed.slots.clone() } else { BTreeMap::new() },
            full_told: false,
            group_hooks: BTreeMap::new(),
            member_hooks: BTreeMap::new(),
            driver_hooks,
            lost: BTreeSet::new(),
        };
        Ok((path, adopted.map(|_| installed)))
    }

    /// Seed of the flow hash.
    pub const fn hash_seed(&self) -> u64 {
        self.hash_seed
    }

    /// What the maps hold.
    pub const fn installed(&self) -> &Assignment {
        &self.installed
    }

    /// The maps.
    pub const fn tables(&mut self) -> &mut Tables {
        &mut self.tables
    }

    /// Where the maps and links are pinned.
    pub fn pins(&self) -> &Path {
        self.pins.path()
    }

    /// Probes on their way and their replies.
    pub const fn probes(&self) -> &ProbeTable {
        &self.probes
    }

    /// Tells the packet path the MAC address of the group interface.
    pub fn set_group_mac(&self, mac: Mac) {
        self.tables.set_group_mac(mac);
    }

    /// Makes the maps hold `wanted`. A member is not usable before its program is attached: what came back by it would be
    /// lost.
    ///
    /// After an error what they hold is read back, so that the next try begins with the truth.
    pub fn apply(&mut self, wanted: &Assignment) -> Result<(), PathError> {
        self.wanted.clone_from(wanted);
        self.write()
    }

    fn write(&mut self) -> Result<(), PathError> {
        let mut next = self.wanted.clone();
        next.usable = next.usable.iter().filter(|&slot| self.has_program(slot)).collect();
        for op in diff(&self.installed, &next) {
            let written = self.tables.write(&op).and_then(|()| match op {
                MapOp::Slot(slot, _) => self.probes.clear_counters(slot),
                _ => Ok(()),
            });
            match (written, op) {
                (Ok(()), _) => {}
                // What has no binding goes by the nominated member.
                (Err(error), MapOp::Bind(address, _)) if error.is_full() => {
                    next.bindings.remove(&address);
                    if !std::mem::replace(&mut self.full_told, true) {
                        tracing::warn!(
                            group = self.fixed.group,
                            "the group interface has more than {ADDRESSES} data addresses: {address} and others are at the \
                             nominated member"
                        );
                    }
                }
                (Err(source), _) => {
                    if let Ok(installed) = self.tables.read() {
                        self.installed = installed;
                    }
                    return Err(PathError::Table { group: self.fixed.group.clone(), source });
                }
            }
        }
        self.installed = next;
        Ok(())
    }

    /// Whether the program of the member in this slot is at its place.
    pub fn has_program(&self, slot: u16) -> bool {
        let wanted = self.wanted.slots.get(&slot);
        let attached = self.member_hooks.get(&slot).map(|(link, _)| link);
        wanted.is_some() && (wanted == attached || wanted == self.inherited.get(&slot))
    }

    fn loader(&self) -> Loader {
        Loader { fixed: self.fixed.clone(), hash_seed: self.hash_seed, pins: self.pins.path().to_owned() }
    }

    /// Takes out the programs of members that no slot holds any more, to be detached.
    pub fn take_stale(&mut self) -> Vec<Attached> {
        let slots = &self.installed.slots;
        let stale = self.member_hooks.extract_if(.., |slot, (link, _)| slots.get(slot) != Some(link));
        let stale = stale.map(|(_, (_, attached))| attached);
        stale.chain(self.driver_hooks.take_stale(slots)).collect()
    }

    /// The places that lack a program, each with what it takes to attach it: the one at the driver of a member comes after
    /// the other. `name_of` tells the present name of an interface.
    pub fn missing(&self, name_of: impl Fn(u32) -> Option<String>) -> Vec<MemberAttach> {
        let lacks = |(&slot, &link)| {
            let ingress = Place::MemberIngress(slot);
            let has_hook = self.member_hooks.contains_key(&slot) && !self.lost.contains(&ingress);
            let at_driver = || {
                let lost = self.lost.iter().find(|place| place.slot() == Some(slot)).copied();
                lost.or_else(|| self.driver_hooks.missing(slot, link))
            };
            let place = if has_hook { at_driver() } else { Some(ingress) };
            place.map(|place| (place, link))
        };
        let without = self.installed.slots.iter().filter_map(lacks);
        let at_members = without.filter_map(|(place, link)| {
            let interface = name_of(link.ifindex)?;
            Some(MemberAttach::new(place, link, interface, self.loader()))
        });
        self.missing_at_group().into_iter().chain(at_members).collect()
    }

    /// What tells whether the programs at the members are still there.
    pub fn proofs(&self) -> Vec<Proof> {
        let members = self.member_hooks.values().map(|(_, attached)| attached);
        members.chain(self.driver_hooks.iter()).filter_map(Attached::proof).collect()
    }

    /// Takes note that a program is no longer where it was attached, unless another one has been since.
    pub fn note_lost(&mut self, place: Place, number: u64) {
        let members = self.member_hooks.values().map(|(_, attached)| attached);
        let mut attached = members.chain(self.driver_hooks.iter());
        if attached.any(|attached| (attached.place, attached.number) == (place, number)) {
            self.lost.insert(place);
        }
    }

    /// Takes in what was attached: a member may be used from now on. Gives back what is superseded by it, or itself if the
    /// slot holds another member by now, or the group interface is another one.
    pub fn attached(&mut self, link: SlotLink, attached: Attached) -> Result<Option<Attached>, PathError> {
        self.lost.remove(&attached.place);
        let Some(slot) = attached.place.slot() else { return Ok(self.attached_at_group(attached)) };
        if self.installed.slots.get(&slot) != Some(&link) {
            return Ok(Some(attached));
        }
        if let Place::MemberDriver(..) = attached.place {
            return Ok(self.driver_hooks.attached(slot, link, attached));
        }
        if attached.group_ifindex != self.fixed.group_ifindex {
            // It was on its way while the group interface was made anew, and names the old one.
            self.lost.insert(attached.place);
        }
        self.inherited.remove(&slot);
        let old = self.member_hooks.insert(slot, (link, attached)).map(|(_, old)| old);
        self.write()?;
        Ok(old)
    }

    /// Takes note that there is no program at the driver of a member; whether that is news. The TC hook does its work.
    pub fn driver_refused(&mut self, place: Place, link: SlotLink, why: &str) -> bool {
        place.slot().is_some_and(|slot| self.driver_hooks.refused(slot, link, why))
    }

    /// Lets programs be attached to drivers that refused them: what was in the way may be gone.
    pub fn retry_drivers(&mut self) {
        self.driver_hooks.retry();
    }

    /// The slots with a program at their driver.
    pub fn at_driver(&self) -> impl Iterator<Item = u16> {
        self.driver_hooks.slots()
    }

    /// Removes the programs that an earlier daemon has left at slots which nobody holds any more.
    pub fn remove_inherited(&mut self) -> Result<(), PathError> {
        for (slot, link) in std::mem::take(&mut self.inherited) {
            if self.installed.slots.get(&slot) == Some(&link) {
                self.inherited.insert(slot, link);
                continue;
            }
            let place = Place::MemberIngress(slot);
            if let Some(interface) = hook::name_of(link.ifindex) {
                hook::detach_filter(&interface, place);
            }
            self.pins.remove_pin(&place.pin_name())?;
            self.driver_hooks.remove_left(&self.pins, slot)?;
        }
        Ok(())
    }

    /// What went through each slot in use.
    pub fn counters(&self) -> Result<BTreeMap<u16, MemberCounters>, PathError> {
        let read = |&slot| self.tables.counters(slot).map(|counters| (slot, counters));
        let table_error = |source| PathError::Table { group: self.fixed.group.clone(), source };
        self.installed.slots.keys().map(read).collect::<Result<_, _>>().map_err(table_error)
    }

    /// How often the packet path had each reason.
    pub fn reasons(&self) -> Result<BTreeMap<Reason, u64>, PathError> {
        let read = |&reason| self.tables.reason(reason).map(|count| (reason, count));
        let table_error = |source| PathError::Table { group: self.fixed.group.clone(), source };
        Reason::ALL.iter().map(read).collect::<Result<_, _>>().map_err(table_error)
    }

    /// Detaches everything and removes the pins.
    pub fn remove(self) -> Result<(), PathError> {
        let members = self.member_hooks.into_values().map(|(_, attached)| attached);
        let members = members.chain(self.driver_hooks.into_attached());
        let hooks = members.chain(self.group_hooks.into_values());
        let mut result = Ok(());
        for attached in hooks {
            result = result.and(attached.detach());
        }
        result.map_err(|source| PathError::Hook { group: self.fixed.group, source })?;
        Ok(self.pins.remove()?)
    }
}

/// Removes what a daemon that is no longer there left of a group in `pins`: filters and pins.
pub fn remove_left(pins: &Path, group: &str, peer: &str) -> Result<(), PinError> {
    hook::detach_filter(group, Place::GroupEgress);
    hook::detach_filter(peer, Place::PeerIngress);
    let slots = Tables::open(pins).and_then(|tables| tables.read()).map(|assignment| assignment.slots);
    for (slot, link) in slots.unwrap_or_default() {
        if let Some(interface) = hook::name_of(link.ifindex) {
            hook::detach_filter(&interface, Place::MemberIngress(slot));
        }
    }
    pins::remove(pins)
}
