//! How many entries are too many: a link that flaps must not push everything else out of the journal.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Group and interface.
pub(super) type Key = (Option<String>, Option<String>);

/// Entries of one key that may come at once.
const BURST: u32 = 100;

/// Time after which one more may come.
const REFILL: Duration = Duration::from_secs(1);

/// Counts entries, by key.
#[derive(Debug, Default)]
pub(super) struct Limiter(BTreeMap<Key, Bucket>);

#[derive(Debug)]
struct Bucket {
    allowed: u32,
    refilled: Instant,
    left_out: u64,
}

impl Bucket {
    fn refill(&mut self, now: Instant) {
        let more = now.saturating_duration_since(self.refilled).as_secs() / REFILL.as_secs();
        self.refilled += REFILL * u32::try_from(more).unwrap_or(u32::MAX);
        self.allowed = u32::try_from(u64::from(self.allowed) + more).unwrap_or(u32::MAX).min(BURST);
    }
}

impl Limiter {
    /// Whether one more may come; if so, how many before it have been left out and not been told of.
    pub(super) fn admit(&mut self, key: Key, now: Instant) -> Option<u64> {
        let full = || Bucket { allowed: BURST, refilled: now, left_out: 0 };
        let bucket = self.0.entry(key).or_insert_with(full);
        bucket.refill(now);
        // After a rush it has to calm down first: one in a second would fill the journal too.
        let rushing = bucket.left_out > 0 && bucket.allowed < BURST / 10;
        if rushing || bucket.allowed == 0 {
            bucket.left_out += 1;
            return None;
        }
        bucket.allowed -= 1;
        Some(std::mem::take(&mut bucket.left_out))
    }

    /// Those of which entries were left out that may come again, and how many.
    pub(super) fn calmed(&mut self, now: Instant) -> Vec<(Key, u64)> {
        let mut calmed = Vec::new();
        for (key, bucket) in &mut self.0 {
            bucket.refill(now);
            if bucket.left_out > 0 && bucket.allowed >= BURST / 10 {
                calmed.push((key.clone(), std::mem::take(&mut bucket.left_out)));
            }
        }
        calmed
    }
}
