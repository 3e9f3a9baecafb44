//! What is shown of probes.

use std::collections::BTreeSet;

use ipmp_tests::{
    Rig, Topology, ctl,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    silence::{ProbeHook, Silence},
};
use rustix::process::Signal;
use serde_json::Value;

fn rig() -> Rig {
    Rig::probing(Topology::new(), ProbeHook::Tc, "300ms", 2)
}

#[test]
fn the_group_and_interface_views_tell_of_probes() {
    let rig = rig();
    let group = stat::group(&rig.daemon, "ipmp0").expect("a row");
    assert_eq!(group["fdt_ms"], 300);
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-g", "-P", "-o", "fdt"]));
    assert_eq!(text.trim(), "0.30s");
    rig.silence(1, Silence::Both);
    rig.daemon.until_state("e1", "failed");
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-i", "-P", "-o", "interface,link,probe,state"]));
    assert_eq!(text, "e0:up:ok:ok\ne1:up:failed:failed\ne2:up:ok:ok\n");
}

#[test]
fn the_target_view_is_as_documented() {
    let rig = rig();
    let shown = rig.daemon.json(&["stat", "-t"]);
    let rows = shown["targets"].as_array().expect("rows");
    assert_eq!(rows.len(), 3);
    for (row, member) in rows.iter().zip(0..) {
        assert_eq!((&row["interface"], &row["mode"]), (&format!("e{member}").into(), &"routes".into()));
        assert_eq!(row["test_address"], plan::test_v4(0, member).to_string());
        let targets: BTreeSet<_> =
            row["targets"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(
            targets,
            [plan::peer_v4(0), plan::peer_v4(1)]
                .map(|peer| peer.to_string())
                .iter()
                .map(String::as_str)
                .collect()
        );
    }
    eventually("round trips are known and counted", SOON, || {
        let row = rig.targets_from(plan::test_v4(0, 0).into()).unwrap_or_default();
        let rtt = &row["rtt"][0];
        let total: u64 = rtt["histogram"].as_array().into_iter().flatten().filter_map(Value::as_u64).sum();
        let order = ["min_us", "smoothed_us", "max_us"].map(|key| rtt[key].as_u64().unwrap_or(u64::MAX));
        holds(total > 3 && order.is_sorted() && order[2] < u64::MAX, || row)
    });
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-t"]));
    let header: Vec<_> = text.lines().next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(header, ["INTERFACE", "MODE", "TESTADDR", "TARGETS"], "{text}");
}

#[test]
fn members_without_test_addresses_are_shown_as_disabled() {
    let rig = Rig::new(Topology::new().members(2));
    let shown = rig.daemon.json(&["stat", "-t"]);
    for row in shown["targets"].as_array().expect("rows") {
        assert_eq!((&row["mode"], &row["test_address"]), (&"disabled".into(), &Value::Null), "{row}");
    }
    let output = rig.daemon.ctl(&["stat", "-p"]);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("probe-based failure detection is disabled"), "{said}");
}

#[test]
fn each_probe_is_a_line_while_somebody_watches() {
    let rig = rig();
    let table = rig.daemon.watch(&["stat", "-p"]);
    let watch = rig.daemon.watch(&["stat", "-p", "--json"]);
    let header = table.lines(5)[0].split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(header, "TIME INTERFACE PROBE NETRTT RTT RTTAVG TARGET");
    let parse =
        |line: &String| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    let lines: Vec<_> = watch.lines(30).iter().map(parse).collect();
    for line in &lines {
        let object = line.as_object().expect("an object");
        for key in ["time_s", "interface", "probe", "netrtt_ms", "rtt_ms", "rttavg_ms", "rttdev_ms", "target"]
        {
            assert!(object.contains_key(key), "no {key} in {line}");
        }
        assert!(line["rtt_ms"].as_f64().is_some(), "{line}");
    }
    let of_e0: Vec<_> = lines
        .iter()
        .filter(|line| line["interface"] == "e0")
        .filter_map(|line| line["probe"].as_u64())
        .collect();
    assert!(of_e0.windows(2).all(|pair| pair[1] == pair[0] + 1), "each once: {of_e0:?}");
    rig.silence(0, Silence::Receiving);
    eventually("lost probes are shown without times", SOON, || {
        let lines: Vec<_> = watch.lines(1).iter().map(parse).collect();
        let lost = lines.iter().any(|line| line["interface"] == "e0" && line["rtt_ms"] == Value::Null);
        holds(lost, || lines.len())
    });
}

#[test]
fn sigusr1_writes_the_tables_into_the_log() {
    let rig = rig();
    rig.daemon.signal(Signal::USR1);
    for text in
        ["failure detection time 300 ms", "e2: state ok, link up, probe ok", "target 10.9.0.102 is active"]
    {
        rig.daemon.until_log(text);
    }
    rig.until_reachable();
}
