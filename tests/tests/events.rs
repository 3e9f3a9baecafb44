//! `events`: what happened, under this daemon and those before it.

use std::{fs, process::Command};

use ipmp_tests::{
    Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
    silence::{ProbeHook, Silence},
};
use serde_json::Value;

fn named<'a>(events: &'a [Value], event: &str, interface: &str) -> Vec<&'a Value> {
    events.iter().filter(|entry| entry["event"] == event && entry["interface"] == interface).collect()
}

#[test]
fn a_failover_is_told_with_cause_moves_announcement_and_outage() {
    let rig = Rig::new(Topology::new());
    let before = rig.daemon.events().len();
    rig.fail(0);
    let events = rig.daemon.events();
    let new = &events[before..];
    let failed = named(new, "failed", "e0");
    assert_eq!(failed.len(), 1, "{new:#?}");
    assert_eq!((failed[0]["group"].as_str(), failed[0]["cause"].as_str()), (Some("ipmp0"), Some("link")));
    let outage = failed[0]["outage_us"].as_u64().expect("it carried traffic");
    assert!(outage < 1_000_000, "{outage} us from the loss of the link to the last map write");
    let moved = |event: &Value| {
        event["event"] == "moved" && event["text"].as_str().is_some_and(|text| text.contains("from e0"))
    };
    assert!(new.iter().any(moved), "{new:#?}");
    assert!(new.iter().any(|event| event["event"] == "announced"), "{new:#?}");
    let times: Vec<_> = events.iter().map(|event| event["time_us"].as_u64()).collect();
    assert!(times.is_sorted(), "newest last");
    rig.repair(0);
    assert_eq!(named(&rig.daemon.events(), "repaired", "e0").len(), 1);
    let table = rig.daemon.ctl(&["events"]);
    let table = String::from_utf8_lossy(&table.stdout).into_owned();
    let line = table.lines().find(|line| line.contains("failed (link)")).unwrap_or_else(|| panic!("{table}"));
    assert!(
        line.starts_with("20") && line.contains("ms") && line.contains("failure detected on e0"),
        "{line}"
    );
}

#[test]
fn the_outage_of_a_silent_member_begins_with_its_last_answer() {
    let rig = Rig::probing(Topology::new(), ProbeHook::Tc, "1s", 2);
    rig.silence(1, Silence::Both);
    rig.daemon.until_state("e1", "failed");
    let events = rig.daemon.events();
    let failed = named(&events, "failed", "e1");
    assert_eq!((failed.len(), failed[0]["cause"].as_str()), (1, Some("probes")));
    let outage = failed[0]["outage_us"].as_u64().expect("it carried traffic");
    assert!((500_000..10_000_000).contains(&outage), "{outage} us");
}

#[test]
fn events_are_followed_as_they_come() {
    let rig = Rig::new(Topology::new());
    let watch = rig.daemon.watch(&["events", "--follow", "--json"]);
    let past = rig.daemon.events().len();
    watch.lines(past);
    rig.fail(2);
    eventually("the failure is seen", SOON, || {
        let lines = watch.lines(past);
        holds(lines.iter().any(|line| line.contains("\"failed\"") && line.contains("\"e2\"")), || lines)
    });
}

#[test]
fn history_outlives_the_daemon_and_is_read_without_one() {
    let mut rig = Rig::new(Topology::new());
    rig.fail(1);
    let before = rig.daemon.events();
    rig.daemon.kill9();
    let alone = rig.daemon.ctl(&["events", "--json"]);
    assert_eq!(alone.status.code(), Some(0), "{}", ctl::describe(&alone));
    assert!(String::from_utf8_lossy(&alone.stderr).contains("no daemon runs"), "{}", ctl::describe(&alone));
    assert_eq!(String::from_utf8_lossy(&alone.stdout).lines().count(), before.len());
    rig.daemon.restart();
    let after = rig.daemon.events();
    assert_eq!(after[..before.len()], before[..]);
    assert!(after[before.len()..].iter().any(|event| event["event"] == "daemon-started"));
    assert_eq!(named(&after, "failed", "e1").len(), 1, "what the last daemon has told is no news");
}

#[test]
fn commands_are_told_with_who_asked() {
    let mut rig = Rig::new(Topology::new());
    let next = rig.topology.hosts[0].group().line("failback = false");
    assert!(rig.daemon.reload(&next).status.success());
    let events = rig.daemon.events();
    let reload = events.iter().rfind(|event| event["event"] == "reload").expect("it is told");
    assert_eq!(reload["by"]["uid"], 0);
    assert!(reload["by"]["pid"].as_i64() > Some(0), "{reload}");
    assert!(reload["text"].as_str().is_some_and(|text| text.contains("failback")), "{reload}");
    assert!(rig.daemon.down("ipmp0").status.success());
    let events = rig.daemon.events();
    let down = events.iter().rfind(|event| event["event"] == "down").expect("it is told");
    assert_eq!((down["group"].as_str(), down["by"]["uid"].as_u64()), (Some("ipmp0"), Some(0)));
}

#[test]
fn without_daemon_and_history_it_says_so() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let socket = directory.path().join("none.sock");
    let output = ctl::run(Command::new(ctl::binary()).arg("events").arg("--socket").arg(&socket));
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("none.sock.events"),
        "{}",
        ctl::describe(&output)
    );
    fs::write(directory.path().join("none.sock.events"), "").expect("a file");
    let output = ctl::run(Command::new(ctl::binary()).arg("events").arg("--socket").arg(&socket));
    assert_eq!(output.status.code(), Some(0), "{}", ctl::describe(&output));
}
