//! What metrics are made of: the status, and what is counted for them alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use crate::{control::protocol::Status, hook_program::RunCounts};

/// Everything that metrics show, at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// What the status views show.
    pub status: Status,
    /// What is counted of each group, in the order of the status.
    pub groups: Vec<GroupFigures>,
    /// What is counted of the daemon.
    pub daemon: DaemonFigures,
}

/// What is counted of a group since the daemon was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupFigures {
    /// Its name.
    pub group: String,
    /// Its members, in the order of the configuration.
    pub members: Vec<MemberFigures>,
    /// What happened to it as a whole, by the journal's words.
    pub events: BTreeMap<String, u64>,
    /// Failovers of members that carried traffic, by cause: how long packets were lost.
    pub outages: BTreeMap<String, Histogram>,
    /// What was told to the link.
    pub announcements: Vec<AnnouncementCount>,
}

/// What is counted of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberFigures {
    /// Its interface.
    pub interface: String,
    /// Buckets whose flows leave by it now.
    pub buckets: u32,
    /// Buckets that are to.
    pub wanted_buckets: u32,
    /// What happened to it.
    pub events: Vec<EventCount>,
}

/// How often something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCount {
    /// What, by the journal's word.
    pub event: String,
    /// Why, if there are several causes.
    pub cause: Option<String>,
    /// How often.
    pub count: u64,
}

/// How often something was told to the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncementCount {
    /// What.
    pub kind: String,
    /// By which version of IP; `None`: by none.
    pub family: Option<String>,
    /// Frames that were sent.
    pub sent: u64,
    /// Frames that the interface did not take.
    pub failed: u64,
}

/// What is counted of the daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonFigures {
    /// Its version.
    pub version: String,
    /// When it was started, in microseconds since 1970.
    pub started_us: u64,
    /// How late its loop was at what it wanted to do at a certain time.
    pub lateness: Histogram,
    /// What became of the events that a program is run for; `None`: there is no such program.
    pub hook_program: Option<RunCounts>,
}
