//! The usable word of a group, as the packet path sees it at this moment.

use std::{mem::offset_of, os::fd::AsFd};

use aya::maps::MapData;
use ipmp_common::{GroupState, choice::SlotSet, layout::names};
use ipmp_ctl::dataplane::words::Words;

use crate::Daemon;

/// The usable word: which members may send. The daemon's first action on a failure is a write to it.
#[derive(Debug)]
pub struct UsableWord {
    words: Words,
}

impl UsableWord {
    /// Maps the pinned word of `group`.
    pub fn open(daemon: &Daemon, group: &str) -> Self {
        let pins = daemon
            .group_pins(group)
            .unwrap_or_else(|| panic!("no pins of {group} in {}", daemon.pins().display()));
        let path = pins.join(names::GROUP_STATE);
        let map = MapData::from_pin(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let words = Words::map(map.fd().as_fd(), INDEX + 1);
        Self { words: words.unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
    }

    /// The members that may send, by slot.
    pub fn get(&self) -> SlotSet {
        SlotSet(self.words.get(INDEX))
    }
}

/// Which word of the group state it is.
const INDEX: usize = offset_of!(GroupState, usable) / size_of::<u64>();
