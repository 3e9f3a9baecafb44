//! `ipmp-ctl check --link`: whether the members of a group share one link.

use std::{process::Output, time::Instant};

use ipmp_tests::{
    Capture, Daemon, Netns, Rig, Switch, Topology, ctl,
    eventually::{SOON, eventually, holds},
    packets::Packet,
    topology::port,
};

/// What the frames of the check are.
const ETHER_TYPE: [u8; 2] = [0x88, 0xb5];

fn check(daemon: &Daemon, host: &Netns) -> Output {
    let config = daemon.config();
    let config = config.to_str().expect("a path in UTF-8");
    let mut command = std::process::Command::new(ctl::binary());
    ctl::run(command.args(["check", "--link", "--config", config, "--netns", host.name()]))
}

fn expect(output: &Output, code: i32, words: &[&str]) {
    let said = ctl::text(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in:\n{said}");
    }
}

#[test]
fn members_on_one_switch_are_on_one_link_with_and_without_a_daemon() {
    let mut rig = Rig::new(Topology::new());
    let words = ["group ipmp0: e0, e1, e2 hear each other: they are on one link"];
    expect(&check(&rig.daemon, rig.host()), 0, &words);
    rig.until_reachable();
    rig.daemon.kill9();
    expect(&check(&rig.daemon, rig.host()), 0, &words);
    assert!(rig.daemon.down("ipmp0").status.success());
    expect(&check(&rig.daemon, rig.host()), 0, &words);
}

#[test]
fn a_member_on_another_switch_is_named() {
    let topology = Topology::new().members(2).build();
    let other = Switch::new("other");
    other.connect(topology.host(), "e2", "p0", None);
    let daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group().members(["e2"]));
    let output = check(&daemon, topology.host());
    expect(&output, 1, &["e2 is on another link than e0, e1", "connect it to the same link"]);
    assert!(!ctl::text(&output).contains("hear each other: they"), "{}", ctl::describe(&output));
}

#[test]
fn a_member_without_link_could_not_be_checked() {
    let rig = Rig::new(Topology::new());
    rig.fail(2);
    let without = "e2 could not be checked: it has no carrier";
    expect(&check(&rig.daemon, rig.host()), 0, &[without, "e0, e1 hear each other"]);
    rig.host().ip("link set e1 down");
    rig.daemon.until_state("e1", "failed");
    let down = "e1 could not be checked: it is administratively down";
    expect(&check(&rig.daemon, rig.host()), 1, &[without, down, "fewer than two members have link"]);
    rig.host().ip("link del e1");
    expect(&check(&rig.daemon, rig.host()), 1, &["e1 could not be checked: it is absent"]);
}

#[test]
fn what_is_lost_one_way_is_named() {
    let rig = Rig::new(Topology::new());
    rig.topology.switch.lose_to(&port(0, 1));
    expect(&check(&rig.daemon, rig.host()), 1, &["e1 does not hear e0, though it is heard there"]);
    rig.topology.switch.lose_nothing(&port(0, 1));
    expect(&check(&rig.daemon, rig.host()), 0, &[]);
}

#[test]
fn what_comes_back_to_its_sender_is_named() {
    let rig = Rig::new(Topology::new().members(2));
    let output = rig
        .topology
        .switch
        .netns
        .command("bridge")
        .args(["link", "set", "dev", &port(0, 0), "hairpin", "on"])
        .output()
        .expect("bridge is installed");
    assert!(output.status.success(), "{}", ctl::describe(&output));
    let words = ["they are on one link", "what e0 sends comes back to e0"];
    expect(&check(&rig.daemon, rig.host()), 0, &words);
}

#[test]
fn a_check_takes_a_second_at_most_and_sends_three_frames_by_each_member() {
    let rig = Rig::new(Topology::new());
    let ours = |packet: &Packet| packet.build().get(12..14) == Some(&ETHER_TYPE);
    rig.topology.blackhole(1);
    let capture = Capture::start(rig.host(), "e0", ours);
    let start = Instant::now();
    expect(&check(&rig.daemon, rig.host()), 1, &["e1 is on another link than e0, e2"]);
    let took = start.elapsed();
    // Starting a process on a busy machine takes a while, too.
    assert!(took.as_millis() < 3000, "{took:?}");
    // Three of its own, and three of e2.
    eventually("all of them are captured", SOON, || {
        holds(capture.seen().len() == 6, || capture.seen().len())
    });
}

#[test]
fn two_checks_at_once_do_not_take_each_others_frames_for_their_own() {
    let topology = Topology::new().hosts(2).members(2).build();
    // The second host has members of the same names in a group of the same name, one of them elsewhere.
    topology.switch.netns.ip(&format!("link set {} nomaster", port(1, 1)));
    let daemons: Vec<_> =
        topology.hosts.iter().map(|host| Daemon::prepare(&host.netns, &topology.hosts[0].group())).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                expect(&check(&daemons[0], &topology.hosts[0].netns), 0, &["they are on one link"]);
            });
            scope.spawn(|| {
                expect(&check(&daemons[1], &topology.hosts[1].netns), 1, &["e1 is on another link"]);
            });
        }
    });
}

#[test]
fn somebody_without_the_right_is_told_so() {
    let topology = Topology::new().members(2).build();
    let daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group());
    // In the namespace already, since entering it is a privilege too.
    let program = std::fs::read(ctl::binary()).expect("the program can be read");
    let directory = tempfile::tempdir_in("/tmp").expect("a temporary directory");
    let copy = directory.path().join("ipmp-ctl");
    std::fs::write(&copy, program).expect("a copy for everybody");
    let config = directory.path().join("ipmp.toml");
    std::fs::copy(daemon.config(), &config).expect("a copy of the configuration");
    for path in [directory.path(), &copy, &config] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(path, mode).expect("the mode can be set");
    }
    let mut command = topology.host().command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]).arg(&copy);
    let output = ctl::run(command.args(["check", "--link", "--config"]).arg(&config));
    expect(&output, 1, &["CAP_NET_RAW", "run it as root"]);
}
