//! What an event cost.

use std::time::Duration;

use ipmp_tests::{Reaction, stream::Outage};

use crate::{
    screen::{Paint, Screen},
    stage::MEMBERS,
};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// The cable of a member was cut.
    Cut(usize),
    /// The same, and no member is left.
    CutLast(usize),
    /// The cable of a member was put back.
    Restore(usize),
    /// All cables were put back.
    RestoreAll,
}

impl Deed {
    /// The members whose cables it is about.
    pub(crate) fn members(&self) -> Vec<usize> {
        match *self {
            Self::Cut(member) | Self::CutLast(member) | Self::Restore(member) => vec![member],
            Self::RestoreAll => (0..MEMBERS).collect(),
        }
    }

    /// Whether it cuts.
    pub(crate) const fn cuts(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::CutLast(_))
    }

    /// In the words of the live show.
    pub(crate) fn headline(&self) -> String {
        match self {
            Self::Cut(member) => format!("cut the cable of e{member}"),
            Self::CutLast(member) => format!("cut the last cable, that of e{member}"),
            Self::Restore(member) => format!("restore the cable of e{member}"),
            Self::RestoreAll => "restore all three cables".to_owned(),
        }
    }

    /// For a column of the table.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Cut(member) => format!("cut e{member}"),
            Self::CutLast(member) => format!("cut e{member} (last)"),
            Self::Restore(member) => format!("restore e{member}"),
            Self::RestoreAll => "restore all".to_owned(),
        }
    }
}

/// What an event cost.
pub(crate) struct Record {
    /// What was done.
    pub(crate) deed: Deed,
    /// When carrier and daemon followed.
    pub(crate) reaction: Reaction,
    /// What each stream suffered.
    pub(crate) outages: [Outage; 4],
    /// Small flows that another member carries now; `None` if no member is left.
    pub(crate) moved: Option<usize>,
    /// TCP connections that broke.
    pub(crate) connections_lost: usize,
}

impl Record {
    /// How long each stream stood still. `None`: it has not moved since, by design.
    pub(crate) fn outage(&self, stream: usize) -> Option<Duration> {
        match self.deed {
            Deed::CutLast(_) => None,
            // It stood still before: what counts is how soon it moves again.
            Deed::RestoreAll => self.outages[stream].first_after,
            Deed::Cut(_) | Deed::Restore(_) => Some(self.outages[stream].standstill),
        }
    }

    /// Stream packets that were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.outages.iter().map(|outage| outage.lost).sum()
    }

    /// Prints it, a line for each question.
    pub(crate) fn print(&self, screen: &Screen, flows: usize, connections: usize) {
        let entry = |name: &str, text: &str| {
            screen.line(&format!("   {} {text}", Paint::Strong.on(&format!("{name:<13}"))));
        };
        entry("detected", &self.detection());
        match self.deed {
            Deed::CutLast(_) => entry("outage", "until a cable is back: no member is left, everybody waits"),
            Deed::RestoreAll => entry("flowing after", &self.streams()),
            Deed::Cut(_) | Deed::Restore(_) => entry("outage", &self.streams()),
        }
        match self.moved {
            Some(moved) => entry("moved", &format!("{moved} of {flows} flows")),
            None => entry("moved", "nothing, there is nowhere to go"),
        }
        let sent: u64 = self.outages.iter().map(|outage| outage.sent).sum();
        let broken = format!("{} of {connections} TCP connections", self.connections_lost);
        let paint = if self.connections_lost == 0 { Paint::Good } else { Paint::Bad };
        entry("lost", &format!("{} of {sent} numbered packets, {}", self.lost(), paint.on(&broken)));
    }

    fn detection(&self) -> String {
        let Some(acted) = self.reaction.acted else { return Paint::Bad.on("never") };
        let (since, what) = if self.deed.cuts() { ("the cut", "gone") } else { ("the repair", "back") };
        let carrier = self.reaction.carrier.map_or(String::new(), |carrier| {
            Paint::Faint.on(&format!(" (the kernel had the carrier {what} after {} ms)", ms(carrier)))
        });
        format!("{} ms after {since}{carrier}", ms(acted))
    }

    /// The standstill of each stream.
    fn streams(&self) -> String {
        let [v4_out, v4_in, v6_out, v6_in] =
            [0, 1, 2, 3].map(|stream| self.outage(stream).map_or("-".to_owned(), ms));
        format!("IPv4 {v4_out} ms out, {v4_in} ms in; IPv6 {v6_out} ms out, {v6_in} ms in")
    }
}

/// Milliseconds with one digit after the point; whole ones from 100 on.
pub(crate) fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 99.95 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}
