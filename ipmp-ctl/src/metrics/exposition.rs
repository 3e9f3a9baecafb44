//! Names, labels and values: the figures of the daemon as text.
//!
//! A state is one series for each value it can have, 1 for the one it has, so that alerts need no numbers that stand for
//! words. Counters of a member begin anew when its interface is replaced, and all of them with the daemon, but for those
//! of the packet path, which outlives it. No label has values without bounds: they are names of the configuration, words of
//! this program, or addresses of the group and its targets.

mod classic;
mod daemon;
mod groups;
mod members;
mod out;
mod probes;
mod process;

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, text},
    registry::Registry,
};

use self::{
    out::{Labels, Out},
    process::Process,
};
use super::figures::{Figures, GroupFigures, MemberFigures};
use crate::control::protocol::{GroupStatus, MemberStatus};

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `OpenMetrics` 1.0.
    OpenMetrics,
    /// Version 0.0.4 of Prometheus' own, which everything reads.
    Classic,
}

impl Format {
    /// What suits a scraper that accepts this.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Classic }
    }

    /// What it is, for the Content-Type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The figures as text.
///
/// # Errors
/// None in practice: text is written to memory.
pub fn text(figures: Figures, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot { figures, process: Process::read() }));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(match format {
        Format::OpenMetrics => text,
        Format::Classic => classic::of(&text),
    })
}

#[derive(Debug)]
struct Snapshot {
    figures: Figures,
    process: Process,
}

impl Snapshot {
    fn groups(&self) -> impl Iterator<Item = (&str, &GroupStatus)> {
        self.figures.status.groups.iter().map(|group| (group.group.as_str(), group))
    }

    fn members(&self) -> impl Iterator<Item = (Labels<'_>, &MemberStatus)> {
        self.groups().flat_map(|(group, status)| {
            status
                .members
                .iter()
                .map(move |member| (vec![("group", group), ("interface", member.interface.as_str())], member))
        })
    }

    fn group_figures(&self) -> impl Iterator<Item = (&str, &GroupFigures)> {
        self.figures.groups.iter().map(|group| (group.group.as_str(), group))
    }

    fn member_figures(&self) -> impl Iterator<Item = (Labels<'_>, &MemberFigures)> {
        self.group_figures().flat_map(|(group, figures)| {
            figures
                .members
                .iter()
                .map(move |member| (vec![("group", group), ("interface", member.interface.as_str())], member))
        })
    }
}

impl Collector for Snapshot {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        self.encode_groups(&mut out)?;
        self.encode_members(&mut out)?;
        self.encode_probes(&mut out)?;
        self.encode_daemon(&mut out)?;
        self.process.encode(&mut out)
    }
}

#[cfg(test)]
mod tests;
