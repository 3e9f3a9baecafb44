//! One thing that happened.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in microseconds since 1970.
    pub time_us: u64,
    /// To which group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// To which member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// What, in a word.
    pub event: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// Of a failover: time from the last sign of life, a reply or the loss of the link as it was seen, to the last map
    /// write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outage_us: Option<u64>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Asker>,
    /// The same for people.
    pub text: String,
}

/// A process that asked the daemon for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asker {
    /// Its user.
    pub uid: u32,
    /// Its number.
    pub pid: Option<i32>,
}

impl Entry {
    /// Something that happens now.
    pub fn now(event: &str, text: String) -> Self {
        Self { time_us: now_us(), event: event.to_owned(), text, ..Self::default() }
    }

    /// A command.
    pub fn command(event: &str, group: Option<&str>, by: Option<Asker>, text: String) -> Self {
        Self { group: group.map(str::to_owned), by, ..Self::now(event, text) }
    }

    /// That so many entries were left out.
    pub(super) fn more(group: Option<String>, interface: Option<String>, left_out: u64) -> Self {
        let of = interface.as_deref().or(group.as_deref()).unwrap_or("the daemon");
        let text =
            format!("{left_out} more events of {of} were left out: there were too many in a short time");
        Self { group, interface, ..Self::now("more", text) }
    }
}

/// This moment, in microseconds since 1970.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

impl std::fmt::Display for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "uid {}", self.uid)?;
        self.pid.map_or(Ok(()), |pid| write!(f, ", process {pid}"))
    }
}
