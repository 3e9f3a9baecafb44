//! Times, counted by their length.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How many times were how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Longest time of each bucket but the last, in microseconds, ascending.
    bounds_us: Vec<u64>,
    /// Times of each bucket: longer than the bound before. The last has no bound.
    counts: Vec<u64>,
    /// All times together, in microseconds.
    sum_us: u64,
}

impl Histogram {
    /// Nothing counted yet, with these bounds in microseconds.
    pub fn new(bounds_us: &[u64]) -> Self {
        Self { bounds_us: bounds_us.to_vec(), counts: vec![0; bounds_us.len() + 1], sum_us: 0 }
    }

    /// For outages: from a millisecond, which a loss of link may take, to the longest failure detection time.
    pub fn of_outages() -> Self {
        Self::new(&[
            1_000,
            2_000,
            5_000,
            10_000,
            20_000,
            50_000,
            100_000,
            200_000,
            500_000,
            1_000_000,
            2_000_000,
            5_000_000,
            10_000_000,
            30_000_000,
            600_000_000,
        ])
    }

    /// For lateness: from what a timer takes on an idle machine to what a watchdog would not bear.
    pub fn of_lateness() -> Self {
        Self::new(&[
            100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
            5_000_000,
        ])
    }

    /// One more.
    pub fn note(&mut self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = self.bounds_us.partition_point(|&bound| bound < us);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum_us = self.sum_us.saturating_add(us);
    }

    /// How many times there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All times together, in seconds.
    pub fn sum(&self) -> f64 {
        self.sum_us as f64 / 1e6
    }

    /// Longest time of each bucket in seconds, and how many times are in it; the last has no bound.
    pub fn buckets(&self) -> Vec<(f64, u64)> {
        let bounds = self.bounds_us.iter().map(|&us| us as f64 / 1e6).chain([f64::MAX]);
        bounds.zip(self.counts.iter().copied()).collect()
    }
}

#[cfg(test)]
mod tests;
