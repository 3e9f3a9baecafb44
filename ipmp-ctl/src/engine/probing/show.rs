//! Probing as people see it.

use std::time::Duration;

use super::{Probing, place, targets::Targets, window::Window};
use crate::{
    config,
    engine::{
        event::{Family, MemberIndex},
        member::{Member, MemberState, Probed},
        view::{ProbeShown, TargetMode, TargetState, TargetView, TargetsView},
    },
};

impl Probing {
    /// The failure detection time, if anybody is probed.
    pub(in crate::engine) fn shown_fdt(&self) -> Option<Duration> {
        self.instances.iter().any(|instance| instance.socket.is_enabled()).then(|| self.fdt.current())
    }

    /// The targets of every instance that is probed; a member without any has a line of its own.
    pub(in crate::engine) fn shown_targets(&self, config: &config::Group) -> Vec<TargetsView> {
        (0..config.members.len())
            .flat_map(|member| self.of_member(member, &config.members[member].name))
            .collect()
    }

    fn of_member(&self, member: MemberIndex, name: &str) -> Vec<TargetsView> {
        let enabled =
            self.of(member).iter().filter(|instance| instance.socket.is_enabled()).map(|instance| {
                let named = !self.named.is_empty();
                TargetsView {
                    member: name.to_owned(),
                    family: instance.family,
                    mode: if named { TargetMode::Routes } else { instance.targets.mode() },
                    test_address: instance.socket.source(),
                    targets: targets(&instance.targets, &instance.window),
                }
            });
        let mut lines: Vec<_> = enabled.collect();
        if lines.is_empty() {
            lines.push(TargetsView {
                member: name.to_owned(),
                family: self.instances[place(member, Family::V4)].family,
                mode: TargetMode::Disabled,
                test_address: None,
                targets: Vec::new(),
            });
        }
        lines
    }
}

fn targets(targets: &Targets, window: &Window) -> Vec<TargetView> {
    let view = |target: &super::target::Target| {
        let (lost, judged) = window.tally(target.address);
        TargetView {
            address: target.address,
            state: target.state,
            index: targets.place(target.address),
            lost,
            judged,
            rtt: target.estimate.view(),
        }
    };
    let mut all: Vec<_> = targets.in_turn().map(view).collect();
    all.sort_by_key(|target| target.state != TargetState::Active);
    all
}

/// What probes say of a member.
pub(in crate::engine) fn probe(member: &Member) -> ProbeShown {
    match (member.probed, member.state) {
        (Probed::No, _) => ProbeShown::Disabled,
        (_, MemberState::Failed) => ProbeShown::Failed,
        (Probed::NoTargets, _) => ProbeShown::Unknown,
        (Probed::Yes, _) => ProbeShown::Ok,
    }
}
