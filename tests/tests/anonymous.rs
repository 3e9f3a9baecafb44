//! Interfaces without a group, where they are to be watched.

use ipmp_tests::{
    Daemon, Rig, Topology,
    attached::programs,
    ctl,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    topology::port,
};
use serde_json::{Value, json};

/// A group of `e0` and `e1`; `e2` belongs to none.
fn rig(track_only_with_groups: Option<bool>) -> Rig {
    let topology = Topology::new().build();
    let group = topology.hosts[0].group().to_string();
    let (group, _) = group.split_once("\n[group.ipmp0.member.e2]").expect("e2 comes last");
    let top = track_only_with_groups.map(|only| format!("track-interfaces-only-with-groups = {only}\n"));
    let config = format!("{}{group}\n", top.unwrap_or_default());
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.until_settled();
    rig
}

#[test]
fn interfaces_without_a_group_are_left_alone_unless_asked_for() {
    for only in [None, Some(true)] {
        let rig = rig(only);
        assert_eq!(stat::interface(&rig.daemon, "e2"), None);
        assert_eq!(rig.daemon.json(&["stat", "-g"])["groups"].as_array().map(Vec::len), Some(1));
    }
}

#[test]
fn an_interface_without_a_group_is_watched_and_shown_and_nothing_of_it_is_touched() {
    let topology = Topology::new().build();
    let untouched = topology.host().setting("ipv4/conf/e2/arp_ignore");
    drop(topology);
    let rig = rig(Some(false));
    let expected = json!({"group": null, "active": true, "flags": "-------", "link": "up", "probe": "disabled",
        "state": "ok"});
    eventually("e2 is shown", SOON, || {
        let row = stat::interface(&rig.daemon, "e2");
        let is = |row: &Value| {
            expected.as_object().is_some_and(|all| all.iter().all(|(key, value)| row[key] == *value))
        };
        holds(row.as_ref().is_some_and(is), || row)
    });
    let groups = rig.daemon.json(&["stat", "-g"]);
    assert_eq!(groups["groups"][1]["group"], Value::Null);
    assert_eq!(groups["groups"][1]["state"], "ok");
    assert_eq!(
        groups["groups"][1]["interfaces"],
        json!(["e2"]),
        "nothing that the group has made is among them"
    );
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-g"]));
    let last: Vec<_> = text.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!(last, ["--", "--", "ok", "--", "e2"], "{text}");
    let text = ctl::text(&rig.daemon.ctl(&["stat", "-P", "-i", "-o", "interface,group,state"]));
    assert!(text.lines().any(|line| line == "e2::ok"), "{text}");

    rig.fail(2);
    rig.daemon.until_log("IP interface failure detected on e2");
    assert_eq!(rig.daemon.json(&["stat", "-g"])["groups"][1]["state"], "ok", "it is always ok");
    rig.repair(2);
    rig.daemon.until_log("IP interface repair detected on e2");
    for command in [&["offline", "e2"][..], &["offline", "-f", "e2"], &["online", "e2"]] {
        let output = rig.daemon.ctl(command);
        assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
        let said = ctl::text(&output);
        assert!(said.contains("no other functioning interfaces are in its IPMP group"), "{said}");
    }
    assert_eq!(programs(rig.host(), &["e2".to_owned()]), 0);
    assert_eq!(rig.host().setting("ipv4/conf/e2/arp_ignore"), untouched);
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
}

#[test]
fn interfaces_come_and_go_and_become_watched_again() {
    let rig = rig(Some(false));
    let until_shown = |name: &str, wanted: bool| {
        eventually(&format!("{name} is shown: {wanted}"), SOON, || {
            let row = stat::interface(&rig.daemon, name);
            holds(row.is_some() == wanted, || row)
        });
    };
    until_shown("e2", true);
    rig.host().ip("link set e2 down");
    until_shown("e2", false);
    rig.host().ip("link set e2 up");
    until_shown("e2", true);
    rig.host().ip("link del e2");
    until_shown("e2", false);
    rig.topology.switch.connect(rig.host(), "new0", &port(0, 2), None);
    until_shown("new0", true);
    rig.until_reachable();
}
