//! The group on NICs with a driver and a carrier of their own, in a virtual machine.

use std::net::SocketAddr;

use ipmp_tests::{
    Daemon, GroupConfig, Ping,
    attached::programs,
    by_each_hook,
    daemon::stat,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    foreign_program::PassingProgram,
    hub::Hub,
    plan,
    silence::{ProbeHook, probed},
    stream::Stream,
};

/// A group of the hub's NICs, with a data address of each family for each.
fn group(hub: &Hub) -> GroupConfig {
    let data = (0..hub.members.len()).map(plan::data);
    let addresses = data.flat_map(|[v4, v6]| [format!("{v4}/24"), format!("{v6}/64")]);
    GroupConfig::new("ipmp0").addresses(addresses).members(&hub.members)
}

/// A daemon on the hub's host; returns when all data addresses are heard.
fn start(hub: &Hub, config: &GroupConfig) -> Daemon {
    let daemon = Daemon::start(&hub.host, config);
    daemon.until_group("ipmp0", "ok");
    for address in (0..hub.members.len()).flat_map(plan::data) {
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
                streams.push(Stream::start(from, source, at, SocketAddr::new(to, 5000), 200));
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

by_each_hook!(a_nic_that_is_not_answered_fails_though_its_cable_is_in);

fn a_nic_that_is_not_answered_fails_though_its_cable_is_in(hook: ProbeHook) {
    let Some(hub) = Hub::open() else { return };
    let config = probed(group(&hub), hook, "1s").tested(0).targets([plan::peer_v4(0)]);
    let daemon = start(&hub, &config);
    for member in &hub.members {
        eventually(&format!("{member} is answered"), SOON, || {
            let row = stat::interface(&daemon, member);
            holds(row.as_ref().is_some_and(|row| row["probes"]["answered"].as_u64() > Some(0)), || row)
        });
        let at_driver = hub.host.link(member)["xdp"]["mode"] == 1;
        assert_eq!(at_driver, hook == ProbeHook::Xdp, "native XDP at {member}");
    }
    hub.ignore(0);
    daemon.until_state("e0", "failed");
    assert_eq!(stat::interface(&daemon, "e0").expect("a row")["link"], "up");
    hub.ignore_nobody();
    daemon.until_state("e0", "ok");
}

#[test]
fn a_pulled_cable_fails_over_and_its_return_brings_the_traffic_back() {
    let Some(mut hub) = Hub::open() else { return };
    let daemon = start(&hub, &group(&hub));
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
    let daemon = start(&hub, &group(&hub));
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
