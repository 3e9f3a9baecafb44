//! What others do on the host while the daemon runs: other programs, administrators, DHCP clients, routers.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use ipmp_common::{Reason, member::Mac};
use ipmp_tests::{
    Capture, GroupConfig, Ping, Rig, Topology,
    counters::reason,
    ctl,
    echo::{Connections, EchoServer},
    eventually::{A_WHILE, SOON, always, eventually, holds},
    foreign_program::PassingProgram,
    packet_socket::{Direction, PacketSocket},
    packets::{Packet, ethernet, ipv6, router_advertisement},
    plan,
    topology::port,
};

/// Container networks and tc tools put such programs on every interface. What they let pass would vanish in the group
/// interface's peer, were there not the same program once more.
#[test]
fn another_program_that_lets_packets_pass_stops_nothing() {
    let rig = Rig::new(Topology::new());
    rig.until_reachable();
    let before = reason(&rig.daemon, "ipmp0", Reason::Leaked);
    let _program = PassingProgram::at_egress(rig.host(), "ipmp0");
    for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
        for server in [data, peer] {
            let at = if server == data { rig.host() } else { rig.peer() };
            let from = if server == data { rig.peer() } else { rig.host() };
            let server = EchoServer::start(at, SocketAddr::new(server, 7));
            Connections::open(from, server.address(), 2).until_all_progress();
        }
    }
    rig.host().ip("neigh flush dev ipmp0");
    rig.fail(0);
    rig.until_reachable();
    let leaked = reason(&rig.daemon, "ipmp0", Reason::Leaked) - before;
    assert!(leaked > 20, "{leaked} packets got past the program and were sent");
}

#[test]
fn settings_that_others_change_are_put_back() {
    let rig = Rig::new(Topology::new().members(2));
    let names = ["ipv4/conf/e0/arp_ignore", "ipv4/conf/e0/arp_announce", "ipv6/conf/e1/accept_ra"];
    let wanted = names.map(|name| rig.host().setting(name));
    for (name, wanted) in names.iter().zip(&wanted) {
        let other = if wanted == "0" { "1" } else { "0" };
        rig.host().set(name, other);
    }
    rig.host().ip("link set e0 allmulticast off");
    eventually("the settings are as the group needs them", 3 * SOON, || {
        let seen = names.map(|name| rig.host().setting(name));
        let all_multicast = rig.host().flags("e0") & libc::IFF_ALLMULTI != 0;
        holds(seen == wanted && all_multicast, || (seen, all_multicast))
    });
}

#[test]
fn an_address_of_a_dhcp_client_is_warned_about_once() {
    let mut rig = Rig::new(Topology::new().members(2));
    let warnings = |rig: &Rig| rig.daemon.log().matches("has a limited lifetime").count();
    rig.host().ip("addr add 10.9.0.77/24 dev ipmp0 valid_lft 600 preferred_lft 600");
    rig.daemon.until_log("10.9.0.77/24 on ipmp0 has a limited lifetime");
    // As the client does when it renews the lease.
    rig.host().ip("addr change 10.9.0.77/24 dev ipmp0 valid_lft 700 preferred_lft 700");
    rig.host().ip("link set ipmp0 alias touched");
    always("no second warning", A_WHILE, || holds(warnings(&rig) == 1, || rig.daemon.log()));
    Ping::to("10.9.0.77".parse().expect("an address")).until_answered(rig.peer());
    rig.daemon.kill9();
    rig.daemon.restart();
    rig.host().ip("addr change 10.9.0.77/24 dev ipmp0 valid_lft 800 preferred_lft 800");
    always("one warning of the new daemon", A_WHILE, || holds(warnings(&rig) == 2, || rig.daemon.log()));
}

#[test]
fn a_macvlan_on_top_of_the_group_is_warned_about_once_and_the_group_works_on() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip("link add link ipmp0 name mv0 type macvlan mode bridge");
    rig.daemon.until_log("mv0 is a macvlan on top of ipmp0");
    rig.host().ip("link set mv0 up");
    let warnings = || rig.daemon.log().matches("mv0 is a macvlan").count();
    always("no second warning", A_WHILE, || holds(warnings() == 1, || rig.daemon.log()));
    rig.until_reachable();
}

#[test]
fn a_router_gives_its_prefix_to_the_group_interface_alone() {
    let rig = Rig::new(Topology::new());
    let router = eventually("the router's link-local address", SOON, || {
        rig.peer().link_local("eth0").ok_or_else(|| rig.peer().ip("addr show dev eth0"))
    });
    rig.peer().ip("addr add fd77::1/64 dev eth0 nodad");
    // On the link and good for addresses of one's own; valid and preferred for an hour.
    let mut prefix = vec![64, 0xc0];
    prefix.extend([3600_u32.to_be_bytes(), 3600_u32.to_be_bytes(), [0; 4]].concat());
    prefix.extend([0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let own = rig.peer().mac("eth0");
    let all_nodes = Mac { bytes: [0x33, 0x33, 0, 0, 0, 1] };
    let advertisement = ethernet(own, all_nodes)
        / ipv6(router, "ff02::1".parse().expect("an address")).hop_limit(255)
        / router_advertisement(1800).source_link(own).option(3, &prefix);
    PacketSocket::open(rig.peer(), "eth0").send(&advertisement);
    let address: IpAddr = eventually("an address of the advertised prefix", SOON, || {
        let shown = rig.host().ip_json("-6 addr show dev ipmp0 -tentative");
        let all = shown.iter().flat_map(|link| link["addr_info"].as_array().into_iter().flatten());
        let mut locals = all.filter_map(|address| address["local"].as_str());
        locals.find(|local| local.starts_with("fd77:")).and_then(|local| local.parse().ok()).ok_or(shown)
    });
    Ping::to(address).until_answered(rig.peer());
    Ping::to("fd77::1".parse().expect("an address")).from(address).until_answered(rig.host());
    let bound = rig.daemon.until_bound(address);
    assert_eq!(rig.peer().neighbour("eth0", address), Some(rig.host().mac(&bound)));
    let routes = rig.host().ip("-6 route show default");
    assert!(routes.contains("dev ipmp0"), "{routes}");
    for member in &rig.topology.hosts[0].members {
        assert!(!routes.contains(&format!("dev {member}")), "{routes}");
        let shown = rig.host().ip(&format!("-6 addr show dev {member}"));
        assert!(!shown.contains("fd77:"), "{shown}");
    }
}

/// Switches forget a MAC that says nothing for five minutes, many sooner, and flood what is sent to it.
#[test]
fn every_member_says_something_each_minute() {
    // One address for three members: two of them have nothing to say.
    let rig = Rig::with(Topology::new(), |group| group.addresses(["10.9.0.10/24"]));
    let said = |packet: &Packet| {
        packet.arp().is_some() || packet.ethernet().is_some_and(|it| it.ether_type == Some(0x9000))
    };
    let captures: Vec<_> =
        (0..3).map(|member| Capture::start(&rig.topology.switch.netns, &port(0, member), said)).collect();
    // The bound member announces its address in the first two seconds.
    let calm = Instant::now() + Duration::from_secs(3);
    eventually("a frame of each member, in its own MAC", Duration::from_secs(62), || {
        let sources: Vec<_> = captures.iter().map(|capture| sources(capture, calm)).collect();
        let spoke =
            |(member, sources): (usize, &Vec<Mac>)| sources.contains(&rig.host().mac(&format!("e{member}")));
        holds(sources.iter().enumerate().all(spoke), || sources.clone())
    });
}

/// The sources of what has come into a port of the switch after `begin`.
fn sources(capture: &Capture, begin: Instant) -> Vec<Mac> {
    let came = capture.seen().into_iter().filter(|seen| seen.direction == Direction::In && seen.at > begin);
    came.filter_map(|seen| seen.packet.ethernet().map(|it| it.source)).collect()
}

/// Bytes that wait in the queueing discipline of an interface.
fn backlog(rig: &Rig, interface: &str) -> u64 {
    let output = rig.host().command("tc").args(["-s", "-j", "qdisc", "show", "dev", interface]).output();
    let text = ctl::text(&output.expect("tc is installed"));
    let shown: serde_json::Value =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    shown.as_array().into_iter().flatten().filter_map(|qdisc| qdisc["backlog"].as_u64()).sum()
}

/// A segment that still waits in the queue of the failed member is not sent again ("still in host queue"), so TCP would
/// stand still although the new member works. The queue is therefore purged at failover; the kernel itself does that up
/// to a second later, when TCP has doubled its time-out twice. A token bucket that lets almost nothing through stands for
/// a NIC that is stuck.
#[test]
fn tcp_goes_on_at_once_when_the_failed_members_queue_is_stuck() {
    // A busy machine may be late once.
    let mut seen = Vec::new();
    while seen.last().is_none_or(|time| *time >= Duration::from_millis(600)) {
        assert!(seen.len() < 3, "TCP stood still: {seen:?}");
        seen.push(standstill_with_a_stuck_queue());
    }
}

/// How long a connection stands still after the cable of a member with a stuck queue is cut.
fn standstill_with_a_stuck_queue() -> Duration {
    let rig = Rig::with(Topology::new().members(3).equal_ifindex(true), |_| {
        let group = GroupConfig::new("ipmp0").addresses(["10.9.0.10/24", "fd09::10/64"]);
        group.members(["e0"]).member("e1", &["standby = true"])
    });
    rig.until_reachable();
    let server = EchoServer::start(rig.peer(), SocketAddr::new(plan::peer(0)[0], 7));
    let connection = Connections::open(rig.host(), server.address(), 1);
    connection.until_all_progress();
    rig.host().set_up("e2", true);
    // The kernel acts on carriers once a second: when it has just done so, it comes late for the member.
    rig.topology.cut(2);
    eventually("the kernel acts on the carrier of a NIC outside the group", SOON, || {
        holds(!rig.host().is_running("e2"), || rig.host().link("e2"))
    });
    let bucket = "qdisc add dev e0 root tbf rate 80bit burst 256 limit 1000000";
    let output = rig.host().command("tc").args(bucket.split(' ')).output().expect("tc is installed");
    assert!(output.status.success(), "{}", ctl::describe(&output));
    eventually("a segment waits in the queue", SOON, || {
        let waiting = backlog(&rig, "e0");
        holds(waiting > 0, || waiting)
    });
    let before = connection.exchanges();
    let cut = Instant::now();
    rig.topology.cut(0);
    eventually("the connection goes on", SOON, || {
        let now = connection.exchanges();
        // One answer may have been on its way.
        holds(now[0] > before[0] + 1, || now.clone())
    });
    assert!(connection.broken().is_empty(), "{:?}", connection.broken());
    cut.elapsed()
}
