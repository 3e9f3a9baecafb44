//! The clock of the packet path (`bpf_ktime_get_ns`) as [`Instant`], which is the same clock behind a veil.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// One moment on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    instant: Instant,
    ns: u64,
}

impl Clock {
    /// Looks at both clocks, several times: the pair that was read fastest is kept, and is wrong by less than that took.
    pub(super) fn read() -> Self {
        const TRIES: usize = 16;
        let offset = time_namespace_offset();
        let read = |_| {
            let before = monotonic();
            let instant = Instant::now();
            let took = monotonic() - before;
            (took, Self { instant, ns: (before + took / 2).wrapping_add_signed(-offset) })
        };
        let pairs = (0..TRIES).map(read);
        pairs.min_by_key(|(took, _)| *took).map(|(_, clock)| clock).expect("there are several")
    }

    /// The packet path's time now.
    pub(super) fn now_ns(self) -> u64 {
        self.ns(Instant::now())
    }

    /// The packet path's time of `instant`.
    pub(super) fn ns(self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.instant).as_nanos() as u64;
        let until = self.instant.saturating_duration_since(instant).as_nanos() as u64;
        (self.ns + since).saturating_sub(until)
    }

    /// The moment at the packet path's time `ns`.
    pub(super) fn instant(self, ns: u64) -> Option<Instant> {
        let since = Duration::from_nanos(ns.saturating_sub(self.ns));
        let until = Duration::from_nanos(self.ns.saturating_sub(ns));
        self.instant.checked_add(since)?.checked_sub(until)
    }
}

fn monotonic() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// How far this process's clock is ahead of the kernel's: containers may have a time of their own.
fn time_namespace_offset() -> i64 {
    let offsets = std::fs::read_to_string("/proc/self/timens_offsets").unwrap_or_default();
    monotonic_offset(&offsets).unwrap_or(0)
}

/// The offset of the monotonic clock, in nanoseconds.
fn monotonic_offset(offsets: &str) -> Option<i64> {
    let line = offsets.lines().find_map(|line| line.strip_prefix("monotonic"))?;
    let mut numbers = line.split_whitespace().map(str::parse::<i64>);
    let (seconds, ns) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    seconds.checked_mul(1_000_000_000)?.checked_add(ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_comes_back_from_either_side() {
        let clock = Clock::read();
        let earlier =
            clock.instant.checked_sub(Duration::from_millis(1)).expect("the machine has been up for longer");
        for moment in [clock.instant, clock.instant + Duration::from_secs(5), earlier] {
            assert_eq!(clock.instant(clock.ns(moment)), Some(moment));
        }
    }

    #[test]
    fn both_clocks_tell_the_same_time() {
        let clock = Clock::read();
        let (before, now, after) = (monotonic(), Instant::now(), monotonic());
        let tolerance = 50_000;
        let ns = clock.ns(now).wrapping_add_signed(time_namespace_offset());
        assert!((before - tolerance..=after + tolerance).contains(&ns), "{before} <= {ns} <= {after}");
    }

    #[test]
    fn a_time_namespace_is_taken_into_account() {
        assert_eq!(monotonic_offset("monotonic           0         0\nboottime 1 2\n"), Some(0));
        assert_eq!(
            monotonic_offset("monotonic          86400   7\nboottime 1 2\n"),
            Some(86_400_000_000_007)
        );
        assert_eq!(monotonic_offset("monotonic          -1   500000000\n"), Some(-500_000_000));
        assert_eq!(monotonic_offset(""), None);
    }
}
