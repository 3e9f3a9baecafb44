//! Timers that are 0.1 ms late, where tokio's own are 1 to 2 ms.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    time::{Duration, Instant},
};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::{Interest, unix::AsyncFd};

/// The shortest time that can be set: zero would stop the timer.
const AT_ONCE: Duration = Duration::from_nanos(1);

/// A timer of the kernel (`timerfd`) in the runtime.
#[derive(Debug)]
pub struct Timer {
    descriptor: AsyncFd<Timerfd>,
    /// What it was set to by [`Timer::set`].
    at: Option<Instant>,
}

impl Timer {
    /// A timer that is stopped. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// No descriptor can be had.
    pub fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timerfd = Timerfd(timerfd_create(TimerfdClockId::Monotonic, flags)?);
        // SAFETY: `Timerfd` owns its descriptor, which stays the same and open until the `AsyncFd` drops it.
        let descriptor = unsafe { AsyncFd::register_with_interest(timerfd, Interest::READABLE) }?;
        Ok(Self { descriptor, at: None })
    }

    /// Fires once at this moment, or at once if it has passed; never, if it is `None`.
    ///
    /// # Errors
    /// The kernel refuses, which it has no reason to.
    pub fn set(&mut self, at: Option<Instant>) -> io::Result<()> {
        if self.at == at {
            return Ok(());
        }
        let wait = at.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now()).max(AT_ONCE));
        self.descriptor.get_ref().set(wait, Duration::ZERO)?;
        self.at = at;
        Ok(())
    }

    /// Fires every `period` from now on; never, if that is zero.
    ///
    /// # Errors
    /// The kernel refuses, which it has no reason to.
    pub fn set_period(&mut self, period: Duration) -> io::Result<()> {
        self.at = None;
        self.descriptor.get_ref().set(period, period)
    }

    /// Waits until it fires. Ticks that were missed are one. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The runtime is ending.
    pub async fn fired(&mut self) -> io::Result<()> {
        loop {
            let mut ready = self.descriptor.readable().await?;
            // Readable and yet empty: it was set anew meanwhile.
            if let Ok(outcome) = ready.try_io(|timer| timer.get_ref().consume()) {
                self.at = None;
                return outcome;
            }
        }
    }
}

/// The descriptor.
#[derive(Debug)]
struct Timerfd(OwnedFd);

impl AsRawFd for Timerfd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Timerfd {
    fn set(&self, first: Duration, period: Duration) -> io::Result<()> {
        let times = Itimerspec { it_interval: timespec(period), it_value: timespec(first) };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &times)?;
        Ok(())
    }

    fn consume(&self) -> io::Result<()> {
        let mut ticks = [0; 8];
        rustix::io::read(&self.0, &mut ticks)?;
        Ok(())
    }
}

fn timespec(time: Duration) -> Timespec {
    Timespec { tv_sec: time.as_secs().cast_signed(), tv_nsec: i64::from(time.subsec_nanos()) }
}

#[cfg(test)]
mod tests;
