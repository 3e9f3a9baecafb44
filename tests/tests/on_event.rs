//! `on-event`: a program that is run for each event.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use ipmp_tests::{
    Daemon, Debian, ProgramFile, Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
};
use rustix::process::{Pid, test_kill_process};
use serde_json::Value;

/// The usual group, and this program for events.
fn config(topology: &Topology, program: &ProgramFile) -> String {
    format!("on-event = \"{}\"\n{}", program.path().display(), topology.hosts[0].group())
}

fn rig(script: &str) -> (Rig, ProgramFile) {
    let program = ProgramFile::new(script);
    let topology = Topology::new().build();
    let rig = Rig { daemon: Daemon::start(topology.host(), &config(&topology, &program)), topology };
    rig.until_settled();
    (rig, program)
}

/// Waits until the program has been told of everything that has happened, and gives that.
fn until_told(rig: &Rig, program: &ProgramFile) -> Vec<Value> {
    eventually("the program is told of everything", SOON, || {
        let told: Vec<Value> = program
            .lines("told")
            .iter()
            .map(|line| serde_json::from_str(line).unwrap_or(Value::Null))
            .collect();
        let events = rig.daemon.events();
        holds(told == events, || (told.len(), events.len())).map(|()| told)
    })
}

#[test]
fn the_program_hears_what_events_shows_whole_and_in_order() {
    let (rig, program) = rig("cat >> told; echo $IPMP_EVENT $IPMP_GROUP $IPMP_MEMBER $IPMP_CAUSE >> words");
    for member in 0..3 {
        rig.fail(member);
        rig.repair(member);
    }
    let told = until_told(&rig, &program);
    assert!(told.len() > 12, "{told:#?}");
    eventually("the words of the last one", SOON, || {
        let words = program.lines("words");
        holds(words.len() >= told.len(), || words)
    });
    let words = program.lines("words");
    assert!(words.contains(&"failed ipmp0 e0 link".to_owned()), "{words:?}");
    assert_eq!(words[0], "daemon-started");
}

#[test]
fn it_runs_where_the_daemon_is_with_nothing_of_the_daemon() {
    let (rig, program) =
        rig("ls /proc/self/fd > descriptors; ip -br link > links; env > environment; cat >> told");
    until_told(&rig, &program);
    // Its three, and the one by which ls looks.
    assert_eq!(program.lines("descriptors").len(), 4, "{}", program.text("descriptors"));
    assert!(program.text("links").contains("ipmp0"), "{}", program.text("links"));
    assert!(!program.text("environment").contains("CARGO"), "{}", program.text("environment"));
}

#[test]
fn a_slow_program_delays_no_failover_and_nothing_is_left_of_it() {
    let (mut rig, program) = rig("echo $$ >> pids; exec sleep 1000");
    eventually("it runs", SOON, || holds(!program.lines("pids").is_empty(), String::new));
    for member in [0, 1] {
        rig.fail(member);
    }
    let events = rig.daemon.events();
    let outages: Vec<_> = events.iter().filter_map(|event| event["outage_us"].as_u64()).collect();
    assert!(outages.len() == 2 && outages.iter().all(|&outage| outage < 2_000_000), "{outages:?}");
    let begin = Instant::now();
    let status = rig.daemon.terminate();
    assert!(status.success(), "{status}");
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    rig.daemon.until_log("killed while it ran");
    for pid in program.lines("pids") {
        let pid = Pid::from_raw(pid.parse().expect("a number")).expect("a process");
        assert!(test_kill_process(pid).is_err(), "{pid:?} is still there");
    }
}

#[test]
fn one_that_goes_missing_is_said_once_and_found_again() {
    let (rig, program) = rig("cat >> told");
    until_told(&rig, &program);
    let heard = program.lines("told").len();
    fs::remove_file(program.path()).expect("it is there");
    for member in [0, 1] {
        rig.fail(member);
    }
    rig.daemon.until_log("cannot be run");
    eventually("all of that has been tried", SOON, || {
        let runs = rig.daemon.figures().daemon.hook_program.unwrap_or_default();
        holds(runs.done + runs.unstarted == rig.daemon.events().len() as u64, || runs)
    });
    assert_eq!(rig.daemon.log().matches("cannot be run").count(), 1, "{}", rig.daemon.log());
    program.write("cat >> told");
    rig.repair(0);
    rig.daemon.until_log("works again");
    assert!(program.lines("told").len() > heard);
}

#[test]
fn reload_takes_another_program_or_none_and_refuses_one_that_is_not_there() {
    let (mut rig, first) = rig("cat >> told");
    until_told(&rig, &first);
    let second = ProgramFile::new("cat >> told");
    let output = rig.daemon.reload(&config(&rig.topology, &second));
    assert!(output.status.success() && ctl::text(&output).contains("on-event"), "{}", ctl::describe(&output));
    rig.fail(0);
    eventually("the second one is told", SOON, || {
        let told = second.text("told");
        holds(told.contains("\"failed\""), || told)
    });
    assert!(!first.text("told").contains("\"failed\""));

    fs::remove_file(second.path()).expect("it is there");
    let output = rig.daemon.reload(&config(&rig.topology, &second));
    let said = ctl::text(&output);
    assert!(
        !output.status.success() && said.contains("ipmp.toml:1: `on-event`"),
        "{}",
        ctl::describe(&output)
    );
    let plain = rig.topology.hosts[0].group();
    assert!(rig.daemon.reload(&plain).status.success());
    assert_eq!(rig.daemon.figures().daemon.hook_program, None);
}

#[test]
fn a_program_works_under_the_restrictions_of_the_unit() {
    let topology = Topology::new().build();
    let Some(debian) = Debian::boot(topology.host()) else { return };
    let unit = concat!(env!("CARGO_MANIFEST_DIR"), "/../ipmp-ctl/dist/systemd/ipmp.service");
    debian.copy(&ctl::binary(), "/usr/bin/ipmp-ctl");
    debian.copy(Path::new(unit), "/lib/systemd/system/ipmp.service");
    let script = "#!/bin/sh\ncat >> /run/ipmp/told; systemctl start --no-block more.service\n";
    debian.write("/usr/local/sbin/ipmp-event", script.as_bytes());
    let more = "[Service]\nType=oneshot\nExecStart=/usr/bin/touch /var/more\n";
    debian.write("/lib/systemd/system/more.service", more.as_bytes());
    let config = format!("on-event = \"/usr/local/sbin/ipmp-event\"\n{}", topology.hosts[0].group());
    debian.write("/etc/ipmp/ipmp.toml", config.as_bytes());
    debian.text("chmod +x /usr/local/sbin/ipmp-event && systemctl daemon-reload && systemctl start ipmp");
    topology.cut(0);
    eventually("the program is told and starts another unit", SOON, || {
        let told = debian.run("grep -c '\"failed\"' /run/ipmp/told && test -e /var/more").stdout;
        holds(told == b"1\n", || debian.text("journalctl --no-pager --unit ipmp --unit more"))
    });
    debian.text("systemctl stop ipmp");
    let log = debian.text("journalctl --no-pager --unit ipmp");
    assert!(!log.contains("on-event"), "{log}");
}

#[test]
fn check_refuses_a_program_that_cannot_be_run_and_the_daemon_starts_without_it() {
    let program = ProgramFile::new("true");
    fs::remove_file(program.path()).expect("it is there");
    let topology = Topology::new().build();
    let mut daemon = Daemon::prepare(topology.host(), &config(&topology, &program));
    let output = ctl::run(Command::new(ctl::binary()).arg("check").arg("--config").arg(daemon.config()));
    let said = ctl::text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ipmp.toml:1: `on-event`") && said.contains("put the program there"), "{said}");
    assert!(!said.contains("ok:"), "{said}");
    daemon.restart();
    daemon.until_log("ipmp.toml:1: `on-event`");
}
