//! The packet path from the controller's side: loads, attaches, pins, and writes the maps.
//!
//! | module | holds |
//! | --- | --- |
//! | [`object`] | the embedded eBPF object and one load of it |
//! | [`hook`] | a program at its place, by TCX link or clsact filter |
//! | [`pins`] | the pin directory of a group, its lock, and tidying up after namespaces that are gone |
//! | [`tables`] | the maps, open and typed |
//! | [`words`] | map values in this process's memory |
//! | `passages` | buckets on their way from one working member to another |
//! | `clock` | the packet path's time |
//! | [`diff`] | which writes lead from one assignment to another, pure |
//! | [`driver_hooks`] | the programs at members' drivers (XDP), and who refuses one |
//! | [`flow`] | which member carries a flow, pure |
//! | [`group_path`] | all of it for one group |
//! | [`probes`] | probes on their way and their replies |
//! | [`saved`] | old values of kernel settings, in a pinned map |
//! | [`trace`] | what the programs log |
//!
//! # What is atomic
//! One word. Failover is the first write of every change, the usable word; from then on the packet path falls back by the
//! rule that the planner used too, so the writes that follow move no flow a second time. [`diff`] says why each moment in
//! between is correct.
//!
//! # What a crash leaves
//! Maps and links, pinned, and a group interface: traffic goes on with the last assignment. The next daemon finds the
//! pins by group and network namespace, checks the layout version and the group interface in the `meta` map, reads the
//! assignment back, and puts its own programs into the links one by one, each in one step.

mod clock;
pub mod diff;
pub mod driver_hooks;
pub mod flow;
pub mod group_path;
pub mod hook;
pub mod link_info;
pub mod object;
mod passages;
pub mod pins;
pub mod probes;
pub mod saved;
pub mod tables;
pub mod trace;
pub mod words;
