//! The packet path's counters, read from the pinned maps.

use aya::maps::{Map, MapData, PerCpuArray};
use ipmp_common::{Reason, layout::names, reason::ReasonCounter};

use crate::Daemon;

/// How often `reason` has applied to a packet of `group`.
pub fn reason(daemon: &Daemon, group: &str, reason: Reason) -> u64 {
    let pins = daemon
        .group_pins(group)
        .unwrap_or_else(|| panic!("no pins of {group} in {}", daemon.pins().display()));
    let path = pins.join(names::REASONS);
    let data = MapData::from_pin(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let map = Map::PerCpuArray(data);
    let counters: PerCpuArray<_, ReasonCounter> = map.try_into().expect("the reasons map is a per-CPU array");
    let values = counters.get(&(reason as u32), 0).expect("every reason has an entry");
    values.iter().map(|counter: &ReasonCounter| counter.packets).sum()
}
