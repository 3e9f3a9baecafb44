//! Why a member is in its state.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Event;

/// Why a member is in its state, and what has to happen for its repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Its interface.
    pub interface: String,
    /// Its group.
    pub group: String,
    /// `ok`, `failed`, `offline` or `unknown`.
    pub state: String,
    /// Whether it carries traffic.
    pub active: bool,
    /// Why, in words.
    pub why: String,
    /// What has to happen for it to carry traffic, in this order, in words; nothing if it does.
    pub needs: Vec<String>,
    /// How long that takes at least, as far as anybody can tell, in milliseconds.
    pub at_least_ms: Option<u64>,
    /// `up`, `down` or `unknown`.
    pub link: String,
    /// How often its carrier has changed since the daemon was started.
    pub carrier_changes: u64,
    /// Its latest probes, by test address and target.
    pub heard: Vec<HeardStatus>,
    /// Its last transitions, oldest first.
    pub history: Vec<Event>,
}

/// What became of the latest probes to a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardStatus {
    /// The test address.
    pub test_address: Option<IpAddr>,
    /// The target.
    pub target: IpAddr,
    /// How long ago the last answer came; `None`: not of late.
    pub answered_ms_ago: Option<u64>,
    /// How long ago the last probe was given up; `None`: not of late.
    pub lost_ms_ago: Option<u64>,
    /// Answers in a row, up to now.
    pub answers: usize,
    /// Losses in a row, up to now.
    pub losses: usize,
}
