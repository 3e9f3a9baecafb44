//! The members' multicast filters follow what the group interface listens to. Another thread changes them, since that waits
//! for the lock of the network stack.

use std::collections::BTreeSet;

use ipmp_common::member::Mac;
use tokio::sync::mpsc::UnboundedSender;

use super::{found::Found, group::GroupRuntime};
use crate::kernel::multicast;

/// The filter of one member.
#[derive(Debug, Default)]
pub struct Filter {
    /// What we have put into it.
    pub given: BTreeSet<Mac>,
    /// What it did not take.
    refused: BTreeSet<Mac>,
    /// Whether a thread is at it.
    is_busy: bool,
}

impl Filter {
    /// One into which an earlier daemon has put these.
    pub fn with(given: BTreeSet<Mac>) -> Self {
        Self { given, ..Self::default() }
    }

    /// Lets what was refused be tried again.
    pub fn retry(&mut self) {
        self.refused.clear();
    }

    /// What it is to be given next, to hold all of `wanted` that it takes; `None`: there is nothing to do, or somebody is at
    /// it.
    pub fn next(&mut self, wanted: &BTreeSet<Mac>) -> Option<BTreeSet<Mac>> {
        let next = wanted - &self.refused;
        if self.is_busy || self.given == next {
            return None;
        }
        self.is_busy = true;
        Some(next)
    }

    /// Takes in what became of that.
    pub fn changed(&mut self, given: BTreeSet<Mac>, refused: &BTreeSet<Mac>) {
        self.refused.extend(refused);
        self.given = given;
        self.is_busy = false;
    }
}

impl GroupRuntime {
    /// Puts the multicast addresses that the group interface listens to into the members' filters. All-multicast does
    /// that too, but is refused to virtual functions that are not trusted.
    pub(super) fn follow_multicast(&mut self, found: &UnboundedSender<Found>) {
        let Ok(wanted) = multicast::joined(self.name()) else { return };
        let group = self.name().to_owned();
        for (member, state) in self.members.iter_mut().enumerate() {
            let Some(link) = &state.link else { continue };
            let Some(next) = state.filter.next(&wanted) else { continue };
            let (group, found) = (group.clone(), found.clone());
            let (ifname, ifindex, before) = (link.name.clone(), link.ifindex, state.filter.given.clone());
            tokio::task::spawn_blocking(move || {
                let (given, outcome) = multicast::bring(&ifname, &before, &next);
                if let Err(error) = outcome {
                    tracing::debug!(member = ifname, "changing the multicast filter: {error}");
                }
                let refused = &next - &given;
                // The receiver goes only when the daemon ends.
                drop(found.send(Found::Filtered { group, member, ifindex, given, refused }));
            });
        }
    }
}

#[cfg(test)]
mod tests;
