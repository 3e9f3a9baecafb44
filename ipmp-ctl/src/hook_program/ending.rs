//! How a run learns that the daemon ends.

use std::{
    io::PipeReader,
    os::fd::{AsFd, BorrowedFd},
    time::{Duration, Instant},
};

/// Whether the daemon ends, which closes the other end of a pipe, and until when runs may then go on.
#[derive(Debug)]
pub(super) struct Ending {
    pipe: PipeReader,
    time: Duration,
    until: Option<Instant>,
}

impl Ending {
    /// Not yet; once it has begun there is so much `time`.
    pub(super) const fn new(pipe: PipeReader, time: Duration) -> Self {
        Self { pipe, time, until: None }
    }

    /// Hung up when the daemon ends.
    pub(super) fn pipe(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }

    /// The pipe is hung up.
    pub(super) fn begin(&mut self) {
        let time = self.time;
        self.until.get_or_insert_with(|| Instant::now() + time);
    }

    /// Whether it has begun.
    pub(super) const fn has_begun(&self) -> bool {
        self.until.is_some()
    }

    /// Whether its time is used up.
    pub(super) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    /// When a run has to be over that may last until `deadline`.
    pub(super) fn limit(&self, deadline: Instant) -> Instant {
        self.until.map_or(deadline, |until| until.min(deadline))
    }
}
