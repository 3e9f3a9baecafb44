//! The stage: a host with a group over three NICs, a switch, two peers, and programs that use the network.

use std::net::{IpAddr, SocketAddr};

use ipmp_common::flow::protocol;
use ipmp_ctl::control::protocol::GroupStatus;
use ipmp_tests::{
    Rig, Topology,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    flows::Flows,
    plan,
    reaction::Watch,
    usable::UsableWord,
};

/// The group.
pub(crate) const GROUP: &str = "ipmp0";

/// NICs of the host.
pub(crate) const MEMBERS: usize = 3;

const PEERS: usize = 2;
const ECHO_PORT: u16 = 7;
const FLOW_PORT: u16 = 9;

/// TCP connections of each kind: to or from a peer, by IPv4 or IPv6.
const CONNECTIONS: usize = 3;

/// UDP flows of each family, and their questions a second altogether.
const FLOWS: usize = 100;
const QUESTIONS: u32 = 1500;

/// Everything that runs. The programs end before the network goes: fields are dropped in order.
pub(crate) struct Stage {
    /// TCP connections, both ways, both families, both peers.
    connections: Vec<Connections>,
    _servers: Vec<EchoServer>,
    /// Small UDP flows, which spread over the members.
    flows: Vec<Flows>,
    /// What the daemon does.
    pub(crate) watch: Watch,
    /// Daemon and network.
    pub(crate) rig: Rig,
}

impl Stage {
    /// Builds the network, starts the daemon and the programs, and returns when all of them work.
    pub(crate) fn set() -> Self {
        // Equal interface indexes: the kernel then reports carrier as late as it does for real NICs.
        let rig = Rig::with(Topology::new().members(MEMBERS).peers(PEERS).equal_ifindex(true), |group| {
            group.line("link-ups-per-minute = 0") // cables are cut more often here than in a data centre
        });
        rig.until_reachable();
        let mut servers = Vec::new();
        let mut connections = Vec::new();
        for (number, peer) in rig.topology.peers.iter().enumerate() {
            for (data, peer_address) in plan::data(number).into_iter().zip(plan::peer(number)) {
                let here = EchoServer::start(rig.host(), SocketAddr::new(data, ECHO_PORT));
                let there = EchoServer::start(&peer.netns, SocketAddr::new(peer_address, ECHO_PORT));
                let from_data = |socket: &socket2::Socket| socket.bind(&SocketAddr::new(data, 0).into());
                connections.push(Connections::open(&peer.netns, here.address(), CONNECTIONS));
                connections.push(Connections::open_with(rig.host(), there.address(), CONNECTIONS, from_data));
                servers.extend([here, there]);
            }
        }
        let flows = [false, true].map(|v6| {
            let sources: Vec<_> = (0..MEMBERS).map(|index| plan::data(index)[usize::from(v6)]).collect();
            let (peer, number) = (&rig.topology.peers[usize::from(v6)], usize::from(v6));
            let to = SocketAddr::new(plan::peer(number)[usize::from(v6)], FLOW_PORT);
            Flows::start(rig.host(), &sources, &peer.netns, to, FLOWS, QUESTIONS)
        });
        let watch = Watch::new(&rig.topology, UsableWord::open(&rig.daemon, GROUP));
        Self { connections, _servers: servers, flows: flows.into(), watch, rig }
    }

    /// What `stat` shows.
    pub(crate) fn status(&self) -> GroupStatus {
        self.rig.daemon.status(GROUP)
    }

    /// The member that carries a UDP flow of the host.
    pub(crate) fn carrier(&self, from: SocketAddr, to: SocketAddr) -> Option<usize> {
        self.rig.daemon.carrier(GROUP, protocol::UDP, from, to).as_deref().and_then(member_number)
    }

    /// The member that the packets for a data address come in by.
    pub(crate) fn bound(&self, address: IpAddr) -> Option<usize> {
        let status = self.status();
        let row = status.addresses.iter().find(|row| row.address == address)?;
        row.inbound.as_deref().and_then(member_number)
    }

    /// The member that carries each of the small flows.
    pub(crate) fn flow_carriers(&self) -> Vec<Option<usize>> {
        let endpoints = self.flows.iter().flat_map(|flows| &flows.endpoints);
        endpoints.map(|&(from, to)| self.carrier(from, to)).collect()
    }

    /// TCP requests answered so far, of each connection.
    pub(crate) fn exchanges(&self) -> Vec<u64> {
        self.connections.iter().flat_map(Connections::exchanges).collect()
    }

    /// What broke the TCP connections that are broken.
    pub(crate) fn broken(&self) -> Vec<String> {
        self.connections.iter().flat_map(Connections::broken).collect()
    }

    /// Waits until each connection that is not broken has had an answer since `before`; gives how many have not had
    /// one in time.
    pub(crate) fn until_all_answer(&self, before: &[u64]) -> usize {
        let silent = || self.exchanges().iter().zip(before).filter(|(now, before)| now <= before).count();
        let start = std::time::Instant::now();
        while silent() > self.broken().len() && start.elapsed() < SOON {
            ipmp_tests::interrupt::pause(std::time::Duration::from_millis(50));
        }
        silent().saturating_sub(self.broken().len())
    }

    /// Waits until all members work and every data address is at its home again.
    pub(crate) fn until_at_home(&self) {
        eventually("every member works", SOON, || {
            let status = self.status();
            let working = status.members.iter().all(|member| member.state == "ok");
            let homes = (0..MEMBERS)
                .all(|index| plan::data(index).iter().all(|&address| self.bound(address) == Some(index)));
            holds(working && homes, || status)
        });
    }
}

/// The number in a member's name.
fn member_number(name: &str) -> Option<usize> {
    name.strip_prefix('e')?.parse().ok()
}
