//! Probe-based failure detection: what the members say of themselves by asking their neighbours.
//!
//! An *instance* is one address family of one member. Replies are no events: an instance looks them up when its next
//! probe is due, by their own time of arrival, so that it does not matter how late that is.
//!
//! | module | knows |
//! | --- | --- |
//! | `address` | which test address, and whom it may ask |
//! | `socket` | whether it is open |
//! | `schedule`, `jitter` | when to send |
//! | `targets`, `target` | whom to ask |
//! | `window` | what became of the latest probes |
//! | `estimate`, `fdt` | how long to wait |
//! | `verdict` | what it means |
//! | `spread` | how far apart the members' delays are |
//! | `condition` | what the operator is told once |
//! | `instance` | all this of one instance |
//! | `round`, `follow` | a moment of sending; what changes from outside |
//! | `heard`, `show` | what people are told |

use std::{
    collections::BTreeSet,
    net::IpAddr,
    time::{Duration, Instant},
};

use self::{condition::Condition, fdt::Fdt, instance::Instance, jitter::Random, lateness::Lateness};
use super::{
    action::{Action, Notice},
    event::{Family, MemberIndex, ProbeId, RouteTargets},
    member::{Member, Past, Probed},
    memory::{FdtMemory, InstanceMemory},
};
use crate::config;

mod address;
mod condition;
mod estimate;
mod fdt;
mod follow;
mod heard;
mod instance;
mod jitter;
mod lateness;
mod round;
mod schedule;
pub(super) mod show;
mod socket;
mod spread;
mod target;
mod targets;
mod verdict;
mod window;

/// What the operator is told of a member.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    no_address: Condition,
    no_targets: Condition,
}

/// All probing of a group.
#[derive(Clone, Debug)]
pub(super) struct Probing {
    /// Two for each member, in the order of [`Family::ALL`].
    instances: Vec<Instance>,
    told: Vec<Told>,
    /// Whether each member had failed when it was last looked at.
    failed: Vec<bool>,
    fdt: Fdt,
    /// The named targets.
    named: Vec<IpAddr>,
    routes: RouteTargets,
    /// Addresses of the group itself.
    own: BTreeSet<IpAddr>,
    lateness: Lateness,
    random: Random,
    actions: Vec<Action>,
}

impl Probing {
    /// Of a group of this configuration, of which nothing but an earlier failure detection time is known.
    pub(super) fn new(config: &config::Group, fdt: Option<FdtMemory>, seed: u64, now: Instant) -> Self {
        let members = config.members.len();
        let both = |member| Family::ALL.map(|family| Instance::new(member, family));
        Self {
            instances: (0..members).flat_map(both).collect(),
            told: vec![Told::default(); members],
            failed: vec![false; members],
            fdt: Fdt::recall(config.failure_detection_time, fdt, now),
            named: config.targets.clone(),
            routes: RouteTargets::default(),
            own: BTreeSet::new(),
            lateness: Lateness::default(),
            random: Random::new(seed),
            actions: Vec::new(),
        }
    }

    /// What an earlier engine knew of a member, for when its test addresses are known again.
    pub(super) fn remember(&mut self, member: MemberIndex, past: &Past) {
        let Past::Known(memory) = past else { return };
        for known in &memory.probing {
            self.instances[place(member, Family::of(known.source))].past = Some(known.clone());
        }
    }

    /// What the next engine should know of a member.
    pub(super) fn memory(&self, member: MemberIndex) -> Vec<InstanceMemory> {
        self.of(member).iter().filter_map(Instance::memory).collect()
    }

    /// What the next engine should know of the failure detection time.
    pub(super) fn fdt_memory(&self) -> FdtMemory {
        self.fdt.memory()
    }

    /// When a member last heard from a target.
    pub(super) fn last_answer(&self, member: MemberIndex) -> Option<Instant> {
        self.of(member).iter().filter_map(|instance| instance.window.last_answer()).max()
    }

    /// The failure detection time as it is now.
    pub(super) const fn fdt(&self) -> Duration {
        self.fdt.current()
    }

    /// Time from one probe of detection to the next.
    pub(super) fn interval(&self) -> Duration {
        self.fdt.interval()
    }

    /// What is to be done, since the last call.
    pub(super) fn actions(&mut self) -> impl Iterator<Item = Action> {
        self.actions.drain(..)
    }

    /// When there is something to do.
    pub(super) fn next(&self) -> Option<Instant> {
        let sends = self.instances.iter().filter_map(|instance| Some(instance.schedule.as_ref()?.next()));
        let asks = self.instances.iter().filter_map(|instance| instance.socket.ask_at());
        let tells =
            self.told.iter().flat_map(|told| [told.no_address.due_at(), told.no_targets.due_at()]).flatten();
        sends.chain(asks).chain(tells).min()
    }

    /// A probe was sent.
    pub(super) fn sent(&mut self, probe: ProbeId, began: Instant, done: Instant) {
        if let Some(instance) = self.instances.get_mut(place(probe.member, probe.family)) {
            instance.sent(probe, began, done);
        }
    }

    /// A probe could not be sent.
    pub(super) fn not_sent(&mut self, probe: ProbeId) {
        if let Some(instance) = self.instances.get_mut(place(probe.member, probe.family)) {
            instance.not_sent(probe);
        }
    }

    /// The socket is open on this test address, or not at all.
    pub(super) fn listening(
        &mut self,
        member: MemberIndex,
        family: Family,
        source: Option<IpAddr>,
        now: Instant,
    ) {
        if let Some(instance) = self.instances.get_mut(place(member, family)) {
            instance.socket.answered(source, now);
        }
    }

    /// The routes offer these targets.
    pub(super) fn set_routes(&mut self, routes: RouteTargets) {
        self.routes = routes;
    }

    /// A host has answered multicast on one member: it is offered to all.
    pub(super) fn responder(&mut self, family: Family, host: IpAddr, now: Instant) {
        if self.named.is_empty() {
            for at in 0..self.instances.len() {
                if self.instances[at].family == family {
                    self.offer(at, host, now);
                }
            }
        }
    }

    fn offer(&mut self, at: usize, host: IpAddr, now: Instant) {
        let Self { instances, own, .. } = self;
        let instance = &mut instances[at];
        if instance.source.is_some_and(|source| address::admits(source, own, host)) {
            instance.targets.add_host(host, now);
        }
    }

    /// What probing can do for a member.
    fn probed(&self, member: MemberIndex) -> Probed {
        let both = self.of(member);
        if !both.iter().any(|instance| instance.socket.is_enabled()) {
            Probed::No
        } else if both.iter().any(Instance::is_capable) {
            Probed::Yes
        } else {
            Probed::NoTargets
        }
    }

    /// The instances of a member.
    fn of(&self, member: MemberIndex) -> &[Instance] {
        &self.instances[place(member, Family::V4)..=place(member, Family::V6)]
    }

    fn tell(&mut self, notice: Notice) {
        self.actions.push(Action::Notify(notice));
    }
}

/// Where the instance is in the list.
const fn place(member: MemberIndex, family: Family) -> usize {
    member * Family::ALL.len() + family as usize
}

/// Whether no member of the group works.
fn is_failed(members: &[Member]) -> bool {
    !members.iter().any(Member::is_usable)
}

#[cfg(test)]
mod tests;
