//! What the packet path (`ipmp-ebpf`) and the controller (`ipmp-ctl`) of IPMP for Linux have to agree on.
//!
//! | module | holds |
//! | --- | --- |
//! | [`layout`] | capacities, map names, layout version, the only `unsafe impl Pod` of the project |
//! | [`address`] | an IP address as a map key |
//! | [`choice`] | a slot with its stand-in, and the fallback rule both sides apply |
//! | [`flow`] | the flow hash and the bucket it picks |
//! | [`group`] | per-group values: meta data, state words, bindings |
//! | [`passage`] | planned moves: how a bucket passes to another working member in a gap of its flows |
//! | [`member`] | per-member values: slots, counters, saved settings |
//! | [`probe`] | probes on their way and what is said of their replies |
//! | [`reason`] | why a packet was dropped or took an unusual way |
//!
//! # Layout rules
//! * Every map value is a `repr(C)` struct with named fields and no padding: BTF then lets `bpftool map dump` print it.
//! * A word that is read for each packet is one aligned `u64` or smaller: longer array values can be read torn while
//!   user space updates them.
//! * One writer a word; a [`Passage`] has several, who replace it by comparison. Words that the controller changes while
//!   packets flow live in arrays that it maps into its memory (`BPF_F_MMAPABLE`), so that it can write one word and leave
//!   its neighbours alone.
//! * MAC addresses, IP addresses and ports are in network byte order; interface indexes, counters and times are in
//!   host byte order.
#![cfg_attr(not(test), no_std)]

pub mod address;
pub mod choice;
pub mod flow;
pub mod group;
pub mod layout;
pub mod member;
pub mod passage;
pub mod probe;
pub mod reason;

pub use self::{
    address::Address,
    choice::{Choice, SlotSet},
    group::{Binding, Bucket, GroupState, Meta, TestFilter},
    member::{MemberCounters, SettingKey, SettingValue, Slot, SlotRef},
    passage::Passage,
    probe::{Family, Probe, ProbeCounters, ProbeHead, ProbeKind, RttHistogram},
    reason::Reason,
};
