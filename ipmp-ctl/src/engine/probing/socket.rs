//! The probe socket of an instance: which test address it should be open on, and whether it is.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

/// Time after which a socket that could not be opened is asked for again.
const AGAIN: Duration = Duration::from_secs(1);

/// What to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// A socket that is open on this test address.
    Open(IpAddr),
    /// That it be closed.
    Close,
}

/// The socket of an instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Socket {
    /// Interface index and test address.
    wanted: Option<(u32, IpAddr)>,
    open: bool,
    /// Whether it was refused the last time.
    refused: bool,
    /// When to ask for it (again).
    ask_at: Option<Instant>,
}

impl Socket {
    /// It should be open on this interface and test address, or closed. Returns whether that is news.
    pub(super) fn want(&mut self, wanted: Option<(u32, IpAddr)>, now: Instant) -> bool {
        if self.wanted == wanted {
            return false;
        }
        *self = Self { wanted, ask_at: Some(now), ..Self::default() };
        true
    }

    /// What became of the last question.
    pub(super) fn answered(&mut self, source: Option<IpAddr>, now: Instant) {
        let wanted = self.source();
        if source.is_some() && source != wanted {
            return; // an answer to an earlier question
        }
        self.open = source.is_some();
        self.refused = !self.open;
        self.ask_at = (wanted.is_some() && !self.open).then_some(now + AGAIN);
    }

    /// What to ask for now.
    pub(super) fn ask(&mut self, now: Instant) -> Option<Question> {
        self.ask_at.take_if(|at| *at <= now)?;
        Some(self.source().map_or(Question::Close, Question::Open))
    }

    /// When there is something to ask for.
    pub(super) const fn ask_at(&self) -> Option<Instant> {
        self.ask_at
    }

    /// The test address.
    pub(super) fn source(&self) -> Option<IpAddr> {
        self.wanted.map(|(_, source)| source)
    }

    /// Whether probes can be sent.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the instance is probed: it has a test address, and nobody refuses it.
    pub(super) const fn is_enabled(&self) -> bool {
        self.wanted.is_some() && !self.refused
    }
}

#[cfg(test)]
mod tests;
