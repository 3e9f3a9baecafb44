//! The unit under a real systemd: the daemon starts, is watched and brought back, and traffic does not depend on it.

use std::path::Path;

use ipmp_tests::{
    Debian, Topology, ctl,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    plan,
};

/// Where the unit is in the repository.
const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ipmp-ctl/dist");

/// A Debian on the topology's first host in which the daemon is installed by hand and started.
fn with_service(topology: &Topology) -> Option<Debian> {
    let debian = Debian::boot(topology.host())?;
    debian.copy(&ctl::binary(), "/usr/bin/ipmp-ctl");
    debian.copy(&Path::new(DIST).join("systemd/ipmp.service"), "/lib/systemd/system/ipmp.service");
    let config = topology.hosts[0].group().to_string();
    debian.write("/etc/ipmp/ipmp.toml", config.as_bytes());
    debian.text(
        "systemctl daemon-reload && systemctl start ipmp || { journalctl --no-pager --unit ipmp; false; }",
    );
    Some(debian)
}

/// The daemon's process, as the Debian numbers it.
fn main_pid(debian: &Debian) -> String {
    debian.text("systemctl show --property MainPID --value ipmp").trim().to_owned()
}

fn until_shown(debian: &Debian, state: &str) {
    eventually("the group is in this state", SOON, || {
        let shown = debian.run("ipmp-ctl stat -g -P -o state");
        holds(shown.stdout == format!("{state}\n").as_bytes(), || shown)
    });
}

#[test]
fn the_service_is_ready_when_its_group_works_and_says_so() {
    let topology = Topology::new().build();
    let Some(debian) = with_service(&topology) else { return };
    // `systemctl start` of a notifying service returns when it is ready: nothing is waited for here.
    assert_eq!(debian.text("systemctl is-active ipmp"), "active\n");
    assert_eq!(debian.text("ipmp-ctl stat -g -P -o group"), "ipmp0\n");
    assert!(debian.text("systemctl show --property StatusText ipmp").contains("ipmp0"));
    let before = debian.text("systemctl show --property Before --value ipmp");
    assert!(before.contains("network-online.target"), "{before}");

    topology.cut(0);
    until_shown(&debian, "degraded");
    let journal = |fields: &str| debian.text(&format!("journalctl --no-pager --output cat {fields}"));
    let entries = journal("GROUP=ipmp0 MEMBER=e0 CAUSE=link");
    assert!(entries.contains("failure detected on e0"), "the journal has fields: {entries}");
    assert!(!entries.contains("e1") && !entries.contains("cause="), "and lines without them: {entries}");
    let others = journal("GROUP=ipmp0 MEMBER=e1 CAUSE=link");
    assert!(!others.contains("failure detected"), "the other member has not failed: {others}");
}

#[test]
fn a_daemon_that_dies_or_hangs_is_started_again_and_traffic_goes_on() {
    let topology = Topology::new().build();
    let Some(debian) = with_service(&topology) else { return };
    let server = EchoServer::start(topology.host(), (plan::data(0)[0], 7).into());
    let connections = Connections::open(topology.peer(), server.address(), 4);
    // The unit's own half minute takes long.
    debian.write("/etc/systemd/system/ipmp.service.d/watchdog.conf", b"[Service]\nWatchdogSec=3s\n");
    debian.text("systemctl daemon-reload && systemctl restart ipmp");
    for signal in ["KILL", "STOP"] {
        let before = main_pid(&debian);
        debian.text(&format!("kill -{signal} {before}"));
        eventually("another daemon is ready", SOON, || {
            let now = main_pid(&debian);
            let is_active = debian.does("systemctl is-active ipmp");
            holds(now != before && is_active, || debian.text("journalctl --no-pager --unit ipmp"))
        });
        connections.until_all_progress();
    }
    debian.text("systemctl restart ipmp");
    connections.until_all_progress();
    debian.text("systemctl stop ipmp");
    connections.until_all_progress();
    assert_eq!(debian.text("systemctl start ipmp && ipmp-ctl stat -g -P -o state"), "ok\n");
    connections.until_all_progress();
}

#[test]
fn systemctl_reload_applies_the_file_and_a_bad_one_changes_nothing() {
    let topology = Topology::new().build();
    let Some(debian) = with_service(&topology) else { return };
    let pid = main_pid(&debian);
    let config = debian.text("cat /etc/ipmp/ipmp.toml");
    debian.write("/etc/ipmp/ipmp.toml", format!("failure-detection-time = \"20s\"\n{config}").as_bytes());
    debian.text("systemctl reload ipmp");
    eventually("the log says what has changed", SOON, || {
        let log = debian.text("journalctl --no-pager --output cat --unit ipmp");
        holds(log.contains("group ipmp0 is changed: failure-detection-time"), || log)
    });
    debian.write("/etc/ipmp/ipmp.toml", b"[group.ipmp0]\nnonsense = 1\n");
    assert!(!debian.does("systemctl reload ipmp"), "a reload that changes nothing for a mistake fails");
    eventually("the log names the mistake", SOON, || {
        let log = debian.text("journalctl --no-pager --output cat --unit ipmp");
        holds(log.contains("/etc/ipmp/ipmp.toml:2"), || log)
    });
    assert_eq!(main_pid(&debian), pid);
    until_shown(&debian, "ok");
}
