//! Flows over members.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, UdpSocket},
};

use ipmp_tests::{
    Capture, GroupConfig, Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
    packet_socket::Direction,
    packets::{Layer, Packet},
    plan,
    topology::port,
};

const PORT: u16 = 9000;
const FLOWS: u16 = 600;
const FIRST: u16 = 20_000;

/// Which member carries each flow, by source port: one packet per flow is sent and seen on the switch.
fn carriers(rig: &Rig, v6: bool) -> BTreeMap<u16, usize> {
    let members = rig.topology.hosts[0].members.len();
    let captures: Vec<_> = (0..members)
        .map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), is_flow))
        .collect();
    let (data, peer) = (plan::data(0)[usize::from(v6)], plan::peer(0)[usize::from(v6)]);
    let send = |source: u16| {
        let socket = rig.host().run(|| UdpSocket::bind(SocketAddr::new(data, source))).expect("a free port");
        socket.send_to(b"flow", SocketAddr::new(peer, PORT)).expect("there is a route");
    };
    let carriers = || {
        let mut carriers = BTreeMap::new();
        for (member, capture) in captures.iter().enumerate() {
            for frame in capture.seen().iter().filter(|frame| frame.direction == Direction::In) {
                let source = frame.packet.udp().map(|udp| udp.source).expect("the filter takes only UDP");
                let before = carriers.insert(source, member);
                assert!(
                    before.is_none_or(|before| before == member),
                    "flow {source} by {before:?} and {member}"
                );
            }
        }
        carriers
    };
    (FIRST..FIRST + FLOWS).for_each(send);
    eventually("every flow on the switch", SOON, || {
        let seen = carriers();
        holds(seen.len() == usize::from(FLOWS), || seen.len())
    });
    carriers()
}

fn is_flow(packet: &Packet) -> bool {
    matches!(packet.layers.as_slice(), [.., Layer::Udp(udp), Layer::Raw(_)] if udp.destination == PORT)
}

/// How many flows each member carries.
fn shares(carriers: &BTreeMap<u16, usize>, members: usize) -> Vec<usize> {
    (0..members).map(|member| carriers.values().filter(|carrier| **carrier == member).count()).collect()
}

fn weighted(weights: &'static [u32]) -> impl FnOnce(GroupConfig) -> GroupConfig {
    |group| {
        weights.iter().enumerate().fold(group, |group, (member, weight)| {
            group.member(&format!("e{member}"), &[&format!("weight = {weight}")])
        })
    }
}

/// A few hundred flows can be expected to come this near to the wanted share: four standard deviations.
fn assert_share(count: usize, weight: u32, total: u32) {
    let share = f64::from(weight) / f64::from(total);
    let wanted = f64::from(FLOWS) * share;
    let spread = 4.0 * (f64::from(FLOWS) * share * (1.0 - share)).sqrt();
    assert!(
        (count as f64 - wanted).abs() < spread,
        "{count} flows, {wanted:.0} wanted, at most {spread:.0} off"
    );
}

#[test]
fn flows_are_shared_out_by_weight() {
    for weights in [&[1, 1][..], &[2, 1], &[11, 45]] {
        let rig = Rig::with(Topology::new().members(2), weighted(weights));
        rig.until_reachable();
        for v6 in [false, true] {
            let shares = shares(&carriers(&rig, v6), 2);
            for (&count, &weight) in shares.iter().zip(weights) {
                assert_share(count, weight, weights.iter().sum());
            }
        }
    }
}

#[test]
fn flows_of_healthy_members_stay_where_they_are() {
    let rig = Rig::new(Topology::new().members(4));
    rig.until_reachable();
    let before = carriers(&rig, false);
    assert_eq!(carriers(&rig, false), before, "flows stay while nothing happens");
    rig.fail(2);
    let during = carriers(&rig, false);
    for (source, member) in &during {
        assert!(before[source] == 2 && *member != 2 || before[source] == *member, "flow {source}");
    }
    rig.repair(2);
    let after = eventually("the repaired member has flows again", SOON, || {
        let after = carriers(&rig, false);
        if shares(&after, 4)[2] > 0 { Ok(after) } else { Err(after) }
    });
    for (source, member) in &after {
        assert!(*member == 2 || during[source] == *member, "flow {source}");
    }
    for count in shares(&after, 4) {
        assert_share(count, 1, 4);
    }
}

#[test]
fn the_flow_command_names_the_member_that_carries_the_flow() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    for v6 in [false, true] {
        let (data, peer) =
            (plan::data(0)[usize::from(v6)].to_string(), plan::peer(0)[usize::from(v6)].to_string());
        for (source, member) in carriers(&rig, v6).into_iter().step_by(20) {
            let (source, port) = (source.to_string(), PORT.to_string());
            let ports = ["--proto", "udp", "--sport", &source, "--dport", &port];
            let output = rig.daemon.ctl(&[&["flow", "ipmp0", &data, &peer][..], &ports].concat());
            assert!(
                ctl::text(&output).contains(&format!("e{member}")),
                "e{member}: {}",
                ctl::describe(&output)
            );
        }
    }
}

/// Where each flow goes if a member has failed, by source port.
fn predicted(rig: &Rig, failed: &str, v6: bool) -> BTreeMap<u16, usize> {
    let (data, peer) = (plan::data(0)[usize::from(v6)], plan::peer(0)[usize::from(v6)]);
    let udp = libc::IPPROTO_UDP as u8;
    let member = |source: u16| {
        let (from, to) = (SocketAddr::new(data, source), SocketAddr::new(peer, PORT));
        let name =
            rig.daemon.carrier_if(Some(failed), "ipmp0", udp, from, to).expect("a member would be left");
        name[1..].parse().expect("members are numbered")
    };
    (FIRST..FIRST + FLOWS).map(|source| (source, member(source))).collect()
}

#[test]
fn flows_go_where_it_was_predicted_of_a_failure() {
    // The standby carries nothing until the failure.
    let rig = Rig::with(Topology::new(), |group| group.member("e2", &["standby = true"]));
    rig.until_reachable();
    for v6 in [false, true] {
        let predicted = predicted(&rig, "e0", v6);
        assert!(predicted.values().any(|member| *member == 2), "the standby is expected to step in");
        rig.fail(0);
        assert_eq!(carriers(&rig, v6), predicted, "IPv6: {v6}");
        rig.repair(0);
    }
    let output = rig.daemon.ctl(&["flow", "ipmp0", "10.9.0.10", "10.9.0.101", "--if-failed", "e9"]);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("e0, e1, e2"), "{}", ctl::describe(&output));
}
