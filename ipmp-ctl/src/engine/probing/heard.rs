//! What was heard of each target, for people who ask why.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{Probing, fdt::ANSWERS, window::Fate};
use crate::engine::{
    event::MemberIndex,
    explain::{Heard, Progress},
};

impl Probing {
    /// The latest probes of a member, by test address and target.
    pub(in crate::engine) fn heard(&self, member: MemberIndex, now: Instant) -> Vec<Heard> {
        let enabled = self.of(member).iter().filter(|instance| instance.socket.is_enabled());
        enabled
            .flat_map(|instance| {
                let since = |at: Instant| now.saturating_duration_since(at);
                let heard = move |target: IpAddr| Heard {
                    test_address: instance.socket.source(),
                    target,
                    answered: instance.window.latest(target, answered).map(since),
                    lost: instance.window.latest(target, lost).map(since),
                    answers: instance.window.answers(Some(target)),
                    losses: instance.window.losses(Some(target)),
                };
                instance.targets.active().map(|target| target.address).map(heard)
            })
            .collect()
    }

    /// How far a member is on its way to repair by its probes.
    pub(in crate::engine) fn progress(&self, member: MemberIndex) -> Progress {
        let in_a_row = self.of(member).iter().filter(|instance| instance.is_capable()).map(|instance| {
            let window = &instance.window;
            let of_newest = window.newest().map_or(0, |newest| window.answers(Some(newest.target)));
            window.answers(None).max(of_newest)
        });
        let answered = in_a_row.max().unwrap_or(0).min(ANSWERS);
        // The next one may be on its way already, and they are not quite evenly spaced.
        let left = (ANSWERS - answered).saturating_sub(2) as u32;
        Progress { wanted: ANSWERS, answered, at_least: self.fdt.interval() * left }
    }
}

const fn answered(fate: Fate) -> Option<Instant> {
    if let Fate::Answered { at } = fate { Some(at) } else { None }
}

const fn lost(fate: Fate) -> Option<Instant> {
    if let Fate::Lost { at } = fate { Some(at) } else { None }
}

impl Progress {
    /// That of a member whose probes have to begin anew.
    pub(in crate::engine) fn anew(self, interval: Duration) -> Self {
        Self { answered: 0, at_least: interval * (ANSWERS as u32 - 2), ..self }
    }
}
