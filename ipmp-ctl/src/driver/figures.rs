//! What metrics show beside the status.

use std::collections::BTreeMap;

use super::{Driver, group::GroupRuntime};
use crate::{
    dataplane::flow,
    metrics::figures::{DaemonFigures, Figures, GroupFigures, MemberFigures},
};

impl Driver {
    /// Everything that metrics show.
    pub(super) fn figures(&self) -> Figures {
        Figures {
            status: self.status(),
            groups: self.groups.iter().flatten().map(group).collect(),
            daemon: DaemonFigures {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                started_us: self.born_us,
                lateness: self.lateness.clone(),
                hook_program: self.journal.program_counts(),
            },
        }
    }
}

fn group(group: &GroupRuntime) -> GroupFigures {
    let buckets = flow::shares(group.path.installed(), |bucket| group.path.has_passed(bucket));
    let mut wanted: BTreeMap<u16, u32> = BTreeMap::new();
    for choice in &group.engine.assignment().buckets {
        *wanted.entry(choice.slot).or_default() += 1;
    }
    let members = group.config().members.iter().zip(&group.members).map(|(config, member)| {
        let of = |shares: &BTreeMap<u16, u32>| member.slot.and_then(|slot| shares.get(&slot)).copied();
        MemberFigures {
            interface: config.name.clone(),
            buckets: of(&buckets).unwrap_or_default(),
            wanted_buckets: of(&wanted).unwrap_or_default(),
            events: group.tally.of_member(&config.name),
        }
    });
    GroupFigures {
        group: group.name().to_owned(),
        members: members.collect(),
        events: group.tally.events(),
        outages: group.tally.outages(),
        announcements: group.tally.announcements(),
    }
}
