//! The group on NICs with a driver and a carrier of their own, in a virtual machine.

use std::net::SocketAddr;

use ipmp_tests::{
    Daemon, GroupConfig, Ping,
    attached::programs,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    foreign_program::PassingProgram,
    hub::Hub,
    plan,
    stream::Stream,
};

/// A daemon on the hub's host, with a data address of each family for each NIC; returns when all of them are heard.
fn start(hub: &Hub) -> Daemon {
    let data = || (0..hub.members.len()).map(plan::data);
    let addresses = data().flat_map(|[v4, v6]| [format!("{v4}/24"), format!("{v6}/64")]);
    let config = GroupConfig::new("ipmp0").addresses(addresses).members(&hub.members);
    let daemon = Daemon::start(&hub.host, &config);
    daemon.until_group("ipmp0", "ok");
    for address in data().flatten() {
        Ping::to(address).until_answered(&hub.peer);
    }
    daemon
}

/// Connections and numbered streams of both families, each way.
struct Traffic {
    _servers: Vec<EchoServer>,
    connections: Vec<Connections>,
    streams: Vec<Stream>,
}

impl Traffic {
    fn start(hub: &Hub) -> Self {
        let (mut servers, mut connections, mut streams) = (Vec::new(), Vec::new(), Vec::new());
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            for (from, source, at, to) in
                [(&hub.host, data, &hub.peer, peer), (&hub.peer, peer, &hub.host, data)]
            {
                let server = EchoServer::start(at, SocketAddr::new(to, 7));
                connections.push(Connections::open(from, server.address(), 4));
                servers.push(server);
                streams.push(Stream::start(from, source, at, SocketAddr::new(to, 5000), 500));
            }
        }
        Self { _servers: servers, connections, streams }
    }

    fn until_all_progress(&self) {
        self.connections.iter().for_each(Connections::until_all_progress);
        for stream in &self.streams {
            stream.until_received(50);
        }
    }

    /// Shows what the streams have suffered; nothing may have come twice.
    fn finish(self) {
        for report in self.streams.into_iter().map(Stream::finish) {
            println!("{report}");
            assert_eq!(report.duplicates, 0, "{report}");
        }
    }
}

#[test]
fn a_pulled_cable_fails_over_and_its_return_brings_the_traffic_back() {
    let Some(mut hub) = Hub::open() else { return };
    let daemon = start(&hub);
    let traffic = Traffic::start(&hub);
    for (number, member) in hub.members.clone().iter().enumerate() {
        let address = plan::data(number)[0];
        let bound_to_it = || daemon.inbound(address).as_ref() == Some(member);
        hub.cut(number);
        daemon.until_state(member, "failed");
        assert!(!hub.host.is_running(member), "{member} has its carrier still");
        assert!(!bound_to_it(), "{address} is at {member} still");
        traffic.until_all_progress();
        hub.restore(number);
        daemon.until_state(member, "ok");
        eventually(&format!("{address} is back at {member}"), SOON, || {
            holds(bound_to_it(), || daemon.inbound(address))
        });
        traffic.until_all_progress();
    }
    traffic.finish();
}

#[test]
fn the_group_works_on_with_native_xdp_at_its_members() {
    let Some(mut hub) = Hub::open() else { return };
    let daemon = start(&hub);
    let traffic = Traffic::start(&hub);
    let at_drivers: Vec<_> =
        hub.members.iter().map(|member| PassingProgram::at_driver(&hub.host, member)).collect();
    for member in &hub.members {
        let xdp = &hub.host.link(member)["xdp"];
        assert_eq!(xdp["mode"], 1, "native, not generic, at {member}: {xdp}");
    }
    daemon.until_group("ipmp0", "ok");
    traffic.until_all_progress();
    hub.cut(0);
    daemon.until_state("e0", "failed");
    traffic.until_all_progress();
    hub.restore(0);
    daemon.until_state("e0", "ok");
    drop(at_drivers);
    daemon.until_group("ipmp0", "ok");
    traffic.until_all_progress();
    assert_eq!(programs(&hub.host, &hub.members), hub.members.len(), "one program at each member");
    traffic.finish();
}
