//! The rings of all instances: who may be answered, and who was. Order of writes: [`ipmp_common::probe`].

use std::{mem::offset_of, path::Path, time::Instant};

use ipmp_common::{
    Address, Family, Probe, ProbeHead, ProbeKind, RttHistogram,
    layout::names,
    probe::{CLOSED, INSTANCES, PLACES, TARGETS, arrival, histogram_index, instance, probe_index, waiting},
};

use super::{super::clock::Clock, Outgoing};
use crate::dataplane::{
    tables::{TableError, words},
    words::Words,
};

/// Words of a value.
const fn size<T>() -> usize {
    size_of::<T>() / size_of::<u64>()
}

/// Word of a place of the ring that holds `field`.
macro_rules! probe_word {
    ($index:expr, $field:ident) => {
        $index as usize * size::<Probe>() + offset_of!(Probe, $field) / size_of::<u64>()
    };
}

/// The rings, in memory shared with the packet path. One thread writes them: the value cannot be shared.
#[derive(Debug)]
pub struct Ring {
    heads: Words,
    probes: Words,
    histograms: Words,
    clock: Clock,
}

impl Ring {
    /// Maps what is pinned in `pins`, and closes every instance.
    pub fn new(pins: &Path) -> Result<Self, TableError> {
        let heads = words(pins, names::PROBE_HEADS, INSTANCES * size_of::<ProbeHead>())?;
        let probes = words(pins, names::PROBES, INSTANCES * PLACES * size_of::<Probe>())?;
        let histograms = words(pins, names::RTT_HISTOGRAMS, INSTANCES * TARGETS * size_of::<RttHistogram>())?;
        Ok(Self::over(heads, probes, histograms))
    }

    fn over(heads: Words, probes: Words, histograms: Words) -> Self {
        for instance in 0..INSTANCES {
            heads.set(instance, ProbeHead::default().to_word());
        }
        Self { heads, probes, histograms, clock: Clock::read() }
    }

    /// See [`super::ProbeTable::open`].
    pub fn open(&self, slot: u16, family: Family, identifier: u16) {
        let instance = instance(slot, family);
        self.set_head(instance, ProbeHead::default());
        for place in 0..PLACES as u32 {
            self.probes.set(probe_word!(instance * PLACES as u32 + place, answered_ns), CLOSED);
        }
        self.set_head(instance, ProbeHead { identifier, open: 1, ..ProbeHead::default() });
    }

    /// See [`super::ProbeTable::close`].
    pub fn close(&self, slot: u16, family: Family) {
        self.set_head(instance(slot, family), ProbeHead::default());
    }

    /// See [`super::ProbeTable::publish`].
    pub fn publish(&self, slot: u16, family: Family, probe: &Outgoing) {
        let Outgoing { kind, sequence, target, target_index, cookie, sent } = *probe;
        let instance = instance(slot, family);
        let index = probe_index(instance, kind, sequence);
        // Two probes of one place are told apart by this, even if they claim to be of the same moment.
        let former_ns = self.probes.get(probe_word!(index, sent_ns));
        let sent_ns = self.clock.ns(sent);
        let sent_ns = if sent_ns == former_ns { sent_ns + 1 } else { sent_ns };
        let target = Address::from(target).bytes;
        let (first, last) = target.split_at(size_of::<u64>());
        let word = |half: &[u8]| u64::from_ne_bytes(half.try_into().expect("half of an address"));
        // Each write is seen by whoever sees a later one, and the last word belongs to this probe alone: a reply to the
        // place's former probe cannot be taken for one to this.
        self.probes.set(probe_word!(index, answered_ns), CLOSED);
        self.probes.set(probe_word!(index, target), word(first));
        self.probes.set(probe_word!(index, target) + 1, word(last));
        self.probes.set(probe_word!(index, cookie), cookie);
        self.probes.set(probe_word!(index, sent_ns), sent_ns);
        self.probes.set(probe_word!(index, sequence), name(kind, sequence) | u64::from(target_index) << 32);
        self.probes.set(probe_word!(index, answered_ns), waiting(sent_ns));
        let head = ProbeHead::from_word(self.heads.get(instance as usize));
        let head = match kind {
            ProbeKind::Detection => ProbeHead { newest: sequence, ..head },
            ProbeKind::RttOnly | ProbeKind::Discovery => ProbeHead { newest_extra: sequence, ..head },
        };
        self.set_head(instance, head);
    }

    /// See [`super::ProbeTable::arrival`].
    pub fn arrival(&self, slot: u16, family: Family, kind: ProbeKind, sequence: u16) -> Option<Instant> {
        let index = probe_index(instance(slot, family), kind, sequence);
        // Nobody but this thread gives the place to another probe, so both words are of one probe.
        let found = self.probes.get(probe_word!(index, sequence)) & NAME;
        if found != name(kind, sequence) {
            return None;
        }
        let arrived = arrival(self.probes.get(probe_word!(index, answered_ns)))?;
        self.clock.instant(arrived)
    }

    /// See [`super::ProbeTable::histogram`].
    pub fn histogram(&self, slot: u16, family: Family, target_index: u8) -> [u32; RttHistogram::BINS] {
        let first = histogram_word(slot, family, target_index);
        std::array::from_fn(|bin| (self.histograms.get(first + bin / 2) >> (bin % 2 * 32)) as u32)
    }

    /// See [`super::ProbeTable::clear_histogram`].
    pub fn clear_histogram(&self, slot: u16, family: Family, target_index: u8) {
        let first = histogram_word(slot, family, target_index);
        for word in first..first + size::<RttHistogram>() {
            self.histograms.set(word, 0);
        }
    }

    fn set_head(&self, instance: u32, head: ProbeHead) {
        self.heads.set(instance as usize, head.to_word());
    }
}

/// The part of the word with the sequence that tells which probe it is.
const NAME: u64 = 0xffff_ffff;

/// That part for a probe.
const fn name(kind: ProbeKind, sequence: u16) -> u64 {
    sequence as u64 | (kind as u64) << 16
}

const fn histogram_word(slot: u16, family: Family, target_index: u8) -> usize {
    histogram_index(instance(slot, family), target_index as u16) as usize * size::<RttHistogram>()
}

#[cfg(test)]
mod tests;
