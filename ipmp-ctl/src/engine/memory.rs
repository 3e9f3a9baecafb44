//! What a group knows beside its assignment, for the next engine of the group: that of the next daemon, or of the next
//! configuration.
//!
//! Everything is by name, since numbers of members are those of one configuration. Whoever keeps it must see to it that
//! it is never handed to another group interface than the one it is of: the engine believes it, as far as it fits the
//! links that are there and the assignment that is installed. Where memory and assignment differ, the assignment is
//! newer: the maps are written first.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    Engine,
    action::Cause,
    assignment::Assignment,
    event::{Link, MemberIndex},
    member::{Member, MemberState, OfflineBy, Past},
    view::TargetState,
};

/// What an engine is given of an earlier one.
#[derive(Clone, Debug, Default)]
pub struct Adopted {
    /// What is installed in the packet path.
    pub assignment: Assignment,
    /// What was known; empty if nothing is.
    pub memory: Memory,
    /// How old that is.
    pub age: Duration,
}

/// What a group knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The members that are present.
    pub members: BTreeMap<String, MemberMemory>,
    /// The members, present or not, that the administrator has taken offline.
    pub offline: Vec<String>,
    /// The members, present or not, that can be homes.
    pub candidates: Vec<String>,
    /// The home of each data address, of those set by hand too.
    pub homes: BTreeMap<IpAddr, String>,
    /// The failure detection time.
    pub fdt: Option<FdtMemory>,
    /// Whether the operator knows that no member is usable.
    pub unusable_told: bool,
    /// Buckets that were moved though they were never idle.
    pub forced_moves: u64,
}

/// What is known of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub struct MemberMemory {
    /// Its interface: under another index it is another one, of which nothing is known.
    pub ifindex: u32,
    /// Whether it was a standby.
    pub standby: bool,
    /// What it was like.
    pub state: Remembered,
    /// Deliberately unused though it worked.
    pub inactive: bool,
    /// Carried traffic though it was failed.
    pub kept: bool,
    /// Carried what had not moved off it yet, and got nothing new.
    pub draining: bool,
    /// Whether its link was up.
    pub link_up: bool,
    /// Whether it was probed.
    pub probed: ProbedMemory,
    /// Ages of its latest link-ups in milliseconds, oldest first.
    pub link_ups_ms: Vec<u64>,
    /// Whether its repair waited for the link to stay up.
    pub damped: bool,
    /// Its probing, by test address.
    pub probing: Vec<InstanceMemory>,
}

/// State of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remembered {
    /// It worked.
    Works,
    /// It was failed, for this reason.
    Failed(Cause),
    /// It was out of service for having the MAC address of another.
    Hidden,
}

/// What probing could do for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbedMemory {
    /// Nothing.
    No,
    /// Nothing, for want of targets.
    NoTargets,
    /// It was probed.
    Yes,
}

/// What is known by the probes of one address family of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceMemory {
    /// The test address: of another one this says nothing.
    pub source: IpAddr,
    /// Latest probes in a row that were lost.
    pub losses: usize,
    /// Latest probes in a row that were answered.
    pub answers: usize,
    /// Whom it asked.
    pub targets: Vec<TargetMemory>,
}

/// What is known of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetMemory {
    /// Its address.
    pub address: IpAddr,
    /// Whether a route or the configuration names it; otherwise it had answered multicast.
    pub router: bool,
    /// Its state.
    pub state: TargetState,
    /// Its round-trip times.
    pub estimate: Option<EstimateMemory>,
}

/// Round-trip times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimateMemory {
    /// Eight times the smoothed mean.
    pub mean8: u64,
    /// Four times the smoothed mean deviation.
    pub deviation4: u64,
    /// Shortest.
    pub min: u64,
    /// Longest.
    pub max: u64,
}

/// The failure detection time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FdtMemory {
    /// What was asked for.
    pub wanted_ns: u64,
    /// What it was.
    pub current_ns: u64,
}

impl MemberMemory {
    /// Whether the packet path was to use it.
    pub fn carried(&self) -> bool {
        (self.state == Remembered::Works && !self.inactive && self.link_up) || self.kept || self.draining
    }

    /// Whether any of its probes had just been lost.
    fn is_suspect(&self) -> bool {
        self.probing.iter().any(|instance| instance.losses > 0)
    }
}

impl Engine {
    /// Getter: what the next engine of this group should know.
    pub fn memory(&self) -> Memory {
        let name = |member: MemberIndex| self.config.members[member].name.clone();
        let members = self.roster.members().iter().enumerate();
        let remembered = members.filter_map(|(index, member)| {
            Some((name(index), self.member_memory(index, member, member.link.as_ref()?)))
        });
        let retired = self.roster.members().iter().enumerate().filter(|(_, member)| member.is_retired());
        Memory {
            members: remembered.collect(),
            offline: retired.map(|(index, _)| name(index)).collect(),
            candidates: self.homes.candidates().map(name).collect(),
            homes: self.homes.iter().filter_map(|home| Some((home.address, name(home.member?)))).collect(),
            fdt: Some(self.probing.fdt_memory()),
            unusable_told: self.unusable_told,
            forced_moves: self.moves.forced(),
        }
    }

    fn member_memory(&self, index: MemberIndex, member: &Member, link: &Link) -> MemberMemory {
        MemberMemory {
            ifindex: link.ifindex,
            standby: member.standby,
            state: match member.state {
                MemberState::Running | MemberState::NoTargets | MemberState::Init => Remembered::Works,
                MemberState::Failed => Remembered::Failed(member.cause.unwrap_or(Cause::Link)),
                MemberState::Offline(OfflineBy::DuplicateMac) => Remembered::Hidden,
                // What he has done is remembered by name: its interface may be gone.
                MemberState::Offline(OfflineBy::Administrator) => {
                    member.cause.map_or(Remembered::Works, Remembered::Failed)
                }
            },
            inactive: member.inactive,
            kept: member.is_kept(),
            draining: member.draining,
            link_up: member.link_up(),
            probed: member.probed.into(),
            link_ups_ms: member.damping.ages_ms(self.clock),
            damped: member.damping.retry_at().is_some(),
            probing: self.probing.memory(index),
        }
    }

    /// The members that the administrator has taken offline stay so.
    pub(super) fn recall_offline(&mut self) {
        let memory = &self.adopted.memory;
        for name in &memory.offline {
            let Some(index) = self.config.members.iter().position(|member| member.name == *name) else {
                continue;
            };
            let failed = memory.members.get(name).and_then(|known| match known.state {
                Remembered::Failed(cause) => Some(cause),
                Remembered::Works | Remembered::Hidden => None,
            });
            self.roster.recall_offline(index, failed);
        }
    }

    /// What is known of the member that has this link now.
    pub(super) fn past(&self, index: MemberIndex, link: &Link) -> Past {
        let Adopted { assignment, memory, .. } = &self.adopted;
        let wanted = super::SlotLink { ifindex: link.ifindex, mac: link.mac };
        let slot = assignment.slots.iter().find(|&(_, &slot)| slot == wanted).map(|(&slot, _)| slot);
        let carried = slot.map(|slot| assignment.usable.contains(slot));
        // In a group that carried nothing nobody was idle by choice.
        let nobody = assignment.usable.is_empty();
        let known = memory.members.get(&self.config.members[index].name);
        match (carried, known.filter(|known| known.ifindex == link.ifindex)) {
            // Whoever is not remembered where others are has come since.
            (Some(false), None) if !nobody && memory.members.is_empty() => Past::Idle,
            (None | Some(false), None) => Past::None,
            (None, Some(known)) => Past::Known(Box::new(known.clone())),
            (Some(carried), Some(known)) if carried == known.carried() || known.draining => {
                Past::Known(Box::new(known.clone()))
            }
            // The maps are newer, or all there is. It has come into service,
            (Some(true), _) => Past::Active,
            (Some(false), Some(_)) if nobody => Past::None,
            // or has left it: for it was silent,
            (Some(false), Some(known)) if known.is_suspect() && known.state == Remembered::Works => {
                let state = Remembered::Failed(Cause::Probes);
                Past::Known(Box::new(MemberMemory { state, inactive: false, ..known.clone() }))
            }
            // or for another reason, or it has yet to get its program.
            (Some(false), Some(_)) => Past::Idle,
        }
    }
}

#[cfg(test)]
mod tests;
