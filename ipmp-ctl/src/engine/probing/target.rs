//! A target of an instance.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::estimate::Estimate;
use crate::engine::view::TargetState;

/// Time that a target spends on each step of its way back.
pub(super) const STEP: Duration = Duration::from_mins(1);

/// A target.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Its address.
    pub(super) address: IpAddr,
    /// Its state.
    pub(super) state: TargetState,
    /// Since when it has been in this state.
    since: Instant,
    /// Its round-trip times.
    pub(super) estimate: Estimate,
}

impl Target {
    /// A target that is known from now on.
    pub(super) fn new(address: IpAddr, state: TargetState, now: Instant) -> Self {
        Self { address, state, since: now, estimate: Estimate::default() }
    }

    /// Puts it into this state.
    pub(super) fn become_(&mut self, state: TargetState, now: Instant) {
        self.state = state;
        self.since = now;
    }

    /// Whether it has been in its state for a whole step.
    pub(super) fn has_waited(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= STEP
    }

    /// Goes one step back towards being probed, if it has waited for it.
    pub(super) fn recover(&mut self, now: Instant) {
        match self.state {
            TargetState::Dead if self.has_waited(now) => self.become_(TargetState::Slow, now),
            TargetState::Slow if self.has_waited(now) => self.become_(TargetState::Unused, now),
            _ => {}
        }
    }
}
