//! A topology with a daemon on its first host: what most tests begin with.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use crate::{
    Daemon, GroupConfig, Netns, Ping, Topology,
    daemon::stat,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually},
    plan,
    topology::Builder,
};

/// A topology with a daemon on its first host, whose group is `ipmp0`.
#[derive(Debug)]
pub struct Rig {
    /// The daemon; it ends before the namespaces go.
    pub daemon: Daemon,
    /// Hosts, switch and peers.
    pub topology: Topology,
}

impl Rig {
    /// Builds the topology and starts the daemon with all members in the group, active; returns when the group works.
    pub fn new(builder: Builder) -> Self {
        Self::with(builder, |group| group)
    }

    /// The same with a configuration that `adapt` makes of the usual one.
    pub fn with(builder: Builder, adapt: impl FnOnce(GroupConfig) -> GroupConfig) -> Self {
        let topology = builder.build();
        let config = adapt(topology.hosts[0].group());
        let rig = Self { daemon: Daemon::start(topology.host(), &config), topology };
        rig.until_settled();
        rig
    }

    /// The usual configuration, and a daemon with these arguments more.
    pub fn with_arguments(builder: Builder, arguments: &[&str]) -> Self {
        let topology = builder.build();
        let daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group());
        let mut daemon = arguments.iter().fold(daemon, |daemon, argument| daemon.argument(argument));
        daemon.restart();
        let rig = Self { daemon, topology };
        rig.until_settled();
        rig
    }

    /// The first host's namespace.
    pub fn host(&self) -> &Netns {
        self.topology.host()
    }

    /// The first peer's namespace.
    pub fn peer(&self) -> &Netns {
        self.topology.peer()
    }

    /// TCP connections of both families, `each` from the peer to the host and as many back, and the servers that they need.
    pub fn connections(&self, each: usize) -> (Vec<EchoServer>, Vec<Connections>) {
        let (mut servers, mut connections) = (Vec::new(), Vec::new());
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            for (server, address, client) in
                [(self.host(), data, self.peer()), (self.peer(), peer, self.host())]
            {
                let server = EchoServer::start(server, SocketAddr::new(address, 7));
                connections.push(Connections::open(client, server.address(), each));
                servers.push(server);
            }
        }
        (servers, connections)
    }

    /// Waits until every data address is up, bound, and through with duplicate address detection.
    pub fn until_settled(&self) {
        eventually("every data address is up and bound", SOON, || {
            let shown = self.daemon.json(&["stat", "-a"]);
            let rows = shown["addresses"].as_array().cloned().unwrap_or_default();
            let settled = |row: &Value| row["state"] == "up" && row["inbound"].is_string();
            if !rows.is_empty() && rows.iter().all(settled) { Ok(()) } else { Err(shown) }
        });
        eventually("no tentative address is left", SOON, || {
            let tentative = self.host().ip("-o -6 addr show dev ipmp0 tentative");
            if tentative.trim().is_empty() { Ok(()) } else { Err(tentative) }
        });
    }

    /// Waits until the first peer and the host reach each other by the first data address of both families.
    pub fn until_reachable(&self) {
        for (data, peer) in self.data().into_iter().zip(plan::peer(0)) {
            Ping::to(peer).from(data).until_answered(self.host());
            Ping::to(data).until_answered(self.peer());
        }
    }

    /// The first data address of each family.
    pub fn data(&self) -> [IpAddr; 2] {
        plan::data(0)
    }

    /// Pulls the cable of a member and waits until it is shown as failed.
    pub fn fail(&self, member: usize) {
        self.topology.cut(member);
        self.daemon.until_state(&format!("e{member}"), "failed");
    }

    /// Puts the cable of a member back and waits until it is shown as working.
    pub fn repair(&self, member: usize) {
        self.topology.restore(member);
        self.daemon.until_state(&format!("e{member}"), "ok");
    }

    /// Number of the member that is nominated.
    pub fn nominee(&self) -> usize {
        let name = eventually("a nominated member", SOON, || {
            stat::nominee(&self.daemon).ok_or_else(|| self.daemon.json(&["stat", "-i"]))
        });
        number(&name)
    }

    /// Number of the member that `address` is bound to.
    pub fn bound(&self, address: IpAddr) -> usize {
        number(&self.daemon.until_bound(address))
    }
}

/// The number in a member's name.
fn number(name: &str) -> usize {
    name.trim_start_matches('e').parse().unwrap_or_else(|_| panic!("{name} is not a member of a topology"))
}
