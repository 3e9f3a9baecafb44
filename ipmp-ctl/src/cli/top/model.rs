//! What the screen shows.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Instant,
};

use ipmp_ctl::control::protocol::{Event, GroupStatus, MemberStatus, Status};

use super::feed::News;

/// Rates that are kept of each member.
pub(super) const KEPT: usize = 32;

/// Events that are kept.
const EVENTS: usize = 64;

/// Bits per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rate {
    pub(super) sent: f64,
    pub(super) received: f64,
}

/// All that is known.
#[derive(Default)]
pub(super) struct Model {
    /// How things are, and since when that is known.
    latest: Option<(Status, Instant)>,
    /// By group and interface, the latest last.
    rates: BTreeMap<(String, String), VecDeque<Rate>>,
    /// Newest last.
    events: VecDeque<Event>,
    /// Why there is no later status.
    pub(super) lost: Option<String>,
    /// Number of the chosen group.
    chosen: usize,
    /// Whether help is shown.
    pub(super) help: bool,
}

impl Model {
    /// Takes news in, which came `now`.
    pub(super) fn learn(&mut self, news: News, now: Instant) {
        match news {
            News::Status(status) => self.measure(status, now),
            News::Lost(why) => self.lost = Some(why),
            News::Afresh => self.events.clear(),
            News::Happened(event) => {
                if self.events.len() == EVENTS {
                    self.events.pop_front();
                }
                self.events.push_back(event);
            }
        }
    }

    fn measure(&mut self, status: Status, now: Instant) {
        let mut rates = BTreeMap::new();
        if let Some((old, at)) = &self.latest {
            let time = now.saturating_duration_since(*at).as_secs_f64();
            for (group, member) in members(&status) {
                let key = (group.group.clone(), member.interface.clone());
                let before = members(old).find(|(group, member)| {
                    (group.group.as_str(), member.interface.as_str()) == (&*key.0, &*key.1)
                });
                let mut known = self.rates.remove(&key).unwrap_or_default();
                if let Some((_, before)) = before.filter(|_| time > 0.0) {
                    // A member that has come anew counts from zero.
                    let rate = |is: u64, was: u64| is.saturating_sub(was) as f64 * 8.0 / time;
                    if known.len() == KEPT {
                        known.pop_front();
                    }
                    known.push_back(Rate {
                        sent: rate(member.tx_bytes, before.tx_bytes),
                        received: rate(member.rx_bytes, before.rx_bytes),
                    });
                }
                rates.insert(key, known);
            }
        }
        (self.rates, self.lost) = (rates, None);
        self.chosen = self.chosen.min(status.groups.len().saturating_sub(1));
        self.latest = Some((status, now));
    }

    /// Chooses the next group, or the one before.
    pub(super) fn choose(&mut self, step: isize) {
        let groups = self.groups().len();
        self.chosen = self.chosen.saturating_add_signed(step).min(groups.saturating_sub(1));
    }

    /// The groups.
    pub(super) fn groups(&self) -> &[GroupStatus] {
        self.latest.as_ref().map_or(&[], |(status, _)| &status.groups)
    }

    /// The chosen one, with its number.
    pub(super) fn chosen(&self) -> Option<(usize, &GroupStatus)> {
        Some((self.chosen, self.groups().get(self.chosen)?))
    }

    /// The rates of a member, the latest last.
    pub(super) fn rates(&self, group: &str, interface: &str) -> Vec<Rate> {
        let rates = self.rates.get(&(group.to_owned(), interface.to_owned()));
        rates.map(|rates| rates.iter().copied().collect()).unwrap_or_default()
    }

    /// What a member sends of what its group sends at present, and what it should: of one; `None` if nothing is sent.
    pub(super) fn share(&self, group: &GroupStatus, member: &MemberStatus) -> (Option<f64>, f64) {
        let sent = |member: &MemberStatus| {
            self.rates(&group.group, &member.interface).last().map_or(0.0, |rate| rate.sent)
        };
        let total: f64 = group.members.iter().map(sent).sum();
        let weight = |member: &MemberStatus| if member.active { f64::from(member.weight) } else { 0.0 };
        let weights: f64 = group.members.iter().map(weight).sum();
        let wanted = if weights > 0.0 { weight(member) / weights } else { 0.0 };
        ((total > 0.0).then(|| sent(member) / total), wanted)
    }

    /// What happened, newest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().rev()
    }
}

fn members(status: &Status) -> impl Iterator<Item = (&GroupStatus, &MemberStatus)> {
    status.groups.iter().flat_map(|group| group.members.iter().map(move |member| (group, member)))
}
