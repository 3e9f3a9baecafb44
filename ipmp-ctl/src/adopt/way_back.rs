//! Where the host is to be brought, unless somebody removes this file: see [`super`].

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use super::files::{self, Files};
use crate::kernel::holdings::{HeldAddress, HeldRoute};
use crate::{
    kernel::{holdings::Holdings, netns::NetnsId},
    state_file::open_own,
};

/// What a way back is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// An adoption that is not confirmed.
    Adoption,
    /// A release that is under way.
    Release,
}

/// A state of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayBack {
    /// What it is of.
    pub of: Of,
    /// The group that goes.
    pub group: String,
    /// Where the pins of the group's namespace are.
    pub pins: PathBuf,
    /// The run of the kernel in which this is true, and its network namespace: in another one only the file is brought back.
    boot: String,
    /// Its cookie.
    netns: u64,
    /// When the lifetimes were read, in seconds since the machine was started.
    since_s: u64,
    /// The interfaces that hold it then, by index.
    pub interfaces: BTreeMap<u32, String>,
    /// The addresses that they hold then.
    pub addresses: Vec<HeldAddress>,
    /// Their routes.
    pub routes: Vec<HeldRoute>,
    /// The configuration as this program has left it: who has changed it since is not to lose that. Empty: not known.
    #[serde(default)]
    pub config: String,
    /// Addresses and routes for people who read this file.
    text: Vec<String>,
}

impl WayBack {
    /// To a state in which these interfaces hold this.
    pub fn new(
        of: Of,
        group: &str,
        pins: &Path,
        netns: &NetnsId,
        interfaces: BTreeMap<u32, String>,
        holdings: Holdings,
    ) -> io::Result<Self> {
        let name = |ifindex| interfaces.get(&ifindex).map_or("", String::as_str);
        let addresses =
            holdings.addresses.iter().map(|held| format!("{held} on {}", name(held.info().ifindex)));
        let routes = holdings.routes.iter().map(|held| format!("{held} by {}", name(held.info().ifindex)));
        Ok(Self {
            of,
            group: group.to_owned(),
            pins: pins.to_owned(),
            boot: boot()?,
            netns: netns.cookie,
            since_s: seconds(),
            text: addresses.chain(routes).collect(),
            interfaces,
            addresses: holdings.addresses,
            routes: holdings.routes,
            config: String::new(),
        })
    }

    /// The same, with the configuration as it will be when this is walked.
    #[must_use]
    pub fn leaving(self, config: &str) -> Self {
        Self { config: config.to_owned(), ..self }
    }

    /// Reads the one beside the configuration; `None` if there is none.
    pub fn read(files: &Files) -> io::Result<Option<Self>> {
        let Some(file) = open_own(&files.way_back())? else { return Ok(None) };
        Ok(Some(serde_json::from_reader(file)?))
    }

    /// Writes it down: from now on the host is to be brought there.
    pub fn write(&self, files: &Files) -> io::Result<()> {
        files::replace(&files.way_back(), &serde_json::to_vec_pretty(self)?)
    }

    /// Whether it is true of this host as it runs now.
    pub fn is_of(&self, netns: &NetnsId) -> bool {
        boot().is_ok_and(|boot| boot == self.boot) && self.netns == netns.cookie
    }

    /// How long ago the lifetimes were read, in seconds.
    pub fn age_s(&self) -> u32 {
        u32::try_from(seconds().saturating_sub(self.since_s)).unwrap_or(u32::MAX - 1)
    }
}

/// Seconds since the machine was started, suspended or not.
fn seconds() -> u64 {
    u64::try_from(clock_gettime(ClockId::Boottime).tv_sec).unwrap_or_default()
}

/// What tells this run of the kernel from all others.
fn boot() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}
