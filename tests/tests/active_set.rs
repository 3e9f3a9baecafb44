//! Which of the working members are in use: standby, failback, priority, min-active, and where addresses are then.

use std::{collections::BTreeMap, net::SocketAddr};

use ipmp_tests::{
    Rig, Topology,
    daemon::stat,
    echo::{Connections, EchoServer},
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
};
use serde_json::json;

/// Waits until exactly these members are in use.
fn until_active(rig: &Rig, expected: &[&str]) {
    eventually(&format!("{expected:?} are in use"), SOON, || {
        let rows = rig.daemon.json(&["stat", "-i"])["interfaces"].clone();
        let active: Vec<_> =
            rows.as_array().into_iter().flatten().filter(|row| row["active"] == true).collect();
        let active: Vec<_> = active.iter().filter_map(|row| row["interface"].as_str()).collect();
        holds(active == expected, || rows.clone())
    });
}

/// How many IPv4 data addresses each member hosts.
fn hosted(rig: &Rig) -> BTreeMap<String, usize> {
    let mut hosted = BTreeMap::new();
    for row in rig.daemon.json(&["stat", "-a"])["addresses"].as_array().into_iter().flatten() {
        let is_v4 = row["address"].as_str().is_some_and(|address| !address.contains(':'));
        if let Some(member) = row["inbound"].as_str().filter(|_| is_v4) {
            *hosted.entry(member.to_owned()).or_default() += 1;
        }
    }
    hosted
}

fn until_hosted(rig: &Rig, expected: &[(&str, usize)]) {
    let expected = expected.iter().map(|&(member, count)| (member.to_owned(), count)).collect();
    eventually("the addresses are level", SOON, || {
        let now = hosted(rig);
        holds(now == expected, || now)
    });
}

#[test]
fn without_failback_a_repaired_member_stays_inactive_until_another_one_fails() {
    let rig = Rig::with(Topology::new(), |group| group.line("failback = false"));
    let server = EchoServer::start(rig.host(), SocketAddr::new(plan::data(0)[0], 7));
    let connections = Connections::open(rig.peer(), server.address(), 8);
    rig.fail(0);
    rig.repair(0);
    until_active(&rig, &["e1", "e2"]);
    rig.daemon.until_group("ipmp0", "ok");
    always("e0 stays inactive", A_WHILE, || {
        let flags = stat::flags(&rig.daemon, "e0");
        holds(flags == "i------", || flags)
    });
    let groups = rig.daemon.json(&["stat", "-g"]);
    assert_eq!(groups["groups"][0]["interfaces"], json!(["e1", "e2", "e0"]));
    connections.until_all_progress();
    rig.fail(1);
    until_active(&rig, &["e0", "e2"]);
    connections.until_all_progress();
    rig.until_reachable();
}

#[test]
fn the_standby_with_the_highest_priority_stands_in_and_nobody_is_pushed_out() {
    let rig = Rig::with(Topology::new().members(4), |group| {
        group
            .member("e1", &["priority = 200"])
            .member("e2", &["standby = true", "priority = 0"])
            .member("e3", &["standby = true", "priority = 255"])
    });
    until_active(&rig, &["e0", "e1"]);
    assert_eq!(rig.nominee(), 1);
    rig.fail(3);
    rig.fail(0);
    until_active(&rig, &["e1", "e2"]);
    until_hosted(&rig, &[("e1", 2), ("e2", 2)]);
    rig.repair(3);
    always("e3 pushes nobody out", A_WHILE, || {
        let flags = stat::flags(&rig.daemon, "e3");
        holds(flags == "is-----", || flags)
    });
    rig.fail(1);
    until_active(&rig, &["e2", "e3"]);
    rig.until_reachable();
    rig.repair(0);
    until_active(&rig, &["e0", "e3"]);
    rig.repair(1);
    until_active(&rig, &["e0", "e1"]);
    until_hosted(&rig, &[("e0", 2), ("e1", 2)]);
}

#[test]
fn below_min_active_the_group_interface_loses_running_and_traffic_flows_on() {
    let rig = Rig::with(Topology::new().members(2), |group| group.line("min-active = 2"));
    let (_servers, connections) = rig.connections(8);
    let running = |wanted: bool| {
        eventually(&format!("RUNNING is {wanted}"), SOON, || {
            holds(rig.host().is_running("ipmp0") == wanted, || rig.host().flags("ipmp0"))
        });
    };
    running(true);
    rig.fail(1);
    running(false);
    rig.daemon.until_group("ipmp0", "degraded");
    for _ in 0..3 {
        connections.iter().for_each(Connections::until_all_progress);
    }
    rig.until_reachable();
    assert!(!rig.host().is_running("ipmp0"));
    rig.repair(1);
    running(true);
    connections.iter().for_each(Connections::until_all_progress);
}

#[test]
fn a_group_of_one_member_fails_and_works_again_with_it() {
    let rig = Rig::new(Topology::new().members(1));
    rig.until_reachable();
    rig.fail(0);
    rig.daemon.until_group("ipmp0", "failed");
    eventually("RUNNING is lost", SOON, || holds(!rig.host().is_running("ipmp0"), || ()));
    rig.repair(0);
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
    assert_eq!(rig.daemon.log().matches("moved from").count(), 0, "{}", rig.daemon.log());
}

#[test]
fn addresses_are_level_while_members_are_away_and_after_they_have_come_back() {
    let six = (0..6).map(|index| format!("{}/24", plan::data_v4(0, index)));
    let rig = Rig::with(Topology::new(), |group| group.addresses(six));
    until_hosted(&rig, &[("e0", 2), ("e1", 2), ("e2", 2)]);
    rig.fail(0);
    until_hosted(&rig, &[("e1", 3), ("e2", 3)]);
    rig.fail(1);
    until_hosted(&rig, &[("e2", 6)]);
    rig.repair(0);
    until_hosted(&rig, &[("e0", 3), ("e2", 3)]);
    for (index, home) in [(0, 0), (3, 0), (2, 2), (5, 2)] {
        assert_eq!(rig.bound(plan::data_v4(0, index).into()), home, "address {index} is at home");
    }
    rig.repair(1);
    until_hosted(&rig, &[("e0", 2), ("e1", 2), ("e2", 2)]);
    for index in 0..6 {
        assert_eq!(rig.bound(plan::data_v4(0, index).into()), index % 3, "address {index} is at home");
    }
}
