//! Why a member is in its state, and what has to happen for another one.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{
    Engine,
    action::Cause,
    duplicates,
    event::MemberIndex,
    link::WINDOW,
    member::{Member, MemberState, OfflineBy, Probed},
};

/// What is known of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Why it is in its state.
    pub standing: Standing,
    /// What has to happen, in this order, for it to come into service; nothing if it is.
    pub needs: Vec<Need>,
    /// What became of its latest probes.
    pub heard: Vec<Heard>,
}

impl Explanation {
    /// How long that takes at least; `None` if nobody can tell, or nothing is needed.
    pub fn at_least(&self) -> Option<Duration> {
        let each = self.needs.iter().filter_map(Need::at_least);
        each.reduce(|a, b| a + b)
    }
}

/// Why a member is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is no interface of its name that could be it.
    Absent,
    /// It has not been looked at yet.
    New,
    /// It carries traffic.
    InUse {
        /// What says that it works.
        by: Evidence,
    },
    /// It works and carries nothing.
    Idle {
        /// Whether it is a standby; otherwise others have its work, for there is no failback.
        standby: bool,
    },
    /// It has been set down.
    AdminDown,
    /// It has no carrier.
    NoCarrier,
    /// Its link is up, but has come up too often of late.
    Flaps {
        /// How often in the last minute.
        ups: usize,
        /// How often it may.
        tolerated: u32,
    },
    /// Its link is up, and its probes are not answered.
    Silent {
        /// Whether it carries traffic all the same, because no member of the group does better.
        kept: bool,
    },
    /// Its link is up again, and its probes have not said yet that it works.
    Unproven {
        /// Whether it carries traffic all the same, because no member of the group does better.
        kept: bool,
    },
    /// The administrator has taken it out of service.
    Offline,
    /// It has the MAC address of another member.
    DuplicateMac {
        /// Which.
        holder: Option<MemberIndex>,
    },
}

/// What says that a member works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Its link; it is not probed.
    Link,
    /// Its link; there is nobody to probe.
    NoTargets,
    /// Its link and its probes.
    Probes,
}

/// What has to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The interface has to appear.
    Interface,
    /// It has to be set up.
    AdminUp,
    /// It needs carrier.
    Carrier,
    /// Its link has to stay up for so long.
    Quiet(Duration),
    /// Its probes have to be answered.
    Answers(Progress),
    /// There has to be somebody to probe.
    Targets,
    /// The administrator has to put it back.
    Online,
    /// Its MAC address has to be its own.
    OtherMac,
    /// An active member has to fail.
    Vacancy,
}

impl Need {
    fn at_least(&self) -> Option<Duration> {
        match self {
            Self::Quiet(left) => Some(*left),
            Self::Answers(progress) => Some(progress.at_least),
            _ => None,
        }
    }
}

/// How far a member is on its way to repair by its probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Answers in a row that are a repair.
    pub wanted: usize,
    /// Those that have come.
    pub answered: usize,
    /// How long the rest takes at least.
    pub at_least: Duration,
}

/// What became of the latest probes to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The test address.
    pub test_address: Option<IpAddr>,
    /// The target.
    pub target: IpAddr,
    /// How long ago the last answer came.
    pub answered: Option<Duration>,
    /// How long ago the last probe was found lost.
    pub lost: Option<Duration>,
    /// Answers in a row, up to now.
    pub answers: usize,
    /// Losses in a row, up to now.
    pub losses: usize,
}

impl Engine {
    /// Getter: why the member is in its state; `None` if there is no such member.
    pub fn explain(&self, index: MemberIndex, now: Instant) -> Option<Explanation> {
        let member = self.roster.members().get(index)?;
        let standing = self.standing(index, member, now);
        let heard = self.probing.heard(index, now);
        Some(Explanation { standing, needs: self.needs(index, member, standing, now), heard })
    }

    fn standing(&self, index: MemberIndex, member: &Member, now: Instant) -> Standing {
        let by = match member.probed {
            Probed::No => Evidence::Link,
            Probed::NoTargets => Evidence::NoTargets,
            Probed::Yes => Evidence::Probes,
        };
        match (member.state, member.link) {
            (MemberState::Offline(OfflineBy::Administrator), _) => Standing::Offline,
            (MemberState::Offline(OfflineBy::DuplicateMac), _) => {
                Standing::DuplicateMac { holder: duplicates::holder(self.roster.members(), index) }
            }
            (_, None) => Standing::Absent,
            (MemberState::Init, Some(_)) => Standing::New,
            (MemberState::Running | MemberState::NoTargets, Some(_)) if member.inactive => {
                Standing::Idle { standby: member.standby }
            }
            (MemberState::Running | MemberState::NoTargets, Some(_)) => Standing::InUse { by },
            (MemberState::Failed, Some(link)) if !link.admin_up => Standing::AdminDown,
            (MemberState::Failed, Some(link)) if !link.carrier => Standing::NoCarrier,
            (MemberState::Failed, Some(_)) if member.damping.retry_at().is_some() => {
                let ups = member.damping.ages_ms(now).len();
                Standing::Flaps { ups, tolerated: self.config.link_ups_per_minute }
            }
            (MemberState::Failed, Some(_)) => {
                let kept = member.is_kept();
                if member.cause == Some(Cause::Probes) {
                    Standing::Silent { kept }
                } else {
                    Standing::Unproven { kept }
                }
            }
        }
    }

    fn needs(&self, index: MemberIndex, member: &Member, standing: Standing, now: Instant) -> Vec<Need> {
        let progress = self.probing.progress(index);
        let by_probes = match member.probed {
            Probed::Yes => vec![Need::Answers(progress)],
            Probed::NoTargets if member.cause == Some(Cause::Probes) => {
                vec![Need::Targets, Need::Answers(progress.anew(self.probing.interval()))]
            }
            Probed::No | Probed::NoTargets => Vec::new(),
        };
        let first = match standing {
            Standing::InUse { .. } | Standing::New => return Vec::new(),
            Standing::Absent => return vec![Need::Interface],
            Standing::Idle { .. } => return vec![Need::Vacancy],
            Standing::DuplicateMac { .. } => return vec![Need::OtherMac],
            Standing::Offline if member.link.is_none() => return vec![Need::Online, Need::Interface],
            Standing::Offline => return vec![Need::Online],
            Standing::AdminDown => vec![Need::AdminUp],
            Standing::NoCarrier => vec![Need::Carrier],
            Standing::Flaps { .. } => return self.quiet(member, now),
            Standing::Silent { .. } | Standing::Unproven { .. } => return by_probes,
        };
        if by_probes.is_empty() {
            [first, self.quiet(member, now)].concat()
        } else {
            [first, by_probes].concat()
        }
    }

    /// What its link, up now or when it comes up, is held back for.
    fn quiet(&self, member: &Member, now: Instant) -> Vec<Need> {
        if let Some(at) = member.damping.retry_at() {
            return vec![Need::Quiet(at.saturating_duration_since(now))];
        }
        let tolerated = self.config.link_ups_per_minute as usize;
        let ages = member.damping.ages_ms(now);
        if tolerated == 0 || ages.len() < tolerated {
            return Vec::new();
        }
        // The next link-up would be one too many, until this one is a minute old.
        let oldest = Duration::from_millis(ages[ages.len() - tolerated]);
        vec![Need::Quiet(WINDOW.saturating_sub(oldest))]
    }
}
