//! What an event cost.

use std::time::Duration;

use ipmp_tests::{Reaction, stream::Outage};

use crate::{
    rides::NAMES,
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

    /// In a few words.
    pub(crate) fn title(&self) -> String {
        match self {
            Self::Cut(member) => format!("cut e{member}"),
            Self::CutLast(member) => format!("cut e{member}, the last one"),
            Self::Restore(member) => format!("restore e{member}"),
            Self::RestoreAll => "restore all three".to_owned(),
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
            Deed::Cut(_) | Deed::Restore(_) => Some(self.outages[stream].gap),
        }
    }

    /// Stream packets that were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.outages.iter().map(|outage| outage.lost).sum()
    }

    /// Prints it, a few lines.
    pub(crate) fn print(&self, screen: &Screen, flows: usize, connections: usize) {
        let entry = |name: &str, text: &str| {
            screen.line(&format!("    {} {text}", Paint::Strong.on(&format!("{name:<15}"))))
        };
        let since = if self.deed.cuts() { "the cut" } else { "the repair" };
        let kernel = self
            .reaction
            .carrier
            .map_or(String::new(), |carrier| format!("; the NIC itself showed it after {} ms", ms(carrier)));
        entry(
            "detected after",
            &match self.reaction.acted {
                Some(acted) => {
                    format!("{} ms from {since} to the daemon's switch of the packet path{kernel}", ms(acted))
                }
                None => Paint::Bad.on("never"),
            },
        );
        let streams: Vec<_> = NAMES
            .iter()
            .enumerate()
            .map(|(stream, name)| {
                format!(
                    "{name} {}",
                    self.outage(stream).map_or("-".to_owned(), |outage| format!("{} ms", ms(outage)))
                )
            })
            .collect();
        match self.deed {
            Deed::CutLast(_) => {
                entry("outage", "until a cable is back: no member is left, nothing can be done but wait")
            }
            Deed::RestoreAll => entry("flowing after", &streams.join("   ")),
            _ => entry("outage", &streams.join("   ")),
        }
        let moved = match self.moved {
            Some(moved) => format!("{moved} of {flows} flows moved"),
            None => format!("{flows} of {flows} flows wait"),
        };
        let lost = format!("{} of {connections} TCP connections lost", self.connections_lost);
        let paint = if self.connections_lost == 0 { Paint::Good } else { Paint::Bad };
        let sent: u64 = self.outages.iter().map(|outage| outage.sent).sum();
        entry("lost", &format!("{} of {sent} stream packets; {moved}; {}", self.lost(), paint.on(&lost)));
    }
}

/// Milliseconds with one digit after the point; whole ones from 100 on.
pub(crate) fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    if ms < 99.95 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}
