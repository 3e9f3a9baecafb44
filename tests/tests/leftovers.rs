//! What is left by a daemon that was killed early, by an earlier configuration, by a member that changed its name; and
//! what `down` must never touch.

use std::{fs, process::Command, time::Duration};

use ipmp_tests::{
    Daemon, GroupConfig, Netns, Rig, Topology,
    attached::programs,
    ctl,
    eventually::{SOON, eventually, holds},
    plan,
};

/// Budget for what the daemon repairs every 20 s.
const AFTER_A_SCAN: Duration = Duration::from_mins(1);

/// The settings of a member that the daemon changes.
fn settings(host: &Netns, member: &str) -> Vec<String> {
    let names =
        ["ipv4/conf/MEMBER/arp_ignore", "ipv4/conf/MEMBER/arp_announce", "ipv6/conf/MEMBER/accept_ra"];
    let mut all: Vec<_> = names.iter().map(|name| host.setting(&name.replace("MEMBER", member))).collect();
    all.push(format!("allmulticast {}", host.flags(member) & libc::IFF_ALLMULTI != 0));
    all
}

/// A group of two members of a topology of three, and what its third looks like when left alone.
fn first_two(topology: &Topology) -> (GroupConfig, Vec<String>) {
    let addresses =
        plan::data(0).map(|address| format!("{address}/{}", if address.is_ipv4() { 24 } else { 64 }));
    let config = GroupConfig::new("ipmp0").addresses(addresses).members(["e0", "e1"]);
    (config, settings(topology.host(), "e2"))
}

#[test]
fn down_deletes_nothing_but_pins_of_a_group() {
    let precious = tempfile::tempdir().expect("temporary directory");
    fs::create_dir(precious.path().join("ipmp7")).expect("directory");
    let file = precious.path().join("ipmp7/precious");
    fs::write(&file, "dear").expect("file");
    let socket = precious.path().join("none.sock");
    let directory = precious.path().join("ipmp7");
    let by_name = ["down", directory.to_str().expect("text")];
    let by_pins = ["down", "ipmp7", "--pins", precious.path().to_str().expect("text")];
    for (arguments, complaint) in [(&by_name[..], "name"), (&by_pins[..], "not on a BPF file system")] {
        let output = ctl::run(Command::new(ctl::binary()).args(arguments).arg("--socket").arg(&socket));
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains(complaint), "{arguments:?}: {error}");
        assert!(file.exists(), "{arguments:?} deleted a file");
    }
}

#[test]
fn a_half_made_group_interface_is_finished() {
    let topology = Topology::new().members(3).build();
    // What a daemon leaves that is killed right after its first request to the kernel.
    topology.host().ip("link add ipmp0 type veth peer name ipmp0-p");
    let (config, _) = first_two(&topology);
    let daemon = Daemon::start(topology.host(), &config);
    daemon.until_group("ipmp0", "ok");
    eventually("RUNNING", SOON, || {
        holds(topology.host().is_running("ipmp0"), || topology.host().flags("ipmp0"))
    });
    assert_eq!(topology.host().setting("ipv6/conf/ipmp0-p/disable_ipv6"), "1");
}

#[test]
fn a_member_that_the_configuration_no_longer_has_is_put_back() {
    let topology = Topology::new().members(3).build();
    let (config, untouched) = first_two(&topology);
    let mut daemon = Daemon::start(topology.host(), &config.clone().members(["e2"]));
    assert_ne!(settings(topology.host(), "e2"), untouched, "the daemon changes nothing?");
    daemon.terminate();
    daemon.configure(&config);
    daemon.restart();
    daemon.until_group("ipmp0", "ok");
    assert_eq!(settings(topology.host(), "e2"), untouched);
    let at_members = ["e0", "e1", "e2"].map(|member| programs(topology.host(), &[member.to_owned()]));
    assert_eq!(at_members, [1, 1, 0], "programs at members");
}

#[test]
fn a_member_that_is_renamed_is_put_back() {
    let rig = Rig::new(Topology::new());
    let host = rig.host();
    host.ip("link set e2 down");
    host.ip("link set e2 name other");
    host.ip("link set other up");
    eventually("the settings are put back", SOON, || {
        let now = settings(host, "other");
        holds(now == ["0", "0", "1", "allmulticast false"], || format!("{now:?}"))
    });
    host.ip("link set other down");
    host.ip("link set other name e2");
    host.ip("link set e2 up");
    rig.daemon.until_state("e2", "ok");
}

#[test]
fn a_group_interface_that_is_brought_down_shows() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip("link set ipmp0 down");
    rig.daemon.until_group("ipmp0", "failed");
    rig.host().ip("link set ipmp0 up");
    rig.daemon.until_group("ipmp0", "ok");
    // The peer is the daemon's: it is brought up again.
    rig.host().ip("link set ipmp0-p down");
    eventually("RUNNING again", AFTER_A_SCAN, || {
        holds(rig.host().is_running("ipmp0"), || rig.host().flags("ipmp0"))
    });
}
