//! A member as the engine keeps it, and the states it goes through.

use std::{collections::BTreeSet, net::IpAddr};

use super::{
    action::Cause,
    event::{Link, MemberIndex},
    link::Damping,
    view::ShownState,
};

/// State of a member, as Solaris in.mpathd names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MemberState {
    /// Not judged yet: absent, or present but not started.
    #[default]
    Init,
    /// Works.
    Running,
    /// It has a test address but nobody to probe: nothing is known against it, so it counts as working.
    NoTargets,
    /// Does not work.
    Failed,
    /// Taken out of service.
    Offline(OfflineBy),
}

/// What took a member out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineBy {
    /// Its MAC address, which an earlier member has too. Ends by itself.
    DuplicateMac,
    /// The administrator. Ends by his word only: the mark stays with the name while the interface is absent.
    Administrator,
}

impl MemberState {
    /// Whether a member in this state may carry traffic.
    pub const fn is_functioning(self) -> bool {
        matches!(self, Self::Running | Self::NoTargets)
    }

    /// What people are shown.
    pub const fn shown(self) -> ShownState {
        match self {
            Self::Running => ShownState::Ok,
            Self::Failed => ShownState::Failed,
            Self::Offline(_) => ShownState::Offline,
            Self::Init | Self::NoTargets => ShownState::Unknown,
        }
    }
}

/// What probing can do for a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Probed {
    /// Nothing: it has no test address. Its link alone decides.
    #[default]
    No,
    /// Nothing yet: it has a test address but nobody to probe.
    NoTargets,
    /// It has a test address and targets.
    Yes,
}

/// What a member had to do under an earlier daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Past {
    /// Not known.
    #[default]
    None,
    /// It carried nothing.
    Idle,
    /// It carried traffic.
    Active,
}

/// What the administrator's `offline` changed, in case that it cannot be carried out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Before {
    /// The state of the member.
    pub(super) state: MemberState,
    /// Whether it was INACTIVE.
    pub(super) inactive: bool,
    /// Whether it was kept though failed.
    pub(super) kept: bool,
    /// Who was activated in its place.
    pub(super) stand_in: Option<MemberIndex>,
}

/// One member.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Member {
    /// Configured as standby.
    pub(super) standby: bool,
    /// The higher, the sooner it is activated and nominated.
    pub(super) priority: u8,
    /// Its link, while it is present.
    pub(super) link: Option<Link>,
    /// Its state.
    pub(super) state: MemberState,
    /// Deliberately unused though it works.
    pub(super) inactive: bool,
    /// Why it has failed; of a member that the administrator has taken offline, why it had failed by then. Means nothing in
    /// any other state.
    pub(super) cause: Option<Cause>,
    /// What probing can do for it.
    pub(super) probed: Probed,
    /// Whether it has a test address that could be probed from.
    pub(super) testable: bool,
    /// What it was before the administrator took it offline.
    pub(super) before: Option<Before>,
    /// Carries traffic though it is failed: it has link, and no member of the group does better.
    pub(super) kept: bool,
    /// Gets nothing new though it works, and carries what has not moved off it yet.
    pub(super) draining: bool,
    /// What it had to do under an earlier daemon, until it is started.
    pub(super) past: Past,
    /// What damps its link.
    pub(super) damping: Damping,
    /// Its slot, while it is present.
    pub(super) slot: Option<u16>,
    /// When its MAC address came into the group, as a number that only grows: of two members with one MAC address the
    /// later one yields.
    pub(super) arrival: u64,
    /// The last speed its driver told, in Mbit/s: most tell none while the link is down.
    pub(super) speed_mbps: Option<u32>,
    /// Test addresses it has beside the configured ones.
    pub(super) test_addresses: BTreeSet<IpAddr>,
}

impl Member {
    /// A member that is absent.
    pub(super) fn new(standby: bool, priority: u8) -> Self {
        Self { standby, priority, ..Self::default() }
    }

    /// Whether the administrator has taken it out of service.
    pub(super) fn is_retired(&self) -> bool {
        self.state == MemberState::Offline(OfflineBy::Administrator)
    }

    /// Whether it is out of service, for whatever reason.
    pub(super) fn is_offline(&self) -> bool {
        matches!(self.state, MemberState::Offline(_))
    }

    /// Whether its link is present, administratively up and has carrier.
    pub(super) fn link_up(&self) -> bool {
        self.link.is_some_and(|link| link.admin_up && link.carrier)
    }

    /// Whether it could carry traffic.
    pub(super) fn is_usable(&self) -> bool {
        self.state.is_functioning() && self.link_up()
    }

    /// Whether it works and is in use.
    pub(super) fn is_active(&self) -> bool {
        self.is_usable() && !self.inactive
    }

    /// Whether it gets its share of everything: it is active, or kept for want of a better one.
    pub(super) fn serves(&self) -> bool {
        self.is_active() || self.is_kept()
    }

    /// Whether it works for as long as it still carries something: nothing of it has to go at once.
    pub(super) fn can_drain(&self) -> bool {
        self.is_usable() || (self.is_retired() && self.link_up())
    }

    /// Whether the packet path uses it: it serves, or there still is something on it.
    pub(super) fn carries(&self) -> bool {
        self.serves() || (self.draining && self.can_drain())
    }

    /// Whether it carries traffic though it is failed.
    pub(super) fn is_kept(&self) -> bool {
        self.kept && self.state == MemberState::Failed && self.link_up()
    }

    /// Whether its link alone decides on its repair: nothing else is known against it.
    pub(super) fn is_judged_by_link(&self) -> bool {
        match self.probed {
            Probed::No => true,
            Probed::NoTargets => self.cause != Some(Cause::Probes),
            Probed::Yes => false,
        }
    }

    /// Takes over what the kernel says of the link; a speed once known is kept until another one is told.
    pub(super) fn set_link(&mut self, link: Link) {
        self.speed_mbps = link.speed_mbps.filter(|&speed| speed > 0).or(self.speed_mbps);
        self.link = Some(link);
    }
}
