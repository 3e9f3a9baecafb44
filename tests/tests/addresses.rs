//! Addresses of every kind: duplicates, one family, several groups, bound sockets, members that keep their unicast.

use std::net::{IpAddr, SocketAddr};

use ipmp_tests::{
    Daemon, GroupConfig, Ping, Rig, Switch, Topology,
    daemon::stat,
    datagrams::{Inbox, Outbox},
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    plan,
};

const PORT: u16 = 9000;

#[test]
fn duplicate_address_detection_passes_with_three_members_on_one_switch() {
    let rig = Rig::new(Topology::new());
    let shown = rig.host().ip("-6 addr show dev ipmp0");
    assert!(!shown.contains("dadfailed"), "{shown}");
    assert_eq!(shown.matches("fd09::").count(), 3, "{shown}");
}

#[test]
fn a_true_duplicate_is_found() {
    let rig = Rig::new(Topology::new());
    for (address, wanted) in [("fd09::101", true), ("fd09::77", false)] {
        rig.host().ip(&format!("addr add {address}/64 dev ipmp0"));
        eventually(&format!("{address} is judged"), SOON, || {
            let shown = rig.host().ip(&format!("-o -6 addr show dev ipmp0 to {address}"));
            let judged = shown.contains("dadfailed") || !shown.contains("tentative");
            holds(judged && shown.contains("dadfailed") == wanted, || shown)
        });
    }
}

/// In both families, and also where the kernel puts all of them anew.
#[test]
fn the_host_speaks_from_the_first_of_its_data_addresses() {
    let given = ["10.9.0.12/24", "10.9.0.11/24", "fd09::12/64", "fd09::11/64", "fd09::13/64"];
    let rig = Rig::with(Topology::new().members(2), |group| group.addresses(given));
    let host = rig.host();
    let until_first = || {
        eventually("both families speak from the first", SOON, || {
            let said = ["10.9.0.99", "fd09::99"].map(|to| host.ip(&format!("route get {to}")));
            holds(said[0].contains("src 10.9.0.12 ") && said[1].contains("src fd09::12 "), || said)
        });
    };
    until_first();
    for line in ["set ipmp0 down", "set ipmp0 up", "del ipmp0"] {
        host.ip(&format!("link {line}"));
    }
    eventually("it is made anew", SOON, || {
        let shown = host.ip("-o addr show scope global");
        holds(given.iter().all(|address| shown.contains(address)), || shown)
    });
    until_first();
}

#[test]
fn an_ipv4_only_group_works() {
    let rig = Rig::with(Topology::new(), |group| group.addresses(["10.9.0.10/24"]));
    let data = plan::data_v4(0, 0).into();
    Ping::to(data).until_answered(rig.peer());
    rig.fail(rig.bound(data));
    Ping::to(data).until_answered(rig.peer());
}

#[test]
fn an_ipv6_only_group_works() {
    let rig = Rig::with(Topology::new(), |group| group.addresses(["fd09::10/64"]));
    let data = plan::data_v6(0, 0).into();
    Ping::to(data).until_answered(rig.peer());
    rig.fail(rig.bound(data));
    Ping::to(data).until_answered(rig.peer());
}

#[test]
fn several_groups_on_one_host_work_side_by_side() {
    let topology = Topology::new().members(2).build();
    let (host, other) = (topology.host(), Switch::new("other"));
    let peer = ipmp_tests::Netns::new("farpeer");
    for index in 0..2 {
        other.connect(host, &format!("f{index}"), &format!("p{index}"), None);
    }
    other.connect(&peer, "eth0", "peer", None);
    peer.ip_batch("addr add 10.8.0.101/24 dev eth0\naddr add fd08::101/64 dev eth0 nodad\n");
    let second = GroupConfig::new("ipmp1").addresses(["10.8.0.10/24", "fd08::10/64"]).members(["f0", "f1"]);
    let daemon = Daemon::start(host, &format!("{}{second}", topology.hosts[0].group()));
    let far: [IpAddr; 2] = ["10.8.0.10".parse().unwrap(), "fd08::10".parse().unwrap()];
    let reachable = || {
        for data in plan::data(0) {
            Ping::to(data).until_answered(topology.peer());
        }
        for data in far {
            Ping::to(data).until_answered(&peer);
        }
    };
    reachable();
    topology.cut(0);
    daemon.until_state("e0", "failed");
    daemon.until_group("ipmp1", "ok");
    reachable();
    other.cut("p0");
    daemon.until_state("f0", "failed");
    reachable();
    assert!(daemon.down("ipmp0").status.success());
    for data in far {
        Ping::to(data).until_answered(&peer);
    }
    assert!(!host.has("ipmp0") && host.has("ipmp1"));
}

#[test]
fn a_socket_bound_to_the_group_interface_works_both_ways() {
    let rig = Rig::new(Topology::new());
    let bind = |socket: &socket2::Socket| socket.bind_device(Some(b"ipmp0"));
    for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
        let server = EchoServer::start(rig.peer(), SocketAddr::new(peer, PORT));
        Connections::open_with(rig.host(), server.address(), 2, bind).until_all_progress();
        Ping::to(peer).by("ipmp0").until_answered(rig.host());
        let inbox = Inbox::open_bound(rig.host(), "ipmp0", data, PORT);
        let sent = Outbox::open(rig.peer(), "eth0", SocketAddr::new(data, PORT)).send_numbered(5);
        assert_eq!(inbox.collect(5), sent);
    }
}

#[test]
fn unicast_left_on_the_members_reaches_the_host_in_both_families() {
    let rig = Rig::with(Topology::new(), |group| group.line("receive = \"member\""));
    rig.until_reachable();
    for index in 0..3 {
        for data in plan::data(index) {
            let server = EchoServer::start(rig.host(), SocketAddr::new(data, PORT));
            Connections::open(rig.peer(), server.address(), 1).until_all_progress();
        }
    }
    let group = eventually("a link-local address", SOON, || rig.host().link_local("ipmp0").ok_or(()));
    Ping::to(group.into()).by("eth0").until_answered(rig.peer());
    let peer = eventually("a link-local address", SOON, || rig.peer().link_local("eth0").ok_or(()));
    Ping::to(peer.into()).by("ipmp0").until_answered(rig.host());
    // Neighbour discovery of the host itself, which an answer left on the member would starve.
    rig.host().ip("neigh flush dev ipmp0");
    Ping::to(plan::peer_v6(0).into()).until_answered(rig.host());
}

#[test]
fn members_that_keep_their_unicast_fail_over_too() {
    let rig = Rig::with(Topology::new(), |group| group.line("receive = \"member\""));
    let data = plan::data_v4(0, 0);
    let server = EchoServer::start(rig.host(), SocketAddr::new(data.into(), PORT));
    let connections = Connections::open(rig.peer(), server.address(), 3);
    for _ in 0..2 {
        let bound = rig.bound(data.into());
        rig.fail(bound);
        connections.until_all_progress();
        rig.repair(bound);
        connections.until_all_progress();
    }
}

/// With reverse path filtering on, the kernel drops what comes in on an interface without any IPv4 address.
#[test]
fn unicast_left_on_members_passes_reverse_path_filtering() {
    for setting in ["all", "default"] {
        let topology = Topology::new().build();
        topology.host().set(&format!("ipv4/conf/{setting}/rp_filter"), "1");
        for member in &topology.hosts[0].members {
            topology.host().set(&format!("ipv4/conf/{member}/rp_filter"), "1");
        }
        let config = topology.hosts[0].group().line("receive = \"member\"");
        let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
        rig.until_settled();
        rig.until_reachable();
    }
}

#[test]
fn a_default_route_of_the_configuration_is_set() {
    let rig = Rig::with(Topology::new(), |group| {
        group.line("routes = [\"default via 10.9.0.101\", \"default via fd09::101 metric 5\"]")
    });
    assert!(rig.host().ip("-4 route get 192.0.2.1").contains("via 10.9.0.101 dev ipmp0"));
    assert!(rig.host().ip("-6 route get 2001:db8::1").contains("via fd09::101 dev ipmp0"));
    rig.fail(0);
    assert!(rig.host().ip("-4 route get 192.0.2.1").contains("via 10.9.0.101 dev ipmp0"));
}

#[test]
fn reverse_path_filtering_is_loosened_only_where_it_is_strict() {
    let topology = Topology::new().members(2).build();
    let host = topology.host();
    host.set("ipv4/conf/all/rp_filter", "0");
    host.set("ipv4/conf/e0/rp_filter", "1");
    host.set("ipv4/conf/e1/rp_filter", "0");
    let rig = Rig { daemon: Daemon::start(host, &topology.hosts[0].group()), topology };
    rig.until_settled();
    let seen = ["e0", "e1"].map(|name| rig.host().setting(&format!("ipv4/conf/{name}/rp_filter")));
    assert_eq!(seen, ["2", "0"]);
}

#[test]
fn multicast_of_a_program_that_names_no_interface_leaves_by_the_group() {
    let rig = Rig::new(Topology::new());
    let route = rig.host().ip("-6 route get ff15::909");
    assert!(route.contains("dev ipmp0 "), "{route}");
}

#[test]
fn the_peer_of_the_group_interface_has_no_addresses() {
    let rig = Rig::new(Topology::new());
    let addresses = rig.host().ip("-o addr show dev ipmp0-p");
    assert_eq!(addresses.trim(), "");
}

#[test]
fn a_restart_follows_the_addresses_of_the_configuration() {
    let mut rig = Rig::new(Topology::new());
    rig.host().ip("addr add 10.9.0.77/24 dev ipmp0");
    rig.daemon.kill9();
    let kept = [format!("{}/24", plan::data_v4(0, 1)), format!("{}/64", plan::data_v6(0, 1))];
    let new = ["10.9.0.30/24".to_owned(), "fd09::30/64".to_owned()];
    rig.daemon.configure(&rig.topology.hosts[0].group().addresses(kept.iter().chain(&new)));
    rig.daemon.restart();
    rig.until_settled();
    for address in ["10.9.0.30", "fd09::30", "10.9.0.77"].map(|text| text.parse().expect("an address")) {
        Ping::to(address).until_answered(rig.peer());
    }
    for address in plan::data(1) {
        Ping::to(address).until_answered(rig.peer());
    }
    let shown = rig.host().ip("-o addr show dev ipmp0");
    for index in [0, 2] {
        for address in plan::data(index) {
            assert!(!shown.contains(&format!(" {address}/")), "{address} is still there:\n{shown}");
            assert!(stat::address(&rig.daemon, address).is_none_or(|row| row["state"] != "up"), "{address}");
        }
    }
}
