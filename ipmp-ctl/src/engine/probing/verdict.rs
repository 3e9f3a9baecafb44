//! What the probes of an instance mean: for its target, its member, its group.

use std::{net::IpAddr, time::Instant};

use super::{
    fdt::{ANSWERS, LOSSES},
    window::{Fate, Window},
};

/// What an instance looks like by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing to say.
    Fine,
    /// One target is silent while others answer.
    DeadTarget(IpAddr),
    /// Everything is silent.
    Silent {
        /// When the first of the probes in question was lost.
        since: Instant,
    },
}

/// Looks at an instance by itself.
pub(super) fn find(window: &Window) -> Finding {
    let Some(newest) = window.newest() else { return Finding::Fine };
    match (window.silent_since(), window.losses(None) >= LOSSES) {
        (Some(since), true) => Finding::Silent { since },
        (Some(_), false) if window.losses(Some(newest.target)) >= LOSSES => {
            Finding::DeadTarget(newest.target)
        }
        (Some(_) | None, _) => Finding::Fine,
    }
}

/// Another member, as a witness.
#[derive(Clone, Copy, Debug)]
pub(super) struct Witness {
    /// Whether its link is up.
    pub(super) link_up: bool,
    /// Whether it has a test address.
    pub(super) probed: bool,
    /// Whether it is in state running.
    pub(super) running: bool,
    /// When it last heard from a target.
    pub(super) last_answer: Option<Instant>,
}

/// Whether a member that has been silent `since` then is alone with it: others are not, or are not asked. If it is not,
/// the whole group is silent.
pub(super) fn is_alone(since: Instant, mut witnesses: impl Iterator<Item = Witness>) -> bool {
    witnesses.any(|witness| {
        let heard = witness.last_answer.is_some_and(|at| at > since);
        witness.link_up && (!witness.probed || (witness.running && heard))
    })
}

/// Whether an instance speaks for the repair of its member: enough answers in a row, of all targets or of the latest.
pub(super) fn speaks_for_repair(window: &Window) -> bool {
    window.newest().is_some_and(|newest| {
        matches!(newest.fate, Fate::Answered { .. })
            && (window.answers(None) >= ANSWERS || window.answers(Some(newest.target)) >= ANSWERS)
    })
}

#[cfg(test)]
mod tests;
