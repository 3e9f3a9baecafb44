//! Probes on their way and their replies, in memory shared with the packet path.
//!
//! The daemon publishes each probe before it sends it, and looks up afterwards whether, and when, the reply had reached
//! this host. Nothing here waits and nothing is an event: a daemon that looks late finds the same as one that looks early.

use std::{net::IpAddr, path::Path, time::Instant};

use aya::maps::{MapData, PerCpuArray, PerCpuValues};
use ipmp_common::{Family, ProbeCounters, ProbeKind, RttHistogram, layout::names};

use super::tables::{TableError, failed, open};

mod ring;

pub use ring::Ring;

/// A probe about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What for.
    pub kind: ProbeKind,
    /// Its sequence number; detection has one sequence, the other kinds share another.
    pub sequence: u16,
    /// Whom it goes to.
    pub target: IpAddr,
    /// Which of the instance's histograms its round trip goes to.
    pub target_index: u8,
    /// What the reply has to bring back.
    pub cookie: u64,
    /// A time before it is sent.
    pub sent: Instant,
}

/// The probes of a group.
pub struct ProbeTable {
    ring: Ring,
    counters: PerCpuArray<MapData, ProbeCounters>,
}

impl ProbeTable {
    /// Maps what is pinned in `pins` into memory and forgets what an earlier daemon has left there.
    pub fn new(pins: &Path) -> Result<Self, TableError> {
        Ok(Self { ring: Ring::new(pins)?, counters: open(pins, names::PROBE_COUNTERS)? })
    }

    /// Lets replies with this identifier be looked at, none of which can count before a probe is published.
    pub fn open(&self, slot: u16, family: Family, identifier: u16) {
        self.ring.open(slot, family, identifier);
    }

    /// Lets nothing be taken for a reply any more.
    pub fn close(&self, slot: u16, family: Family) {
        self.ring.close(slot, family);
    }

    /// Makes a probe known to the packet path. To be done before it is sent.
    pub fn publish(&self, slot: u16, family: Family, probe: &Outgoing) {
        self.ring.publish(slot, family, probe);
    }

    /// When the reply to a probe reached this host; `None` while it has not, and for probes so old that their place has been
    /// used again.
    pub fn arrival(&self, slot: u16, family: Family, kind: ProbeKind, sequence: u16) -> Option<Instant> {
        self.ring.arrival(slot, family, kind, sequence)
    }

    /// Replies by the base-2 logarithm of their round trip in microseconds.
    pub fn histogram(&self, slot: u16, family: Family, target_index: u8) -> [u32; RttHistogram::BINS] {
        self.ring.histogram(slot, family, target_index)
    }

    /// Begins a histogram anew: its place is another target's.
    pub fn clear_histogram(&self, slot: u16, family: Family, target_index: u8) {
        self.ring.clear_histogram(slot, family, target_index);
    }

    /// What was made of what looked like replies at `slot`, both families and all CPUs together.
    pub fn counters(&self, slot: u16) -> Result<ProbeCounters, TableError> {
        let values = self.counters.get(&slot.into(), 0).map_err(failed(names::PROBE_COUNTERS))?;
        Ok(values.iter().fold(ProbeCounters::default(), |mut sum, &value| {
            sum += value;
            sum
        }))
    }

    /// Begins the counters of `slot` anew: it is another member's.
    pub fn clear_counters(&mut self, slot: u16) -> Result<(), TableError> {
        let words = |source| TableError::Words { map: names::PROBE_COUNTERS, source };
        let cpus = aya::util::nr_cpus().map_err(|(_, source)| words(source))?;
        let zero = PerCpuValues::try_from(vec![ProbeCounters::default(); cpus]).map_err(words)?;
        self.counters.set(slot.into(), zero, 0).map_err(failed(names::PROBE_COUNTERS))
    }
}
