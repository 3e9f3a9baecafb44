//! `stat -g`.

use std::collections::BTreeMap;

use ipmp_common::Reason;
use ipmp_ctl::control::protocol::{GroupStatus, MemberStatus, MovesStatus, Status};
use serde::Serialize;

use super::{View, named};
use crate::cli::{names::Names, table::Field};

/// Groups.
pub(in crate::cli) struct Groups;

impl View for Groups {
    const KEY: &'static str = "groups";

    type Line<'a> = GroupLine<'a>;

    fn fields<'a>() -> Vec<Field<GroupLine<'a>>> {
        vec![
            Field::new("GROUP", 12, |line: &GroupLine<'_>| line.group.unwrap_or_default().to_owned()),
            // The interface of a group bears the group's name: Solaris can tell them apart, here they never differ.
            Field::new("GROUPNAME", 12, |line| line.group.unwrap_or_default().to_owned()),
            Field::new("STATE", 10, |line| line.state.to_owned()),
            Field::new("FDT", 10, |line| line.fdt_ms.map(seconds).unwrap_or_default()),
            Field::new("INTERFACES", 30, |line| line.interfaces.marked()),
            Field::extra("DROPS", 12, |line| drops(line.reasons).to_string()),
        ]
    }

    fn lines<'a>(status: &'a Status, _names: &'a Names) -> Vec<GroupLine<'a>> {
        status.groups.iter().map(GroupLine::new).collect()
    }
}

/// A group.
#[derive(Serialize)]
pub(in crate::cli) struct GroupLine<'a> {
    group: Option<&'a str>,
    state: &'a str,
    fdt_ms: Option<u64>,
    interfaces: Ranked<'a>,
    attached_by: Option<&'a str>,
    moves: MovesStatus,
    reasons: &'a BTreeMap<String, u64>,
}

impl<'a> GroupLine<'a> {
    fn new(group: &'a GroupStatus) -> Self {
        Self {
            group: named(&group.group),
            state: &group.state,
            fdt_ms: group.fdt_ms,
            interfaces: Ranked::of(&group.members),
            attached_by: group.attached_by.as_deref(),
            moves: group.moves,
            reasons: &group.reasons,
        }
    }
}

/// The members of a group by their use, each kind in the order of the configuration.
struct Ranked<'a> {
    active: Vec<&'a str>,
    inactive: Vec<&'a str>,
    unusable: Vec<&'a str>,
}

impl<'a> Ranked<'a> {
    fn of(members: &'a [MemberStatus]) -> Self {
        let named = |wanted: fn(&MemberStatus) -> bool| {
            members.iter().filter(|member| wanted(member)).map(|member| member.interface.as_str()).collect()
        };
        Self {
            active: named(|member| member.active),
            inactive: named(|member| !member.active && member.inactive),
            unusable: named(|member| !member.active && !member.inactive),
        }
    }

    /// The active ones bare, the inactive ones in `( )`, the rest in `[ ]`.
    fn marked(&self) -> String {
        let kinds = [("", &self.active, ""), ("(", &self.inactive, ")"), ("[", &self.unusable, "]")];
        let filled = kinds.into_iter().filter(|(_, names, _)| !names.is_empty());
        let texts = filled.map(|(open, names, close)| format!("{open}{}{close}", names.join(" ")));
        texts.collect::<Vec<_>>().join(" ")
    }
}

impl Serialize for Ranked<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.active.iter().chain(&self.inactive).chain(&self.unusable))
    }
}

/// `10.00s`.
fn seconds(milliseconds: u64) -> String {
    format!("{:.2}s", milliseconds as f64 / 1000.0)
}

/// Packets that the packet path dropped.
fn drops(reasons: &BTreeMap<String, u64>) -> u64 {
    let dropping = Reason::ALL.iter().filter(|reason| reason.is_drop());
    dropping.filter_map(|reason| reasons.get(reason.as_str())).sum()
}
