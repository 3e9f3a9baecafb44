//! The maps of probing: see `ipmp_common::probe` for who writes what and in which order.

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE,
    btf_maps::{Array, PerCpuArray},
    macros::btf_map,
};
use ipmp_common::{
    Probe, ProbeCounters, ProbeHead, RttHistogram,
    layout::SLOTS,
    probe::{INSTANCES, PLACES, TARGETS},
};

const MMAPABLE: usize = BPF_F_MMAPABLE as usize;

#[btf_map(name = "probe_heads")]
static HEADS: Array<ProbeHead, INSTANCES, MMAPABLE> = Array::new();
#[btf_map(name = "probes")]
static PROBES: Array<Probe, { INSTANCES * PLACES }, MMAPABLE> = Array::new();
#[btf_map(name = "probe_counters")]
static COUNTERS: PerCpuArray<ProbeCounters, SLOTS> = PerCpuArray::new();
#[btf_map(name = "rtt_histograms")]
static HISTOGRAMS: Array<RttHistogram, { INSTANCES * TARGETS }, MMAPABLE> = Array::new();

/// Where `instance` stands, read in one piece.
#[inline(always)]
pub fn head(instance: u32) -> ProbeHead {
    let word = HEADS.get_ptr(instance).map_or(0, |head| {
        // SAFETY: the pointer came from a successful look-up; one aligned word that another thread may be writing.
        unsafe { head.cast::<u64>().read_volatile() }
    });
    ProbeHead::from_word(word)
}

/// A place of the ring.
#[inline(always)]
pub fn probe(index: u32) -> Option<*mut Probe> {
    PROBES.get_ptr_mut(index)
}

/// This CPU's counters of a slot.
#[inline(always)]
pub fn counters(slot: u16) -> Option<*mut ProbeCounters> {
    COUNTERS.get_ptr_mut(u32::from(slot))
}

/// A target's histogram.
#[inline(always)]
pub fn histogram(index: u32) -> Option<*mut RttHistogram> {
    HISTOGRAMS.get_ptr_mut(index)
}
