//! What is remembered of a group, and of which.

use std::{fs, time::Duration};

use serde::{Deserialize, Serialize};

use crate::engine::memory::Memory;

/// Version of [`Memory`] and what surrounds it. Raise it when a field gets another meaning.
const VERSION: u32 = 1;

/// What a memory is true of: the interface of a group, on a host since it was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    version: u32,
    /// The layout of the maps that lie beside it.
    layout: u32,
    /// The start of the host.
    boot: String,
    /// The network namespace.
    netns_cookie: u64,
    /// The group interface.
    group_ifindex: u32,
}

/// What is remembered of a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Of which.
    pub of: Identity,
    /// When, in milliseconds of the monotonic clock.
    at_ms: u64,
    /// What.
    pub memory: Memory,
}

impl Identity {
    /// Of the group interface with this index, in the network namespace of this cookie.
    pub fn new(netns_cookie: u64, group_ifindex: u32) -> Self {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let layout = ipmp_common::layout::LAYOUT_VERSION;
        Self { version: VERSION, layout, boot: boot.trim().to_owned(), netns_cookie, group_ifindex }
    }

    /// The same for another group interface.
    #[must_use]
    pub fn at(&self, group_ifindex: u32) -> Self {
        Self { group_ifindex, ..self.clone() }
    }

    /// Why what is remembered of `other` is not true of this one; `None`: it is.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        [
            (self.version != other.version, "it is of another version"),
            (self.boot != other.boot, "the host has been started since"),
            (self.layout != other.layout, "it is of another version of the maps"),
            (self.netns_cookie != other.netns_cookie, "it is of another network namespace"),
            (self.group_ifindex != other.group_ifindex, "it is of another group interface"),
        ]
        .into_iter()
        .find_map(|(differs, why)| differs.then_some(why))
    }
}

impl Remembered {
    /// What is known now.
    pub fn new(of: Identity, memory: Memory) -> Self {
        Self { of, at_ms: now_ms(), memory }
    }

    /// How long ago that was.
    pub fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.at_ms))
    }
}

/// The monotonic clock: no daemon sets it.
fn now_ms() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1000 + time.tv_nsec.cast_unsigned() / 1_000_000
}
