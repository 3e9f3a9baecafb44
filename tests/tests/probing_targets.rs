//! Whom members probe: routers, neighbours with a host route, and whoever answers.

use std::net::IpAddr;

use ipmp_tests::{
    Netns, Rig, Topology, by_each_hook,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    silence::{ProbeHook, Silence, probed},
};

by_each_hook!(
    routers_are_probed_as_long_as_routes_name_them,
    without_routers_whoever_answers_is_probed,
    ipv6_alone_is_enough,
);

/// Members with IPv4 test addresses in a group without IPv6, and nobody named.
fn rig(hook: ProbeHook, peers: usize) -> Rig {
    Rig::with(Topology::new().peers(peers), |group| {
        probed(group, hook, "300ms").tested(0).addresses([format!("{}/24", plan::data_v4(0, 0))])
    })
}

fn until_probe(rig: &Rig, member: &str, probe: &str) {
    eventually(&format!("PROBE of {member} is {probe}"), SOON, || {
        let row = stat::interface(&rig.daemon, member);
        holds(row.as_ref().is_some_and(|row| row["probe"] == probe), || row)
    });
}

fn routers_are_probed_as_long_as_routes_name_them(hook: ProbeHook) {
    let rig = rig(hook, 3);
    let tests: Vec<IpAddr> = (0..3).map(|member| plan::test_v4(0, member).into()).collect();
    let peers: Vec<IpAddr> = (0..3).map(|peer| plan::peer_v4(peer).into()).collect();
    for member in ["e0", "e1", "e2"] {
        until_probe(&rig, member, "unknown");
    }
    rig.host().ip(&format!("route add default via {} dev ipmp0", peers[0]));
    for &test in &tests {
        rig.until_targets(test, "routes", &peers[..1]);
    }
    rig.until_probed();
    rig.host().ip(&format!("route add 198.51.100.0/24 via {} dev ipmp0", peers[2]));
    rig.until_targets(tests[0], "routes", &[peers[0], peers[2]]);
    // Who has a host route is meant, and routers are not.
    rig.host().ip(&format!("route add {} dev ipmp0", peers[1]));
    rig.until_targets(tests[0], "routes", &peers[1..2]);
    rig.host().ip("route del default");
    rig.silence(1, Silence::Both);
    rig.daemon.until_state("e1", "failed");
    rig.end_silence(1, Silence::Both);
    rig.daemon.until_state("e1", "ok");
    rig.host().ip(&format!("route del {} dev ipmp0", peers[1]));
    rig.until_targets(tests[0], "routes", &peers[2..]);
    rig.host().ip("route del 198.51.100.0/24");
    for member in ["e0", "e1", "e2"] {
        until_probe(&rig, member, "unknown");
    }
    rig.daemon.until_group("ipmp0", "ok");
}

fn without_routers_whoever_answers_is_probed(hook: ProbeHook) {
    let rig = rig(hook, 3);
    until_probe(&rig, "e0", "unknown");
    let answers = |peer: &Netns, answers| {
        peer.set("ipv4/icmp_echo_ignore_broadcasts", if answers { "0" } else { "1" });
    };
    // One that has answered is probed by its address from then on.
    for peer in &rig.topology.peers[..2] {
        answers(&peer.netns, true);
    }
    let found = [plan::peer_v4(0).into(), plan::peer_v4(1).into()];
    for member in 0..3 {
        rig.until_targets(plan::test_v4(0, member).into(), "multicast", &found);
    }
    rig.until_probed();
    rig.silence(2, Silence::Receiving);
    rig.daemon.until_state("e2", "failed");
    rig.end_silence(2, Silence::Receiving);
    rig.daemon.until_state("e2", "ok");
    // A router is better than any of them.
    rig.host().ip(&format!("route add default via {} dev ipmp0", plan::peer_v4(2)));
    rig.until_targets(plan::test_v4(0, 0).into(), "routes", &[plan::peer_v4(2).into()]);
}

fn ipv6_alone_is_enough(hook: ProbeHook) {
    let rig = Rig::with(Topology::new().peers(2), |group| {
        probed(group, hook, "300ms").tested_by_link_local().addresses([format!("{}/64", plan::data_v6(0, 0))])
    });
    rig.until_probed();
    let source = rig.host().link_local("e0").expect("a link-local address");
    let link_local =
        |peer: usize| rig.topology.peers[peer].netns.link_local("eth0").expect("an address").into();
    let peers: [IpAddr; 2] = [link_local(0), link_local(1)];
    rig.until_targets(source.into(), "multicast", &peers);
    rig.silence(0, Silence::Both);
    rig.daemon.until_state("e0", "failed");
    rig.end_silence(0, Silence::Both);
    rig.daemon.until_state("e0", "ok");
    rig.host().ip(&format!("-6 route add default via {} dev ipmp0", peers[0]));
    rig.until_targets(source.into(), "routes", &peers[..1]);
}
