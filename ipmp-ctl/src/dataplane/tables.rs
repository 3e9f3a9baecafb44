//! The maps of a group, open.

use std::{collections::BTreeMap, mem::offset_of, net::IpAddr, os::fd::AsFd as _, path::Path};

use aya::maps::{Array, HashMap, Map, MapData, MapError, PerCpuArray, PerCpuValues};
use ipmp_common::{
    Address, Binding, Bucket, Choice, GroupState, MemberCounters, Meta, Passage, Reason, SettingKey,
    SettingValue, Slot, SlotRef, SlotSet, TestFilter,
    layout::{BUCKETS, SLOTS, names},
    member::Mac,
    reason::ReasonCounter,
};

use super::{clock::Clock, diff::MapOp, passages, words::Words};
use crate::engine::assignment::{Assignment, SlotLink};

/// Why a map could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// aya's own error.
    #[error("map {map}: {source}")]
    Map {
        /// Name of the map.
        map: &'static str,
        /// What aya says.
        source: MapError,
    },
    /// The map could not be mapped into memory.
    #[error("map {map}: mapping it into memory: {source}")]
    Words {
        /// Name of the map.
        map: &'static str,
        /// What the kernel says.
        source: std::io::Error,
    },
}

impl TableError {
    /// Whether the map has no room for another entry.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Map { source: MapError::SyscallError(error), .. }
            if error.io_error.raw_os_error() == Some(libc::E2BIG))
    }
}

pub(super) fn failed(map: &'static str) -> impl FnOnce(MapError) -> TableError {
    move |source| TableError::Map { map, source }
}

pub(super) fn open<T: TryFrom<Map, Error = MapError>>(
    pins: &Path,
    map: &'static str,
) -> Result<T, TableError> {
    let data = MapData::from_pin(pins.join(map)).map_err(failed(map))?;
    Map::from_map_data(data).and_then(T::try_from).map_err(failed(map))
}

pub(super) fn words(pins: &Path, map: &'static str, bytes: usize) -> Result<Words, TableError> {
    let data = MapData::from_pin(pins.join(map)).map_err(failed(map))?;
    Words::map(data.fd().as_fd(), bytes / size_of::<u64>())
        .map_err(|source| TableError::Words { map, source })
}

/// Word of the group state that holds `field`.
macro_rules! state_word {
    ($field:ident) => {
        offset_of!(GroupState, $field) / size_of::<u64>()
    };
}

/// Word of the bucket table that holds the wanted choice of a bucket.
const fn bucket_word(bucket: u32) -> usize {
    (bucket as usize * size_of::<Bucket>() + offset_of!(Bucket, next)) / size_of::<u64>()
}

/// Word of the bucket table that holds the passage of a bucket.
const fn passage_word(bucket: u32) -> usize {
    (bucket as usize * size_of::<Bucket>() + offset_of!(Bucket, passage)) / size_of::<u64>()
}

/// The maps of a group. The daemon alone writes them, except for counters and what [`Bucket`] says.
pub struct Tables {
    meta: Array<MapData, Meta>,
    state: Words,
    buckets: Words,
    clock: Clock,
    slots: Array<MapData, Slot>,
    bindings: HashMap<MapData, Address, Binding>,
    test_addresses: HashMap<MapData, Address, SlotRef>,
    member_macs: HashMap<MapData, Mac, SlotRef>,
    counters: PerCpuArray<MapData, MemberCounters>,
    reasons: PerCpuArray<MapData, ReasonCounter>,
    saved_settings: HashMap<MapData, SettingKey, SettingValue>,
}

impl Tables {
    /// Opens the maps pinned in `pins`.
    pub fn open(pins: &Path) -> Result<Self, TableError> {
        Ok(Self {
            meta: open(pins, names::META)?,
            state: words(pins, names::GROUP_STATE, size_of::<GroupState>())?,
            buckets: words(pins, names::BUCKETS, BUCKETS * size_of::<Bucket>())?,
            clock: Clock::read(),
            slots: open(pins, names::SLOTS)?,
            bindings: open(pins, names::BINDINGS)?,
            test_addresses: open(pins, names::TEST_ADDRESSES)?,
            member_macs: open(pins, names::MEMBER_MACS)?,
            counters: open(pins, names::COUNTERS)?,
            reasons: open(pins, names::REASONS)?,
            saved_settings: open(pins, names::SAVED_SETTINGS)?,
        })
    }

    /// The meta data of the pins in `pins`, without opening anything else.
    pub fn peek_meta(pins: &Path) -> Result<Meta, TableError> {
        let meta: Array<MapData, Meta> = open(pins, names::META)?;
        meta.get(&0, 0).map_err(failed(names::META))
    }

    /// Writes the meta data of a new group.
    pub fn set_meta(&mut self, meta: Meta) -> Result<(), TableError> {
        self.meta.set(0, meta, 0).map_err(failed(names::META))
    }

    /// Tells the packet path the MAC address of the group interface.
    pub fn set_group_mac(&self, mac: Mac) {
        let [a, b, c, d, e, f] = mac.bytes;
        self.state.set(state_word!(mac), u64::from_le_bytes([a, b, c, d, e, f, 0, 0]));
    }

    /// Makes a new group's maps hold [`Assignment::default`]: arrays begin with zeros, and slot 0 is a slot.
    pub fn reset(&self) {
        self.state.set(state_word!(nominee), Choice::NONE.to_word());
        for bucket in 0..BUCKETS as u32 {
            self.buckets.set(bucket_word(bucket), Choice::NONE.to_word());
        }
    }

    /// What the maps hold.
    pub fn read(&self) -> Result<Assignment, TableError> {
        let mut slots = BTreeMap::new();
        for number in 0..SLOTS as u16 {
            let slot = self.slots.get(&u32::from(number), 0).map_err(failed(names::SLOTS))?;
            if slot.ifindex != 0 {
                slots.insert(number, SlotLink { ifindex: slot.ifindex, mac: slot.mac });
            }
        }
        let bindings = self
            .bindings
            .iter()
            .map(|entry| entry.map(|(address, binding)| (IpAddr::from(address), binding.member)))
            .collect::<Result<_, _>>()
            .map_err(failed(names::BINDINGS))?;
        let test_addresses = self
            .test_addresses
            .iter()
            .map(|entry| entry.map(|(address, slot)| (IpAddr::from(address), slot.slot as u16)))
            .collect::<Result<_, _>>()
            .map_err(failed(names::TEST_ADDRESSES))?;
        Ok(Assignment {
            usable: SlotSet(self.state.get(state_word!(usable))),
            slots,
            buckets: (0..BUCKETS as u32)
                .map(|n| Choice::from_word(self.buckets.get(bucket_word(n))))
                .collect(),
            bindings,
            nominee: Choice::from_word(self.state.get(state_word!(nominee))),
            gap: self.state.get(state_word!(gap)) as u32,
            test_addresses,
        })
    }

    /// Carries out one write.
    pub fn write(&mut self, op: &MapOp) -> Result<(), TableError> {
        match *op {
            MapOp::Usable(usable) => self.state.set(state_word!(usable), usable.0),
            MapOp::Nominee(choice) => self.state.set(state_word!(nominee), choice.to_word()),
            MapOp::Bucket(number, choice) => self.buckets.set(bucket_word(number), choice.to_word()),
            MapOp::Gap(gap) => self.state.set(state_word!(gap), gap.into()),
            MapOp::Slot(number, link) => self.fill_slot(number, link)?,
            MapOp::ClearSlot(number, link) => self.clear_slot(number, link)?,
            MapOp::Bind(address, member) => self
                .bindings
                .insert(Address::from(address), Binding { member }, 0)
                .map_err(failed(names::BINDINGS))?,
            MapOp::Unbind(address) => {
                absent_is_fine(self.bindings.remove(&address.into())).map_err(failed(names::BINDINGS))?;
            }
            MapOp::TestAddress(address, slot) => {
                let address = Address::from(address);
                // The filter first: an address in the map without its bit would not be found.
                let mut filter = self.test_filter()?;
                filter.add(&address);
                self.set_test_filter(filter);
                self.test_addresses
                    .insert(address, SlotRef { slot: slot.into() }, 0)
                    .map_err(failed(names::TEST_ADDRESSES))?;
            }
            MapOp::RemoveTestAddress(address) => {
                absent_is_fine(self.test_addresses.remove(&address.into()))
                    .map_err(failed(names::TEST_ADDRESSES))?;
                let filter = self.test_filter()?;
                self.set_test_filter(filter);
            }
        }
        Ok(())
    }

    /// The filter of the test addresses in the map.
    fn test_filter(&self) -> Result<TestFilter, TableError> {
        let mut filter = TestFilter::default();
        for address in self.test_addresses.keys() {
            filter.add(&address.map_err(failed(names::TEST_ADDRESSES))?);
        }
        Ok(filter)
    }

    fn set_test_filter(&self, filter: TestFilter) {
        for (word, bits) in (state_word!(test_filter)..).zip(filter.words) {
            self.state.set(word, bits);
        }
    }

    /// Lets a bucket pass that moves as `choice` says, if nobody uses it. Whether it has passed.
    pub fn let_pass(&self, bucket: u32, choice: Choice) -> bool {
        let gap = self.state.get(state_word!(gap)) as u32;
        passages::look(&self.buckets, passage_word(bucket), choice.epoch, self.clock, gap)
    }

    /// How far a bucket has got.
    pub fn passage(&self, bucket: u32) -> Passage {
        Passage::from_word(self.buckets.get(passage_word(bucket)))
    }

    fn fill_slot(&mut self, number: u16, link: SlotLink) -> Result<(), TableError> {
        let cpus =
            aya::util::nr_cpus().map_err(|(_, source)| TableError::Words { map: names::COUNTERS, source })?;
        let zero = PerCpuValues::try_from(vec![MemberCounters::default(); cpus])
            .map_err(|source| TableError::Words { map: names::COUNTERS, source })?;
        self.counters.set(number.into(), zero, 0).map_err(failed(names::COUNTERS))?;
        let slot = Slot { ifindex: link.ifindex, mac: link.mac, reserved: 0 };
        self.slots.set(number.into(), slot, 0).map_err(failed(names::SLOTS))?;
        self.member_macs
            .insert(link.mac, SlotRef { slot: number.into() }, 0)
            .map_err(failed(names::MEMBER_MACS))
    }

    fn clear_slot(&mut self, number: u16, link: SlotLink) -> Result<(), TableError> {
        // Another slot may have taken the address over.
        let owner = self.member_macs.get(&link.mac, 0).ok().map(|owner| owner.slot);
        self.slots.set(number.into(), Slot::default(), 0).map_err(failed(names::SLOTS))?;
        if owner != Some(number.into()) {
            return Ok(());
        }
        // Two members had one address: it is the other's from now on.
        match self.slot_with(link.mac)? {
            Some(slot) => {
                self.member_macs.insert(link.mac, SlotRef { slot }, 0).map_err(failed(names::MEMBER_MACS))
            }
            None => absent_is_fine(self.member_macs.remove(&link.mac)).map_err(failed(names::MEMBER_MACS)),
        }
    }

    fn slot_with(&self, mac: Mac) -> Result<Option<u32>, TableError> {
        for number in 0..SLOTS as u32 {
            let slot = self.slots.get(&number, 0).map_err(failed(names::SLOTS))?;
            if slot.ifindex != 0 && slot.mac == mac {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// What went through `slot`, over all CPUs.
    pub fn counters(&self, slot: u16) -> Result<MemberCounters, TableError> {
        let values = self.counters.get(&slot.into(), 0).map_err(failed(names::COUNTERS))?;
        Ok(values.iter().fold(MemberCounters::default(), |mut sum, &value| {
            sum += value;
            sum
        }))
    }

    /// Packets counted for `reason`, over all CPUs.
    pub fn reason(&self, reason: Reason) -> Result<u64, TableError> {
        let values = self.reasons.get(&(reason as u32), 0).map_err(failed(names::REASONS))?;
        Ok(values.iter().map(|value| value.packets).sum())
    }

    /// What kernel settings were before the daemon changed them.
    pub const fn saved_settings(&mut self) -> &mut HashMap<MapData, SettingKey, SettingValue> {
        &mut self.saved_settings
    }
}

fn absent_is_fine(removed: Result<(), MapError>) -> Result<(), MapError> {
    match removed {
        Err(MapError::KeyNotFound) => Ok(()),
        Err(MapError::SyscallError(error)) if error.io_error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        other => other,
    }
}
