//! Connections live through failover, failback and the next failure.

use std::net::{IpAddr, SocketAddr};

use ipmp_tests::{
    Rig, Topology,
    echo::{Connections, EchoServer},
    plan,
};

const PORT: u16 = 7;

/// Connections of both directions between the first peer and two data addresses of each family.
struct Both {
    _servers: Vec<EchoServer>,
    connections: Vec<Connections>,
}

impl Both {
    fn open(rig: &Rig) -> Self {
        let data: Vec<IpAddr> = plan::data(0).into_iter().chain(plan::data(1)).collect();
        let mut servers = Vec::new();
        let mut connections = Vec::new();
        for &address in &data {
            let server = EchoServer::start(rig.host(), SocketAddr::new(address, PORT));
            connections.push(Connections::open(rig.peer(), server.address(), 2));
            servers.push(server);
        }
        for peer in plan::peer(0) {
            let server = EchoServer::start(rig.peer(), SocketAddr::new(peer, PORT));
            for &source in data.iter().filter(|source| source.is_ipv4() == peer.is_ipv4()) {
                let open = |socket: &socket2::Socket| socket.bind(&SocketAddr::new(source, 0).into());
                connections.push(Connections::open_with(rig.host(), server.address(), 2, open));
            }
            servers.push(server);
        }
        Self { _servers: servers, connections }
    }

    fn until_all_progress(&self) {
        self.connections.iter().for_each(Connections::until_all_progress);
    }
}

fn each_member_in_turn(rig: &Rig) {
    let both = Both::open(rig);
    both.until_all_progress();
    for member in 0..3 {
        rig.fail(member);
        both.until_all_progress();
        rig.repair(member);
        both.until_all_progress();
    }
}

#[test]
fn connections_survive_the_failure_and_repair_of_each_member_in_turn() {
    each_member_in_turn(&Rig::new(Topology::new().members(3)));
}

#[test]
fn connections_survive_when_the_kernel_reports_carrier_late_as_for_real_nics() {
    each_member_in_turn(&Rig::new(Topology::new().members(3).equal_ifindex(true)));
}

#[test]
fn connections_survive_by_clsact_filters_too() {
    each_member_in_turn(&Rig::with_arguments(Topology::new().members(3), &["--attach", "clsact"]));
}

#[test]
fn connections_survive_a_second_failure_before_the_first_is_repaired() {
    let rig = Rig::new(Topology::new().members(3));
    let both = Both::open(&rig);
    rig.fail(0);
    both.until_all_progress();
    rig.fail(1);
    both.until_all_progress();
    rig.repair(0);
    rig.fail(2);
    both.until_all_progress();
}

#[test]
fn connections_survive_the_loss_of_every_member() {
    let rig = Rig::new(Topology::new().members(3));
    let both = Both::open(&rig);
    for member in 0..3 {
        rig.topology.cut(member);
    }
    rig.daemon.until_group("ipmp0", "failed");
    for member in 0..3 {
        rig.topology.restore(member);
    }
    rig.daemon.until_group("ipmp0", "ok");
    both.until_all_progress();
}

#[test]
fn connections_survive_without_failback() {
    let rig = Rig::with(Topology::new().members(2), |group| group.line("failback = false"));
    let both = Both::open(&rig);
    rig.fail(0);
    both.until_all_progress();
    rig.topology.restore(0);
    both.until_all_progress();
    rig.topology.cut(1);
    both.until_all_progress();
}
