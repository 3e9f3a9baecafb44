//! Groups of VLAN members (`e0.5`).

use std::time::{SystemTime, UNIX_EPOCH};

use ipmp_ctl::kernel::ethtool::glink;
use ipmp_tests::{
    Daemon, GroupConfig, Ping, Rig, Topology, ctl,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    topology::port,
    vlan,
};

/// A topology whose peer is on VLAN 5, as the NICs of the host are too.
fn topology(members: usize) -> Option<Topology> {
    // As real NICs: the kernel may tell of a loss a second late.
    let topology = Topology::new().members(members).equal_ifindex(true).build();
    vlan::move_to(&topology, 5).then_some(topology)
}

fn group(name: &str, members: &[&str]) -> GroupConfig {
    GroupConfig::new(name).addresses(["10.9.0.10/24", "10.9.0.11/24", "fd09::10/64"]).members(members)
}

fn until_active(rig: &Rig, member: &str, active: bool) {
    eventually(&format!("{member} is active: {active}"), SOON, || {
        let row = stat::interface(&rig.daemon, member);
        let is = row.as_ref().is_some_and(|row| row["active"] == true);
        holds(is == active, || (row, rig.daemon.log()))
    });
}

#[test]
fn a_group_of_vlan_members_fails_over_and_back() {
    let Some(topology) = topology(3) else { return };
    let config = group("ipmp0", &["e0.5", "e1.5", "e2.5"]);
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.until_settled();
    rig.until_reachable();
    let data = rig.data()[0];
    let bound = rig.daemon.until_bound(data);
    assert_eq!(rig.peer().neighbour("eth0.5", data), Some(rig.host().mac(&bound)));
    // Nothing of it is on the link without a tag.
    assert_eq!(rig.peer().neighbour("eth0", data), None);
    rig.topology.cut(0);
    rig.daemon.until_state("e0.5", "failed");
    rig.until_reachable();
    rig.topology.restore(0);
    rig.daemon.until_state("e0.5", "ok");
    rig.until_reachable();
    // The VLAN goes, and comes back as another device.
    rig.host().ip("link del e1.5");
    until_active(&rig, "e1.5", false);
    rig.until_reachable();
    assert!(vlan::add(rig.host(), "e1", 5));
    until_active(&rig, "e1.5", true);
    // So it does with its NIC.
    rig.host().ip("link del e2");
    until_active(&rig, "e2.5", false);
    rig.topology.switch.connect(rig.host(), "e2", &port(0, 2), None);
    assert!(vlan::add(rig.host(), "e2", 5));
    until_active(&rig, "e2.5", true);
    rig.until_reachable();
}

#[test]
fn a_nic_that_is_brought_down_takes_its_vlan_along() {
    let Some(topology) = topology(2) else { return };
    let config = group("ipmp0", &["e0.5", "e1.5"]);
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.until_settled();
    rig.host().ip("link set e0 down");
    rig.daemon.until_state("e0.5", "failed");
    rig.until_reachable();
    rig.host().ip("link set e0 up");
    rig.daemon.until_state("e0.5", "ok");
    rig.until_reachable();
}

/// When a line of the daemon's log was written, in seconds of its hour.
fn logged_at(log: &str, words: &str) -> Option<f64> {
    let line = log.lines().find(|line| line.contains(words))?;
    let time = line.split_once('T')?.1.split_once('Z')?.0;
    let mut parts = time.rsplit(':').map(|part| part.parse::<f64>().ok());
    let second = parts.next()??;
    Some(parts.next()?? * 60.0 + second)
}

#[test]
fn one_dead_cable_fails_all_its_vlans_at_once() {
    let Some(topology) = topology(3) else { return };
    let host = topology.host();
    assert!(["e0", "e1"].iter().all(|nic| vlan::add(host, nic, 6)));
    let other = GroupConfig::new("ipmp1").addresses(["10.8.0.10/24"]).members(["e0.6", "e1.6"]);
    let config = format!("{}{other}", group("ipmp0", &["e0.5", "e1.5"]));
    let rig = Rig { daemon: Daemon::start(host, &config), topology };
    rig.until_settled();
    rig.until_reachable();
    let seen: Vec<_> = (0..5).map(|_| lateness(&rig)).collect();
    // Told by the kernel itself it would be up to a second, and 0.3 s and more for most. A busy machine may be late once.
    let in_time = seen.iter().filter(|late| late.iter().all(|late| *late < 0.25)).count();
    assert!(in_time >= 4, "late: {seen:?}\n{}", rig.daemon.log());
}

/// Cuts the cable of `e0` and puts it back. How late the loss was seen on both of its VLANs, in seconds.
fn lateness(rig: &Rig) -> [f64; 2] {
    // The kernel acts on carriers once a second: when it has just done so, it comes late for this one.
    rig.topology.cut(2);
    let _ = rig.host().run(|| glink("e2"));
    let known = rig.daemon.log().len();
    let cut = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is later than 1970").as_secs_f64();
    rig.topology.cut(0);
    let seen = ["e0.5", "e0.6"].map(|vlan| {
        let words = format!("The link has gone down on {vlan}");
        let at = eventually(&words, SOON, || logged_at(&rig.daemon.log()[known..], &words).ok_or(()));
        rig.daemon.until_state(vlan, "failed");
        (at - cut).rem_euclid(3600.0)
    });
    rig.topology.restore(2);
    rig.until_reachable();
    rig.topology.restore(0);
    for vlan in ["e0.5", "e0.6"] {
        rig.daemon.until_state(vlan, "ok");
    }
    seen
}

#[test]
fn members_on_different_vlans_are_refused_with_file_and_line() {
    let Some(topology) = topology(2) else { return };
    let host = topology.host();
    assert!(vlan::add(host, "e1", 6) && vlan::add(host, "e0", 6));
    for (members, words) in [
        (["e0.5", "e1.6"], ["e1.6 is on VLAN 6 and e0.5 is on VLAN 5", "Make a group of each VLAN"]),
        (["e0.5", "e1"], ["e1 is untagged and e0.5 is on VLAN 5", "must be on one IP link"]),
        (["e0.5", "e0.6"], ["e0.6 is on VLAN 6 and e0.5 is on VLAN 5", "Make a group of each VLAN"]),
    ] {
        let config = group("ipmp0", &members);
        let line = 1 + config
            .to_string()
            .lines()
            .position(|line| line.starts_with("[group.ipmp0.member.") && line.contains(members[1]))
            .expect("the member is configured");
        let mut daemon = Daemon::prepare(host, &config);
        let (status, said) = daemon.start_and_fail();
        assert_eq!(status.code(), Some(1), "{said}");
        for word in words.into_iter().chain([format!("ipmp.toml:{line}: group ipmp0").as_str()]) {
            assert!(said.contains(word), "{word:?} is not in:\n{said}");
        }
        assert!(!host.has("ipmp0"), "nothing is touched");
    }
}

#[test]
fn two_members_on_one_nic_are_warned_about() {
    let Some(topology) = topology(2) else { return };
    let host = topology.host();
    host.ip("link add link e0 name m0 type macvlan mode bridge");
    host.set_up("m0", true);
    let mut rig = Rig {
        daemon: Daemon::prepare(
            host,
            &GroupConfig::new("ipmp0").addresses(["10.9.0.10/24"]).members(["e0", "m0"]),
        ),
        topology,
    };
    rig.daemon.restart();
    rig.daemon.until_log("e0 and m0 are both on e0: that gives no redundancy");
}

#[test]
fn a_member_that_appears_on_another_vlan_stays_out_until_it_is_on_the_right_one() {
    let Some(topology) = topology(2) else { return };
    let host = topology.host();
    host.ip("link del e1.5");
    let config = group("ipmp0", &["e0.5", "e1.5"]);
    let rig = Rig { daemon: Daemon::start(host, &config), topology };
    rig.until_settled();
    rig.host().ip("link add link e1 name e1.5 type vlan id 6");
    rig.daemon.until_log("e1.5 stays out of the group: e1.5 is on VLAN 6 and e0.5 is on VLAN 5");
    until_active(&rig, "e1.5", false);
    rig.host().ip("link del e1.5");
    assert!(vlan::add(rig.host(), "e1", 5));
    until_active(&rig, "e1.5", true);
    rig.topology.cut(0);
    rig.daemon.until_state("e0.5", "failed");
    rig.until_reachable();
}

#[test]
fn the_same_link_check_tells_vlans_apart() {
    let Some(topology) = topology(2) else { return };
    let host = topology.host();
    let daemon = Daemon::prepare(host, &group("ipmp0", &["e0.5", "e1.5"]));
    let check = || {
        let config = daemon.config();
        let mut command = std::process::Command::new(ctl::binary());
        ctl::run(command.args(["check", "--link", "--netns", host.name(), "--config"]).arg(config))
    };
    let fine = check();
    assert!(
        fine.status.success() && ctl::text(&fine).contains("they are on one link"),
        "{}",
        ctl::describe(&fine)
    );
    host.ip_batch("link del e1.5\nlink add link e1 name e1.5 type vlan id 6\nlink set e1.5 up\n");
    let wrong = check();
    assert!(ctl::text(&wrong).contains("e1.5 is on another link than e0.5"), "{}", ctl::describe(&wrong));
    assert_eq!(wrong.status.code(), Some(1));
}

#[test]
fn a_member_that_a_bond_takes_leaves_and_comes_back_when_it_is_freed() {
    let Some(topology) = topology(3) else { return };
    let config = group("ipmp0", &["e0.5", "e1.5", "e2.5"]);
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.until_settled();
    rig.host().ip("link add bond0 type bond mode active-backup");
    // A bond takes only what is down.
    rig.host().ip_batch("link set e0.5 down\nlink set e0.5 master bond0\n");
    rig.daemon.until_log("e0.5 leaves the group: e0.5 is a port of the bond bond0");
    rig.until_reachable();
    Ping::to(plan::data_v4(0, 1).into()).until_answered(rig.peer());
    rig.host().ip("link set e0.5 nomaster");
    until_active(&rig, "e0.5", true);
    rig.until_reachable();
}
