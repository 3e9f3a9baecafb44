//! What happened goes to the log and the journal, and what is known to the state file.

use std::time::{Duration, Instant};

use ipmp_common::SlotSet;

use super::{Driver, group::GroupRuntime, notices};
use crate::{
    control::{protocol::Reply, server::Answer},
    engine::{action::Notice, event::MemberIndex},
    journal::{Asker, Entry, Journal},
};

/// What has happened to a group since its engine was last listened to.
#[derive(Debug, Default)]
pub struct Course {
    /// When the last map was written.
    written: Option<Instant>,
    /// Members that the packet path does not use any more.
    lost: Vec<MemberIndex>,
    /// Whether there is something to remember.
    news: bool,
}

impl GroupRuntime {
    /// The maps have been written; before, these were used.
    pub(super) fn note_install(&mut self, before: SlotSet) {
        let after = self.path.installed().usable;
        let lost = |member: &MemberIndex| {
            self.members[*member].slot.is_some_and(|slot| before.contains(slot) && !after.contains(slot))
        };
        let lost: Vec<_> = (0..self.members.len()).filter(lost).collect();
        self.course.lost.extend(lost);
        self.course.written = Some(Instant::now());
        self.course.news = true;
    }

    /// Whether the maps have been written since the engine was last listened to: what is announced now has just moved.
    pub(super) const fn has_installed(&self) -> bool {
        self.course.written.is_some()
    }

    /// The engine has said all. Whether any of it is to be remembered.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.course).news
    }

    /// Tells the operator.
    pub(super) fn tell(&mut self, notice: &Notice, journal: &mut Journal) {
        self.course.news = true;
        let told = notices::tell(self.config(), notice);
        let outage = self.outage(notice);
        let member = told.member().and_then(|member| self.engine.config().members.get(member));
        self.tally.note(told.event(), member.map(|member| member.name.as_str()), told.cause(), outage);
        if journal.note(told.entry(self.config(), outage), Instant::now()) {
            told.log(self.config(), outage);
        }
    }

    /// The journal learns which addresses were announced at which member.
    pub(super) fn tell_announced(
        &self,
        addresses: &[(std::net::IpAddr, MemberIndex)],
        journal: &mut Journal,
    ) {
        for (member, config) in self.config().members.iter().enumerate() {
            let at: Vec<_> = addresses
                .iter()
                .filter(|(_, at)| *at == member)
                .map(|(address, _)| address.to_string())
                .collect();
            if !at.is_empty() {
                let text = format!("announced at {}: {}", config.name, at.join(", "));
                let (group, interface) = (Some(self.name().to_owned()), Some(config.name.clone()));
                journal.note(Entry { group, interface, ..Entry::now("announced", text) }, Instant::now());
            }
        }
    }

    /// How long packets were lost by a member that carried traffic, as far as this side can tell.
    fn outage(&self, notice: &Notice) -> Option<Duration> {
        let (Notice::Failed { member, .. } | Notice::Absent(member)) = *notice else { return None };
        let carried = self.course.lost.contains(&member);
        let since = self.engine.worked_until(member).filter(|_| carried)?;
        Some(self.course.written?.saturating_duration_since(since))
    }
}

impl Driver {
    /// Writes down what the groups know, of those that have news.
    pub(super) fn remember(&mut self) {
        let Self { groups, keeper, .. } = self;
        for group in groups.iter_mut().flatten() {
            if group.take_news() {
                keeper.remember(group.name(), &group.identity.at(group.link.ifindex), group.engine.memory());
            }
        }
    }

    /// Writes down what all groups know, and tells what was left out of the journal.
    pub fn remember_all(&mut self) {
        let Self { groups, keeper, journal, .. } = self;
        for group in groups.iter().flatten() {
            keeper.remember(group.name(), &group.identity.at(group.link.ifindex), group.engine.memory());
        }
        journal.tell_left_out(Instant::now());
    }

    /// The journal learns of a command, or of the daemon itself.
    pub fn record(&mut self, event: &str, group: Option<&str>, by: Option<Asker>, text: String) {
        self.journal.note(Entry::command(event, group, by, text), Instant::now());
    }

    pub(super) fn events(&mut self, follow: bool) -> Answer {
        let past = self.journal.entries();
        match follow.then(|| self.journal.follow()) {
            Some(None) => {
                let reason = "too many others are following the events: end one of them".to_owned();
                Answer::Reply(Reply::Refused { reason })
            }
            live => Answer::Events(past, live.flatten()),
        }
    }
}
