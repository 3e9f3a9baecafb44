//! Members that fall silent while their link stays up, and targets that do.

use std::net::SocketAddr;

use ipmp_tests::{
    Rig, Topology, by_each_hook,
    daemon::stat,
    echo::{Connections, EchoServer},
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
    silence::{ProbeHook, Silence},
    usable::UsableWord,
};
use serde_json::Value;

by_each_hook!(
    a_silent_port_fails_its_member_and_ten_answers_repair_it,
    a_link_that_comes_up_is_not_repaired_before_it_is_answered,
    a_dead_target_among_live_ones_fails_nobody,
    when_all_targets_die_nothing_is_rewritten,
);

fn a_silent_port_fails_its_member_and_ten_answers_repair_it(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "200ms", 2);
    rig.until_reachable();
    for how in Silence::ALL {
        rig.silence(0, how);
        rig.daemon.until_state("e0", "failed");
        let row = stat::interface(&rig.daemon, "e0").expect("a row");
        assert_eq!((&row["link"], &row["probe"]), (&"up".into(), &"failed".into()), "{how:?}: {row}");
        rig.daemon.until_group("ipmp0", "degraded");
        for data in plan::data(0) {
            assert_ne!(rig.bound(data), 0, "{how:?}: {data}");
        }
        rig.until_reachable();
        let answered = rig.probes(0, "answered");
        rig.end_silence(0, how);
        rig.daemon.until_state("e0", "ok");
        assert!(rig.probes(0, "answered") >= answered + 10, "{how:?}: repaired too early");
    }
    assert_eq!(rig.failures(), 3, "{}", rig.daemon.log());
}

fn a_link_that_comes_up_is_not_repaired_before_it_is_answered(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "300ms", 1);
    rig.fail(1);
    rig.silence(1, Silence::Receiving);
    rig.topology.restore(1);
    rig.daemon.until_log("The link has come up on e1");
    always("e1 stays failed", A_WHILE, || {
        let row = stat::interface(&rig.daemon, "e1");
        holds(row.as_ref().is_some_and(|row| row["state"] == "failed"), || row)
    });
    rig.end_silence(1, Silence::Receiving);
    rig.daemon.until_state("e1", "ok");
}

/// The state of a target as the test address of a member has it.
fn target_state(rig: &Rig, member: usize, peer: usize) -> Value {
    let row = rig.targets_from(plan::test_v4(0, member).into()).unwrap_or_default();
    let target = plan::peer_v4(peer).to_string();
    let found = row["rtt"].as_array().into_iter().flatten().find(|row| row["target"] == target);
    found.map(|row| row["state"].clone()).unwrap_or_default()
}

fn a_dead_target_among_live_ones_fails_nobody(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "200ms", 3);
    rig.topology.peers[1].netns.set("ipv4/icmp_echo_ignore_all", "1");
    for member in 0..3 {
        eventually("the target is left out", SOON, || {
            let state = target_state(&rig, member, 1);
            holds(state == "dead", || state)
        });
    }
    let live = [plan::peer_v4(0).into(), plan::peer_v4(2).into()];
    rig.until_targets(plan::test_v4(0, 0).into(), "routes", &live);
    always("nobody fails", A_WHILE, || holds(rig.failures() == 0, || rig.daemon.log()));
    rig.daemon.until_group("ipmp0", "ok");
}

fn when_all_targets_die_nothing_is_rewritten(hook: ProbeHook) {
    let rig = Rig::probing(Topology::new(), hook, "200ms", 2);
    let servers = plan::peer(0).map(|peer| EchoServer::start(rig.peer(), SocketAddr::new(peer, 7)));
    let connections: Vec<_> =
        servers.iter().map(|server| Connections::open(rig.host(), server.address(), 8)).collect();
    let word = UsableWord::open(&rig.daemon, "ipmp0");
    let macs = || plan::data(0).map(|data| rig.peer().neighbour("eth0", data));
    let (before, bound) = (word.get(), plan::data(0).map(|data| rig.bound(data)));
    let known = macs();
    for peer in &rig.topology.peers {
        peer.netns.set("ipv4/icmp_echo_ignore_all", "1");
    }
    rig.daemon.until_group("ipmp0", "failed");
    for member in ["e0", "e1", "e2"] {
        rig.daemon.until_state(member, "failed");
    }
    let row = stat::address(&rig.daemon, plan::data(0)[0]).expect("a row");
    assert_eq!(row["inbound"], Value::Null, "{row}");
    assert_eq!(word.get(), before, "the usable word");
    assert!(rig.host().is_running("ipmp0"));
    connections.iter().for_each(Connections::until_all_progress);
    for peer in &rig.topology.peers {
        peer.netns.set("ipv4/icmp_echo_ignore_all", "0");
    }
    rig.daemon.until_group("ipmp0", "ok");
    assert_eq!(word.get(), before, "the usable word");
    assert_eq!((macs(), plan::data(0).map(|data| rig.bound(data))), (known, bound));
    connections.iter().for_each(Connections::until_all_progress);
    for told in ["are now unusable", "is now usable"] {
        assert_eq!(rig.daemon.log().matches(told).count(), 1, "{}", rig.daemon.log());
    }
}
