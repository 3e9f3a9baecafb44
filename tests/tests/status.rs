//! What the status commands show, to whom.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use ipmp_common::{Reason, member::Mac};
use ipmp_tests::{
    Rig, Topology,
    counters::reason,
    ctl,
    eventually::{SOON, eventually, holds},
    packet_socket::PacketSocket,
    packets::{BROADCAST, ethernet, ipv4, payload, udp},
    plan,
};
use serde_json::Value;

/// All documented keys are there; there may be more.
fn assert_keys(value: &Value, documented: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value} is no object"));
    for key in documented {
        assert!(object.contains_key(*key), "no {key} in {value}");
    }
}

fn rig() -> Rig {
    Rig::with(Topology::new(), |group| group.member("e2", &["standby = true"]))
}

#[test]
fn the_group_view_is_as_documented() {
    let rig = rig();
    let shown = rig.daemon.json(&["stat", "-g"]);
    assert_keys(&shown, &["groups"]);
    let row = &shown["groups"][0];
    assert_keys(row, &["fdt_ms", "group", "interfaces", "state"]);
    assert_eq!((row["group"].as_str(), row["state"].as_str()), (Some("ipmp0"), Some("ok")));
    assert_eq!(row["fdt_ms"], Value::Null, "no member is probed");
    let mut interfaces: Vec<_> =
        row["interfaces"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    interfaces.sort_unstable();
    assert_eq!(interfaces, ["e0", "e1", "e2"]);
    assert_keys(&rig.daemon.json(&["stat"]), &["groups"]);
}

#[test]
fn the_interface_view_is_as_documented() {
    let rig = rig();
    rig.fail(0);
    let shown = rig.daemon.json(&["stat", "-i"]);
    assert_keys(&shown, &["interfaces"]);
    let rows = shown["interfaces"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    for row in rows {
        assert_keys(row, &["active", "flags", "group", "interface", "link", "probe", "state"]);
        assert_eq!(row["flags"].as_str().map(str::len), Some(7), "{row}");
        assert_eq!(row["group"], "ipmp0");
        let failed = row["interface"] == "e0";
        assert_eq!(row["active"], !failed, "{row}");
        assert_eq!(row["link"], if failed { "down" } else { "up" }, "{row}");
        assert_eq!(row["state"], if failed { "failed" } else { "ok" }, "{row}");
        assert_eq!(row["probe"], "disabled", "{row}");
    }
}

#[test]
fn the_address_view_is_as_documented() {
    let rig = rig();
    let shown = rig.daemon.json(&["stat", "-a"]);
    assert_keys(&shown, &["addresses"]);
    for address in plan::data(0) {
        let rows = shown["addresses"].as_array().unwrap();
        let row =
            rows.iter().find(|row| row["address"] == address.to_string()).expect("each address has a row");
        assert_keys(row, &["address", "group", "inbound", "outbound", "state"]);
        assert_eq!((&row["state"], &row["group"]), (&"up".into(), &"ipmp0".into()));
        assert_eq!(row["outbound"], serde_json::json!(["e0", "e1"]), "the standby is inactive");
        assert!(["e0", "e1"].contains(&row["inbound"].as_str().unwrap()), "{row}");
    }
    for member in 0..3 {
        rig.topology.cut(member);
    }
    rig.daemon.until_group("ipmp0", "failed");
    let shown = rig.daemon.json(&["stat", "-a"]);
    for row in shown["addresses"].as_array().unwrap() {
        assert_eq!((&row["inbound"], &row["outbound"]), (&Value::Null, &serde_json::json!([])), "{row}");
    }
}

#[test]
fn a_degraded_group_shows_which_members_do_not_work() {
    let rig = Rig::new(Topology::new());
    rig.fail(1);
    rig.daemon.until_group("ipmp0", "degraded");
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-g"]));
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(header, ["GROUP", "GROUPNAME", "STATE", "FDT", "INTERFACES"], "{text}");
    let row = lines.next().unwrap_or_default();
    assert!(row.contains("degraded") && row.contains("[e1]") && row.contains("--"), "{text}");
}

#[test]
fn people_get_tables_with_the_columns_of_ipmpstat() {
    let rig = rig();
    for (view, columns) in [
        ("-i", "INTERFACE ACTIVE GROUP FLAGS LINK PROBE STATE"),
        ("-a", "ADDRESS STATE GROUP INBOUND OUTBOUND"),
    ] {
        let text = ctl::text(&rig.daemon.ctl(&["stat", view]));
        let header = text.lines().next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(header, columns, "{text}");
        assert!(text.lines().count() >= 4, "{text}");
    }
}

#[test]
fn fields_can_be_chosen_and_made_parsable() {
    let rig = Rig::new(Topology::new().members(2));
    let output = rig.daemon.ctl(&["stat", "-a", "-P", "-o", "address,state"]);
    let text = ctl::text(&output);
    assert!(text.lines().any(|line| line == "10.9.0.10:up"), "{text}");
    assert!(text.lines().any(|line| line == "fd09\\:\\:10:up"), "{text}");
    let output = rig.daemon.ctl(&["stat", "-a", "-P"]);
    assert_ne!(output.status.code(), Some(0), "-P without -o: {}", ctl::describe(&output));
}

#[test]
fn unknown_groups_are_refused_by_name() {
    let rig = Rig::new(Topology::new().members(2));
    for arguments in [&["down", "ipmp9"][..], &["flow", "ipmp9", "10.9.0.10", "10.9.0.101"]] {
        let output = rig.daemon.ctl(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", ctl::describe(&output));
        assert!(ctl::text(&output).contains("ipmp9"), "{arguments:?}: {}", ctl::describe(&output));
    }
    rig.until_reachable();
}

#[test]
fn anyone_may_read_and_only_root_may_change() {
    let rig = Rig::new(Topology::new().members(2));
    for arguments in [&["stat", "-i", "--json"][..], &["flow", "ipmp0", "10.9.0.10", "10.9.0.101"]] {
        let output = rig.daemon.ctl_as_nobody(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", ctl::describe(&output));
    }
    let output = rig.daemon.ctl_as_nobody(&["down", "ipmp0"]);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("root"), "{}", ctl::describe(&output));
    rig.until_reachable();
}

#[test]
fn maps_are_dumped_with_named_fields() {
    let rig = Rig::new(Topology::new().members(2));
    let pins = rig.daemon.group_pins("ipmp0").expect("the group has pins");
    for (map, fields) in [
        (ipmp_common::layout::names::SLOTS, &["ifindex", "mac"][..]),
        (ipmp_common::layout::names::BUCKETS, &["slot", "backup"]),
        (ipmp_common::layout::names::COUNTERS, &["tx_packets", "rx_bytes"]),
    ] {
        let output = ctl::run(Command::new("bpftool").args(["map", "dump", "pinned"]).arg(pins.join(map)));
        let text = ctl::text(&output);
        for field in fields {
            assert!(
                text.contains(&format!("\"{field}\"")),
                "{map} has no {field}: {}",
                text.chars().take(400).collect::<String>()
            );
        }
    }
}

/// One packet is dropped on its way out, and one on its way in.
fn drop_both_ways(rig: &Rig) {
    let foreign = Mac { bytes: [2, 1, 1, 1, 1, 1] };
    let to_peer = ethernet(foreign, rig.peer().mac("eth0")) / payload(&[0; 46]);
    // The sender may be told of the drop.
    let _ = PacketSocket::open(rig.host(), "ipmp0").try_send(&to_peer.build());
    let to_all = ethernet(rig.peer().mac("eth0"), BROADCAST)
        / ipv4(plan::peer_v4(0), [10, 9, 0, 255].into())
        / udp(1, 9000)
        / payload(b"once");
    PacketSocket::open(rig.peer(), "eth0").send(&to_all);
}

/// Whether packets that went on were logged.
fn tells_of_sent(log: &str) -> bool {
    log.lines().any(|line| line.contains("sent: type") && !line.contains("not sent"))
}

#[test]
fn every_packet_is_traced_at_level_trace() {
    let rig = Rig::with_arguments(Topology::new().members(2), &["--trace-packets", "trace"]);
    rig.until_reachable();
    drop_both_ways(&rig);
    for text in ["sent: type 800", "sent: type 86dd", "received:", "foreign-source-mac", "not-nominated"] {
        rig.daemon.until_log(text);
    }
}

#[test]
fn only_dropped_packets_are_traced_at_level_debug() {
    let rig = Rig::with_arguments(Topology::new().members(2), &["--trace-packets", "debug"]);
    rig.until_reachable();
    drop_both_ways(&rig);
    for text in ["foreign-source-mac", "not-nominated"] {
        rig.daemon.until_log(text);
    }
    let log = rig.daemon.log();
    assert!(!tells_of_sent(&log), "{log}");
}

#[test]
fn packets_are_not_traced_unless_asked_for() {
    let rig = Rig::new(Topology::new().members(2));
    rig.until_reachable();
    drop_both_ways(&rig);
    eventually("the drop is counted", SOON, || {
        let count = reason(&rig.daemon, "ipmp0", Reason::ForeignSource);
        holds(count > 0, || count)
    });
    let log = rig.daemon.log();
    for text in ["sent:", "received:", "foreign-source-mac", "not-nominated"] {
        assert!(!log.contains(text), "{log}");
    }
}

#[test]
fn a_member_is_explained_with_what_happened_to_it_and_what_it_needs() {
    let rig = Rig::new(Topology::new().members(2));
    let shown = rig.daemon.json(&["explain", "e0"]);
    assert_keys(
        &shown,
        &["active", "at_least_ms", "group", "heard", "history", "interface", "link", "needs", "why"],
    );
    assert_eq!((&shown["state"], &shown["active"]), (&"ok".into(), &true.into()), "{shown}");
    assert_eq!(shown["needs"], serde_json::json!([]), "{shown}");

    rig.fail(0);
    let text = ctl::text(&rig.daemon.ctl(&["explain", "e0"]));
    for part in [
        "e0 of group ipmp0 is failed and carries no traffic",
        "no carrier",
        "link has to come up",
        "link-down",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let output = rig.daemon.ctl(&["offline", "e1", "-f"]);
    assert!(output.status.success(), "{}", ctl::describe(&output));
    let text = ctl::text(&rig.daemon.ctl_as_nobody(&["explain", "e1"]));
    assert!(text.contains("`ipmp-ctl online e1`"), "{text}");
    let output = rig.daemon.ctl(&["explain", "eth9"]);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("members are: e0, e1"), "{}", ctl::describe(&output));
}

#[test]
fn a_watched_view_goes_on_when_the_daemon_has_been_started_again() {
    let mut rig = Rig::new(Topology::new().members(2));
    let mut watch = Command::new(ctl::binary());
    watch.args(["stat", "-i", "--json", "--watch", "0.1", "--socket"]).arg(rig.daemon.socket());
    let mut watch = watch.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    let mut said = BufReader::new(watch.stderr.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    for _ in 0..2 {
        assert_eq!(next()["interfaces"].as_array().map(Vec::len), Some(2));
    }
    rig.daemon.kill9();
    let line = said.next().unwrap().unwrap();
    assert!(line.contains("cannot contact the daemon"), "{line}");
    rig.daemon.restart();
    let line = said.next().unwrap().unwrap();
    assert!(line.contains("the daemon is back"), "{line}");
    assert_eq!(next()["interfaces"].as_array().map(Vec::len), Some(2));

    // Nobody reads on, and that ends it.
    drop(lines);
    let status = eventually("it ends with its reader", SOON, || watch.try_wait().unwrap().ok_or("it runs"));
    assert!(status.success(), "{status}");
}

#[test]
fn without_a_daemon_each_view_says_so_once_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    for arguments in [
        &["stat"][..],
        &["stat", "-p"],
        &["stat", "--watch"],
        &["explain", "e0"],
        &["flow", "ipmp0", "10.9.0.10", "10.9.0.101", "--if-failed", "e0"],
    ] {
        let output = ctl::run(Command::new(ctl::binary()).args(arguments).arg("--socket").arg(&socket));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", ctl::describe(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}: {}", ctl::describe(&output));
        let said = ctl::text(&output);
        assert!(
            said.contains("cannot contact the daemon") && said.lines().count() == 1,
            "{arguments:?}: {said}"
        );
    }
}
