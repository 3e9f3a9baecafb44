//! `offline` and `online`: members that the administrator takes out of service and puts back.

use std::time::{Duration, Instant};

use ipmp_tests::{
    Ping, Rig, Topology, ctl,
    daemon::stat,
    echo::Connections,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
    silence::ProbeHook,
    stream::Stream,
    topology::port,
    usable::UsableWord,
};
use serde_json::Value;

/// Runs a command that has to succeed.
fn obeyed(rig: &Rig, arguments: &[&str]) {
    let output = rig.daemon.ctl(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", ctl::describe(&output));
    assert_eq!(ctl::text(&output), "", "{arguments:?} has nothing to say");
}

/// Runs a command that has to be refused, with these words.
fn refused(rig: &Rig, arguments: &[&str], words: &[&str]) {
    let output = rig.daemon.ctl(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", ctl::describe(&output));
    let said = ctl::text(&output);
    for word in words {
        assert!(said.contains(word), "{arguments:?}: {word:?} is not in {said:?}");
    }
}

fn row(rig: &Rig, interface: &str) -> Value {
    stat::interface(&rig.daemon, interface).expect("each member has a row")
}

/// The addresses on an interface of the host, as text.
fn addresses(rig: &Rig, interface: &str) -> String {
    rig.host().ip(&format!("-o -4 addr show dev {interface}"))
}

#[test]
fn a_member_goes_and_comes_back_under_traffic_and_nothing_is_lost() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    let streams = rig.streams();
    let (_servers, connections) = rig.connections(8);
    let word = UsableWord::open(&rig.daemon, "ipmp0");
    let all = word.get();
    for member in 0..3 {
        let name = format!("e{member}");
        connections.iter().for_each(Connections::until_all_progress);
        let began = Instant::now();
        obeyed(&rig, &["offline", &name]);
        // Two seconds is what the daemon may take; the rest is for a busy machine.
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
        assert_eq!(word.get().len(), 2, "it is in use no more when the command returns");
        let shown = row(&rig, &name);
        assert_eq!((&shown["state"], &shown["active"]), (&"offline".into(), &false.into()), "{shown}");
        assert_eq!((&shown["flags"], &shown["probe"]), (&"-----d-".into(), &"disabled".into()), "{shown}");
        rig.daemon.until_group("ipmp0", "degraded");
        for data in plan::data(0).into_iter().chain(plan::data(1)).chain(plan::data(2)) {
            assert_ne!(rig.bound(data), member, "{data}");
        }
        connections.iter().for_each(Connections::until_all_progress);
        obeyed(&rig, &["online", &name]);
        rig.daemon.until_state(&name, "ok");
        rig.daemon.until_group("ipmp0", "ok");
        eventually("all are in use again", SOON, || holds(word.get() == all, || word.get()));
        for data in plan::data(member) {
            eventually("it is at its home again", SOON, || {
                holds(rig.bound(data) == member, || rig.daemon.json(&["stat", "-a"]))
            });
        }
    }
    connections.iter().for_each(Connections::until_all_progress);
    let broken: Vec<_> = connections.iter().flat_map(Connections::broken).collect();
    assert_eq!(broken, Vec::<String>::new());
    for report in streams.into_iter().map(Stream::finish) {
        assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0), "{report}");
    }
}

#[test]
fn what_still_arrives_at_a_member_that_is_offline_is_received_and_nothing_leaves_by_it() {
    for receive in ["group", "member"] {
        let rig =
            Rig::with(Topology::new(), |group| group.tested(0).line(&format!("receive = \"{receive}\"")));
        rig.until_reachable();
        obeyed(&rig, &["offline", "e0"]);
        let mac = rig.host().mac("e0");
        for data in plan::data(1) {
            rig.peer().ip(&format!("neigh replace {data} lladdr {mac} dev eth0 nud permanent"));
        }
        // The group's packets: the kernel has something of its own to say by each interface now and then.
        let sent = || stat::interface(&rig.daemon, "e0").map(|row| row["tx_packets"].clone());
        let before = sent();
        for data in plan::data(1) {
            Ping::to(data).until_answered(rig.peer());
        }
        assert_eq!(sent(), before, "{receive}: the answers leave by the others");
    }
}

#[test]
fn probes_stop_and_the_test_address_goes_with_the_member() {
    let rig = Rig::probing(Topology::new(), ProbeHook::Tc, "500ms", 2);
    let test = plan::test_v4(0, 0).to_string();
    assert!(addresses(&rig, "e0").contains(&test));
    obeyed(&rig, &["offline", "e0"]);
    assert_eq!(addresses(&rig, "e0"), "");
    let sent = rig.probes(0, "sent");
    always("no probe is sent and the address stays away", A_WHILE, || {
        let now = (rig.probes(0, "sent"), addresses(&rig, "e0"));
        holds(now == (sent, String::new()), || now)
    });
    assert!(!rig.daemon.log().contains("it is put back"), "{}", rig.daemon.log());
    let targets = rig.daemon.json(&["stat", "-t"]);
    let mode = |name: &str| {
        let rows = targets["targets"].as_array().into_iter().flatten();
        rows.filter(|row| row["interface"] == name).map(|row| row["mode"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((mode("e0"), mode("e1")), (vec!["disabled".into()], vec!["routes".into()]));

    obeyed(&rig, &["online", "e0"]);
    assert!(addresses(&rig, "e0").contains(&test), "{}", addresses(&rig, "e0"));
    rig.until_probed();
    eventually("probes are sent again", SOON, || {
        let now = rig.probes(0, "sent");
        holds(now > sent + 3, || now)
    });
    assert_eq!(rig.failures(), 0, "{}", rig.daemon.log());
}

#[test]
fn what_makes_no_sense_is_refused_with_the_reason() {
    let mut rig = Rig::with(Topology::new().members(2), |group| group.members(["e2"]));
    rig.until_reachable();
    for command in ["offline", "online"] {
        let long = "x".repeat(3000);
        for name in ["e9", "lo", "", " ", "e0 ", "../e0", "e0\n", "é", long.as_str(), "ipmp0-p"] {
            refused(&rig, &[command, name], &["not a physical interface or not in an IPMP group"]);
        }
        refused(&rig, &[command, "ipmp0"], &["ipmp0 is a group", "e0, e1, e2"]);
    }
    refused(&rig, &["offline", "e2"], &["e2 is absent"]);
    refused(&rig, &["online", "e0"], &["e0 is not offline"]);
    for usage in
        [&["offline"][..], &["offline", "e0", "e1"], &["online", "-f", "e0"], &["offline", "-r", "e0"]]
    {
        assert_eq!(rig.daemon.ctl(usage).status.code(), Some(2), "{usage:?}");
    }
    for command in ["offline", "online"] {
        let output = rig.daemon.ctl_as_nobody(&[command, "e0"]);
        assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
        assert!(ctl::text(&output).contains("root"), "{}", ctl::describe(&output));
    }
    assert_eq!(row(&rig, "e0")["state"], "ok");

    obeyed(&rig, &["offline", "e0"]);
    refused(&rig, &["offline", "e0"], &["e0 is already offline"]);
    refused(&rig, &["offline", "e1"], &["no other functioning interfaces are in its IPMP group", "-f"]);
    rig.until_reachable();
    obeyed(&rig, &["offline", "-f", "e1"]);
    rig.daemon.until_group("ipmp0", "failed");
    eventually("RUNNING is lost", SOON, || holds(!rig.host().is_running("ipmp0"), || ()));
    obeyed(&rig, &["online", "e1"]);
    rig.until_reachable();
    obeyed(&rig, &["online", "e0"]);
    rig.fail(1);
    rig.until_reachable();

    rig.daemon.kill9();
    for command in ["offline", "online"] {
        refused(&rig, &[command, "e0"], &["cannot contact the daemon"]);
    }
}

#[test]
fn in_a_failed_group_all_but_the_last_may_go_offline() {
    let rig = Rig::new(Topology::new().members(2));
    rig.fail(0);
    rig.fail(1);
    obeyed(&rig, &["offline", "e0"]);
    refused(&rig, &["offline", "e1"], &["no other functioning interfaces"]);
    rig.topology.restore(0);
    rig.daemon.until_log("The link has come up on e0");
    always("it stays offline", A_WHILE, || {
        let row = row(&rig, "e0");
        holds(row["state"] == "offline" && row["active"] == false, || row)
    });
    obeyed(&rig, &["online", "e0"]);
    rig.daemon.until_state("e0", "ok");
    rig.until_reachable();
}

#[test]
fn a_member_without_link_that_is_put_back_is_failed() {
    let rig = Rig::new(Topology::new().members(2));
    obeyed(&rig, &["offline", "e0"]);
    rig.topology.cut(0);
    rig.daemon.until_log("The link has gone down on e0");
    assert_eq!(row(&rig, "e0")["state"], "offline");
    obeyed(&rig, &["online", "e0"]);
    rig.daemon.until_state("e0", "failed");
    rig.repair(0);
    rig.until_reachable();
}

#[test]
fn the_mark_outlives_the_interface() {
    let rig = Rig::with(Topology::new().members(2), |group| group.tested(0));
    obeyed(&rig, &["offline", "e0"]);
    rig.host().ip("link del e0");
    rig.daemon.until_log("member e0 is absent");
    assert_eq!(row(&rig, "e0")["state"], "offline");
    rig.topology.switch.connect(rig.host(), "e0", &port(0, 0), None);
    rig.daemon.until_log("member e0 has appeared");
    always("it stays offline, without its test address", A_WHILE, || {
        let now = (row(&rig, "e0"), addresses(&rig, "e0"));
        holds(now.0["state"] == "offline" && now.1.is_empty(), || now)
    });
    obeyed(&rig, &["online", "e0"]);
    rig.daemon.until_state("e0", "ok");
    assert!(addresses(&rig, "e0").contains(&plan::test_v4(0, 0).to_string()));
    rig.fail(1);
    rig.until_reachable();
}

#[test]
fn nobody_is_hidden_by_a_member_that_is_offline_which_cannot_come_back_to_a_clash() {
    let rig = Rig::new(Topology::new());
    let (mac, own) = (rig.host().mac("e0"), rig.host().mac("e1"));
    rig.host().ip(&format!("link set e1 address {mac}"));
    rig.daemon.until_state("e1", "offline");
    refused(&rig, &["offline", "e1"], &["e1 is already offline", "not unique"]);
    refused(&rig, &["online", "e1"], &["e1 is offline because its hardware address is not unique"]);
    obeyed(&rig, &["offline", "e0"]);
    rig.daemon.until_state("e1", "ok");
    rig.until_reachable();
    refused(&rig, &["online", "e0"], &["duplicate hardware address", "e1"]);
    rig.host().ip(&format!("link set e1 address {own}"));
    eventually("e0 can come back", SOON, || {
        let output = rig.daemon.ctl(&["online", "e0"]);
        holds(output.status.success(), || ctl::describe(&output))
    });
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
}
