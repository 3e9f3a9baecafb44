use std::net::SocketAddr;

use super::*;
use crate::{
    Capture, Ping,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    packets::Packet,
    stream::Stream,
};

/// A host whose "group" is its only NIC, with the addresses of the plan.
fn plain() -> Topology {
    let topology = Topology::new().members(1).build();
    let host = topology.host();
    for address in plan::data(0) {
        let (length, flags) = if address.is_ipv4() { (24, "") } else { (64, "nodad") };
        host.ip(&format!("addr add {address}/{length} dev e0 {flags}"));
    }
    topology
}

#[test]
fn peers_and_host_reach_each_other() {
    let topology = plain();
    for (host, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
        Ping::to(peer).until_answered(topology.host());
        Ping::to(host).size(1472 - 48).until_answered(topology.peer());
    }
}

#[test]
fn a_cut_cable_takes_the_carrier_and_a_blackhole_does_not() {
    for equal in [false, true] {
        let topology = Topology::new().members(2).equal_ifindex(equal).build();
        let host = topology.host();
        eventually("carrier", SOON, || holds(host.is_running("e0"), || host.flags("e0")));
        topology.cut(0);
        eventually("no carrier", SOON, || holds(!host.is_running("e0"), || host.flags("e0")));
        topology.restore(0);
        eventually("carrier again", SOON, || holds(host.is_running("e0"), || host.flags("e0")));
        topology.blackhole(1);
        assert!(host.is_running("e1"));
    }
}

#[test]
fn a_stream_counts_what_a_blackhole_swallows() {
    let topology = plain();
    for (host, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
        let to = SocketAddr::new(peer, 5000);
        Ping::to(peer).until_answered(topology.host());
        let stream = Stream::start(topology.host(), host, topology.peer(), to, 1000);
        stream.until_received(200);
        topology.blackhole(0);
        let sent = stream.sent();
        eventually("300 more packets sent", SOON, || holds(stream.sent() > sent + 300, || stream.sent()));
        topology.forward(0);
        stream.until_received(200);
        let report = stream.finish();
        assert!((200..2000).contains(&report.lost), "{report}");
        assert_eq!((report.duplicates, report.reordered), (0, 0), "{report}");
        assert!(report.longest_loss.as_millis() >= 200, "{report}");
    }
}

#[test]
fn connections_survive_a_short_cut_and_break_with_their_server() {
    let topology = plain();
    let server = EchoServer::start(topology.peer(), SocketAddr::new(plan::peer_v4(0).into(), 7));
    let connections = Connections::open(topology.host(), server.address(), 3);
    connections.until_all_progress();
    topology.cut(0);
    topology.restore(0);
    connections.until_all_progress();
    assert_eq!(connections.broken(), Vec::<String>::new());
    drop(server);
    eventually("broken connections", SOON, || {
        holds(connections.broken().len() == 3, || connections.broken())
    });
}

#[test]
fn a_capture_sees_arp_on_the_switch() {
    let topology = plain();
    let capture =
        Capture::start(&topology.switch.netns, &port(0, 0), |packet: &Packet| packet.arp().is_some());
    Ping::to(plan::peer_v4(0).into()).until_answered(topology.host());
    let seen =
        capture.until("an ARP request of the host", |seen| seen.arp().is_some_and(|arp| arp.operation == 1));
    assert_eq!(seen.ethernet().map(|header| header.source), Some(topology.host().mac("e0")));
}

#[test]
fn a_switch_that_was_off_forwards_as_before() {
    let topology = plain();
    Ping::to(plan::peer_v4(0).into()).until_answered(topology.host());
    topology.switch.turn_off();
    eventually("no carrier", SOON, || holds(!topology.host().is_running("e0"), || ()));
    topology.switch.turn_on();
    topology.switch.light_up();
    for (host, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
        Ping::to(peer).from(host).until_answered(topology.host());
    }
}
