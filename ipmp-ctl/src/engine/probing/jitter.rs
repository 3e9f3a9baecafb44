//! Chance, from a seed: it spreads probes in time, and the same seed spreads them the same way.

use std::time::Duration;

/// A generator of pseudo-random numbers: `SplitMix64`.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// What follows from this seed.
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A time from 0 to `longest`, every nanosecond as likely as any other.
    pub(super) fn up_to(&mut self, longest: Duration) -> Duration {
        let nanos = longest.as_nanos() as u64;
        Duration::from_nanos(self.number() % nanos.saturating_add(1))
    }

    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests;
