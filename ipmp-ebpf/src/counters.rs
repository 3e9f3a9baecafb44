//! Counting.

use ipmp_common::Reason;

use crate::maps;

/// Counts one packet for `reason`.
#[inline(always)]
pub fn count(reason: Reason) {
    if let Some(counter) = maps::reason(reason) {
        // SAFETY: this CPU's own entry, and programs of one hook do not interrupt each other.
        unsafe { (*counter).packets += 1 };
    }
}

/// Counts a packet of `bytes` bytes sent by `slot`.
#[inline(always)]
pub fn sent(slot: u16, bytes: u32) {
    if let Some(counters) = maps::counters(slot) {
        // SAFETY: as above.
        unsafe {
            (*counters).tx_packets += 1;
            (*counters).tx_bytes += u64::from(bytes);
        }
    }
}

/// Counts a packet of `bytes` bytes received by `slot` for the group.
#[inline(always)]
pub fn received(slot: u16, bytes: u32) {
    if let Some(counters) = maps::counters(slot) {
        // SAFETY: as above.
        unsafe {
            (*counters).rx_packets += 1;
            (*counters).rx_bytes += u64::from(bytes);
        }
    }
}
