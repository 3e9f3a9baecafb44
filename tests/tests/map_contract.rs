//! What others may rely on: the maps and their fields as tools see them, and what the programs cost the kernel.

use std::{path::Path, process::Command};

use aya::maps::MapData;
use ipmp_common::{
    Address, Binding, Bucket, GroupState, MemberCounters, Meta, Probe, ProbeCounters, ProbeHead, Reason,
    RttHistogram, SettingKey, SettingValue, Slot, SlotRef,
    layout::{ADDRESSES, BUCKETS, MACS, SAVED_SETTINGS, SLOTS, names},
    member::Mac,
    probe::{INSTANCES, PLACES, TARGETS},
    reason::ReasonCounter,
};
use ipmp_ctl::dataplane::object::{Constants, Program};
use ipmp_tests::program::{
    PacketPath,
    scene::{self, GROUP_MAC, assignment},
};
use serde_json::Value;

/// A program, the trace level it is loaded with, and the instructions that the verifier may look at: about twice of what it
/// looked at when this was written. Kernels give up at a million; loading takes about a microsecond for each.
const VERIFIED: [(Program, u8, u32); 6] = [
    (Program::GroupEgress, 0, 60_000),
    (Program::GroupEgress, 5, 75_000),
    (Program::MemberIngress, 0, 25_000),
    (Program::MemberIngress, 5, 30_000),
    (Program::MemberProbe, 0, 10_000),
    (Program::MemberGeneric, 0, 10_000),
];

/// Bytes of machine code of a program without tracing: what a packet may push out of the CPU's first cache.
const MACHINE_CODE: u32 = 24 * 1024;

const fn size<T>() -> u32 {
    size_of::<T>() as u32
}

#[test]
fn the_maps_have_the_names_sizes_and_capacities_of_the_contract() {
    const INDEX: u32 = 4;
    let path = PacketPath::new(GROUP_MAC, &assignment());
    let contract = [
        (names::META, INDEX, size::<Meta>(), 1),
        (names::GROUP_STATE, INDEX, size::<GroupState>(), 1),
        (names::SLOTS, INDEX, size::<Slot>(), SLOTS),
        (names::BUCKETS, INDEX, size::<Bucket>(), BUCKETS),
        (names::BINDINGS, size::<Address>(), size::<Binding>(), ADDRESSES),
        (names::TEST_ADDRESSES, size::<Address>(), size::<SlotRef>(), ADDRESSES),
        (names::MEMBER_MACS, size::<Mac>(), size::<SlotRef>(), MACS),
        (names::COUNTERS, INDEX, size::<MemberCounters>(), SLOTS),
        (names::REASONS, INDEX, size::<ReasonCounter>(), Reason::COUNT),
        (names::SAVED_SETTINGS, size::<SettingKey>(), size::<SettingValue>(), SAVED_SETTINGS),
        (names::PROBE_HEADS, INDEX, size::<ProbeHead>(), INSTANCES),
        (names::PROBES, INDEX, size::<Probe>(), INSTANCES * PLACES),
        (names::PROBE_COUNTERS, INDEX, size::<ProbeCounters>(), SLOTS),
        (names::RTT_HISTOGRAMS, INDEX, size::<RttHistogram>(), INSTANCES * TARGETS),
    ];
    let mut pinned: Vec<_> = std::fs::read_dir(path.pins())
        .expect("the pins can be listed")
        .map(|entry| entry.expect("a pin").file_name().into_string().expect("a plain name"))
        .collect();
    let mut named: Vec<_> = names::ALL.map(str::to_owned).to_vec();
    pinned.sort();
    named.sort();
    assert_eq!(pinned, named, "all maps are pinned, and no others");
    assert_eq!(contract.len(), names::ALL.len(), "no map without a row");
    for (name, key, value, entries) in contract {
        let map = MapData::from_pin(path.pins().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let info = map.info().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(info.name_as_str(), Some(name));
        let found = (info.key_size(), info.value_size(), info.max_entries());
        assert_eq!(found, (key, value, entries as u32), "{name}");
    }
}

/// What `bpftool map dump` prints of a pinned map, with the names of its BTF.
fn dump(pins: &Path, map: &str) -> Vec<Value> {
    let output = Command::new("bpftool")
        .args(["-j", "map", "dump", "pinned"])
        .arg(pins.join(map))
        .output()
        .expect("bpftool is installed");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{map}: {text}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{map}: {error}: {text}"))
}

/// The fields of a `Choice`.
const CHOICE: [&str; 3] = ["backup", "epoch", "slot"];

/// The names of the fields of an object; those of an object inside it follow as `outer.inner`.
fn fields(value: &Value) -> Vec<String> {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} has no fields"));
    let mut names = Vec::new();
    for (name, inner) in object {
        names.push(name.clone());
        if inner.is_object() {
            names.extend(fields(inner).iter().map(|inner| format!("{name}.{inner}")));
        }
    }
    names.sort();
    names
}

/// An entry as bpftool prints it with names: below `formatted` beside the bare bytes.
fn formatted(entry: &Value) -> &Value {
    entry.get("formatted").unwrap_or(entry)
}

#[test]
fn bpftool_prints_named_fields() {
    let path = PacketPath::new(GROUP_MAC, &assignment());
    let with_choice = |field: &str, others: &[&str]| {
        let mut names: Vec<_> = CHOICE.iter().map(|inner| format!("{field}.{inner}")).collect();
        names.extend(others.iter().map(|&name| name.to_owned()));
        names.push(field.to_owned());
        names
    };
    let plain = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let bucket = with_choice("next", &["passage", "passage.epoch", "passage.seen"]);
    for (map, key, mut wanted) in [
        (
            names::META,
            None,
            plain(&["group_ifindex", "hash_seed", "layout_version", "netns_cookie", "netns_inode"]),
        ),
        (
            names::GROUP_STATE,
            None,
            with_choice(
                "nominee",
                &["gap", "mac", "mac.bytes", "reserved", "test_filter", "test_filter.words", "usable"],
            ),
        ),
        (names::SLOTS, None, plain(&["ifindex", "mac", "mac.bytes", "reserved"])),
        (names::BUCKETS, None, bucket),
        (names::BINDINGS, Some("bytes"), with_choice("member", &[])),
        (names::TEST_ADDRESSES, Some("bytes"), plain(&["slot"])),
        (names::MEMBER_MACS, Some("bytes"), plain(&["slot"])),
        (names::COUNTERS, None, plain(&["rx_bytes", "rx_packets", "tx_bytes", "tx_packets"])),
        (names::REASONS, None, plain(&["packets"])),
        (names::PROBE_HEADS, None, plain(&["identifier", "newest", "newest_extra", "open"])),
        (
            names::PROBES,
            None,
            plain(&[
                "answered_ns",
                "cookie",
                "kind",
                "reserved",
                "sent_ns",
                "sequence",
                "target",
                "target.bytes",
                "target_index",
            ]),
        ),
        (
            names::PROBE_COUNTERS,
            None,
            plain(&["answered", "duplicate", "forged", "malformed", "out_of_window"]),
        ),
        (names::RTT_HISTOGRAMS, None, plain(&["counts"])),
    ] {
        wanted.sort();
        let entries = dump(path.pins(), map);
        let entry = formatted(entries.first().unwrap_or_else(|| panic!("{map} is empty")));
        let value = entry.get("value").unwrap_or_else(|| &entry["values"][0]["value"]);
        assert_eq!(fields(value), wanted, "{map}: {entry}");
        if let Some(field) = key {
            assert_eq!(fields(&entry["key"]), [field], "{map}: {entry}");
        }
    }
}

#[test]
fn bpftool_prints_what_was_written() {
    let wanted = assignment();
    let path = PacketPath::new(GROUP_MAC, &wanted);
    let buckets = dump(path.pins(), names::BUCKETS);
    assert_eq!(buckets.len(), BUCKETS);
    for (number, (entry, choice)) in buckets.iter().zip(&wanted.buckets).enumerate() {
        let entry = formatted(entry);
        assert_eq!(entry["key"], number);
        let next = &entry["value"]["next"];
        assert_eq!(
            (next["slot"].as_u64(), next["backup"].as_u64()),
            (Some(choice.slot.into()), Some(choice.backup.into()))
        );
    }
    let state = dump(path.pins(), names::GROUP_STATE);
    let state = &formatted(&state[0])["value"];
    assert_eq!(state["usable"].as_u64(), Some(wanted.usable.0));
    assert_eq!(state["nominee"]["slot"], wanted.nominee.slot);
    assert_eq!(state["mac"]["bytes"].as_array().map(Vec::len), Some(6));
    let slots = dump(path.pins(), names::SLOTS);
    for (&slot, link) in &wanted.slots {
        assert_eq!(formatted(&slots[usize::from(slot)])["value"]["ifindex"], link.ifindex);
    }
}

#[test]
fn the_programs_stay_within_their_budget() {
    let path = PacketPath::new(GROUP_MAC, &assignment());
    for (program, trace_level, budget) in VERIFIED {
        for (behind, receive_on_member) in [(false, false), (true, true)] {
            let constants = Constants { trace_level, behind, receive_on_member, ..scene::constants() };
            let info = path.load(program, constants).info();
            let verified = info.verified_instruction_count().expect("kernels from 5.16 on tell");
            let code = info.size_jitted();
            let what = format!("{program:?}, trace level {trace_level}");
            println!("{what}: {verified} instructions verified, {code} bytes of machine code");
            assert!(verified <= budget, "{what}: {verified} instructions verified, {budget} allowed");
            assert!(code <= MACHINE_CODE || trace_level > 0, "{what}: {code} bytes of machine code");
        }
    }
}
