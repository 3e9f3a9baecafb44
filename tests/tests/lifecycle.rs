//! Start, crash, restart, end, and members that come and go.

use std::net::SocketAddr;

use ipmp_tests::{
    Capture, Daemon, Netns, Rig, Topology,
    attached::{filters, programs, tcx_programs},
    ctl,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    packet_socket::Direction,
    packets::Packet,
    plan,
    topology::port,
};

#[test]
fn a_killed_daemon_leaves_traffic_flowing() {
    let mut rig = Rig::new(Topology::new());
    rig.without_loss(Daemon::kill9);
}

#[test]
fn a_new_daemon_takes_the_path_over_without_a_lost_packet() {
    let mut rig = Rig::new(Topology::new());
    rig.without_loss(|daemon| {
        daemon.kill9();
        daemon.restart();
    });
    rig.fail(0);
    rig.until_reachable();
}

/// The interfaces at which a group has programs.
fn with_group(members: &[String]) -> Vec<String> {
    ["ipmp0", "ipmp0-p"].map(str::to_owned).into_iter().chain(members.iter().cloned()).collect()
}

#[test]
fn clsact_filters_are_taken_over_without_a_lost_packet_and_removed_by_down() {
    let mut rig = Rig::with_arguments(Topology::new(), &["--attach", "clsact"]);
    let members = rig.topology.hosts[0].members.clone();
    let ours = with_group(&members);
    let before = filters(rig.host(), &ours);
    assert_eq!(before.len(), 5, "one on each member, one at each end of the group interface: {before:#?}");
    assert_eq!(tcx_programs(rig.host(), &members), 0, "programs on TCX hooks");
    rig.without_loss(|daemon| {
        daemon.kill9();
        daemon.restart();
    });
    assert_eq!(filters(rig.host(), &ours).len(), 5, "replaced, not added");
    rig.fail(0);
    rig.until_reachable();
    assert!(rig.daemon.down("ipmp0").status.success());
    assert_eq!(filters(rig.host(), &ours), Vec::<String>::new());
}

#[test]
fn clsact_filters_are_removed_by_down_without_a_daemon() {
    let mut rig = Rig::with_arguments(Topology::new(), &["--attach", "clsact"]);
    let ours = with_group(&rig.topology.hosts[0].members);
    rig.daemon.kill9();
    assert_eq!(filters(rig.host(), &ours).len(), 5);
    assert!(rig.daemon.down("ipmp0").status.success());
    assert_eq!(filters(rig.host(), &ours), Vec::<String>::new());
    assert_eq!(rig.daemon.group_pins("ipmp0"), None);
}

#[test]
fn a_restart_keeps_the_flow_seed() {
    let mut rig = Rig::new(Topology::new());
    let flows = |daemon: &Daemon| -> Vec<String> {
        let peer = plan::peer_v4(0).to_string();
        let flow = |sport: u16| {
            let (source, sport) = (plan::data_v4(0, 0).to_string(), sport.to_string());
            let arguments =
                ["flow", "ipmp0", &source, &peer, "--proto", "udp", "--sport", &sport, "--dport", "53"];
            let output = daemon.ctl(&arguments);
            assert!(output.status.success(), "{}", ctl::describe(&output));
            ctl::text(&output)
        };
        (1000..1040).map(flow).collect()
    };
    let before = flows(&rig.daemon);
    rig.daemon.kill9();
    rig.daemon.restart();
    assert_eq!(flows(&rig.daemon), before);
}

#[test]
fn sigterm_leaves_the_path_and_says_so() {
    let mut rig = Rig::new(Topology::new());
    rig.without_loss(|daemon| {
        let status = daemon.terminate();
        assert_eq!(status.code(), Some(0), "{}", daemon.log());
    });
    let log = rig.daemon.log();
    assert!(log.contains("ipmp-ctl down"), "the log does not say how to remove what stays:\n{log}");
}

/// What the daemon may change of a host, and must put back.
fn settings(host: &Netns, members: &[String]) -> Vec<String> {
    let mut seen = Vec::new();
    for name in members {
        for setting in ["arp_ignore", "arp_announce", "rp_filter"] {
            seen.push(format!("{name} {setting} {}", host.setting(&format!("ipv4/conf/{name}/{setting}"))));
        }
        seen.push(format!("{name} accept_ra {}", host.setting(&format!("ipv6/conf/{name}/accept_ra"))));
        let link = host.link(name);
        seen.push(format!("{name} allmulti {} flags {}", link["allmulti"], host.flags(name)));
    }
    for arguments in ["-4 addr", "-4 route show table all", "-6 route show table all", "maddr"] {
        let mut lines: Vec<_> = host.ip(arguments).lines().map(str::to_owned).collect();
        lines.sort();
        seen.extend(lines);
    }
    seen
}

fn until_ready(host: &Netns, members: &[String]) {
    for name in members {
        eventually("link-local addresses of the members", SOON, || {
            host.link_local(name).ok_or_else(|| host.ip(&format!("addr show dev {name}")))
        });
    }
}

fn down_restores(prepare: impl FnOnce(&Netns), adapt: &str, stop: impl FnOnce(&Netns, &mut Daemon)) {
    let topology = Topology::new().build();
    let (host, members) = (&topology.hosts[0].netns, &topology.hosts[0].members);
    prepare(host);
    until_ready(host, members);
    let before = settings(host, members);
    let mut config = topology.hosts[0].group();
    if !adapt.is_empty() {
        config = config.line(adapt);
    }
    let mut daemon = Daemon::start(host, &config);
    daemon.until_group("ipmp0", "ok");
    assert!(programs(host, members) >= 3);
    stop(host, &mut daemon);
    let output = daemon.down("ipmp0");
    assert_eq!(output.status.code(), Some(0), "{}", ctl::describe(&output));
    for name in ["ipmp0", "ipmp0-p"] {
        assert!(!host.has(name), "{name} is still there");
    }
    assert_eq!(programs(host, members), 0);
    assert_eq!(daemon.group_pins("ipmp0"), None);
    let mut after = settings(host, members);
    if after != before {
        // The kernel may still be taking down what hung on the group interface.
        after = eventually("settings as they were", SOON, || {
            let after = settings(host, members);
            if after == before { Ok(after) } else { Err(difference(&before, &after)) }
        });
    }
    assert_eq!(after, before);
}

fn difference(before: &[String], after: &[String]) -> Vec<String> {
    let gone = before.iter().filter(|line| !after.contains(line)).map(|line| format!("- {line}"));
    let new = after.iter().filter(|line| !before.contains(line)).map(|line| format!("+ {line}"));
    gone.chain(new).collect()
}

#[test]
fn down_removes_everything_and_puts_every_setting_back() {
    down_restores(|_| {}, "", |_, _| {});
}

#[test]
fn down_works_without_a_daemon() {
    down_restores(|_| {}, "", |_, daemon| daemon.kill9());
}

#[test]
fn a_deleted_group_interface_is_reported_and_down_cleans_up() {
    down_restores(
        |_| {},
        "",
        |host, daemon| {
            host.ip("link del ipmp0");
            daemon.until_log("ipmp0 has been deleted");
            assert!(daemon.exited().is_none(), "the daemon goes on");
        },
    );
}

#[test]
fn down_puts_unusual_settings_back_too() {
    let unusual = |host: &Netns| {
        host.set("ipv4/conf/e0/rp_filter", "1");
        host.set("ipv4/conf/e0/arp_ignore", "2");
        host.set("ipv6/conf/e1/accept_ra", "0");
        host.ip("link set e2 allmulticast on");
    };
    down_restores(unusual, "", |_, _| {});
    down_restores(unusual, "receive = \"member\"", |_, daemon| {
        daemon.kill9();
        daemon.restart();
    });
}

#[test]
fn the_group_interface_runs_while_a_member_is_usable() {
    let rig = Rig::new(Topology::new().members(2));
    let running = |wanted: bool| {
        eventually(&format!("RUNNING is {wanted}"), SOON, || {
            holds(rig.host().is_running("ipmp0") == wanted, || rig.host().flags("ipmp0"))
        });
    };
    running(true);
    rig.fail(0);
    always("RUNNING while one member works", A_WHILE, || holds(rig.host().is_running("ipmp0"), || ()));
    rig.fail(1);
    running(false);
    rig.daemon.until_group("ipmp0", "failed");
    rig.repair(1);
    running(true);
    rig.until_reachable();
}

#[test]
fn a_standby_carries_nothing_until_a_member_fails() {
    let rig = Rig::with(Topology::new(), |group| group.member("e2", &["standby = true"]));
    rig.until_reachable();
    let data = |packet: &Packet| packet.udp().is_some_and(|udp| udp.destination == 5000);
    let capture = Capture::start(&rig.topology.switch.netns, &port(0, 2), data);
    let sent_by_standby = || capture.seen().iter().filter(|frame| frame.direction == Direction::In).count();
    assert_eq!(stat::flags(&rig.daemon, "e2").get(..2), Some("is"));
    let peer = SocketAddr::new(plan::peer_v4(0).into(), 5000);
    let flow = || {
        let socket = rig.host().run(|| std::net::UdpSocket::bind((plan::data_v4(0, 0), 0))).unwrap();
        let _ = socket.send_to(b"flow", peer);
    };
    (0..200).for_each(|_| flow());
    always("nothing through the standby", A_WHILE, || holds(sent_by_standby() == 0, sent_by_standby));
    rig.fail(0);
    eventually("the standby carries flows", SOON, || {
        (0..20).for_each(|_| flow());
        holds(sent_by_standby() > 0, || rig.daemon.json(&["stat", "-i"]))
    });
    assert_eq!(stat::interface(&rig.daemon, "e2").unwrap()["active"], true);
    rig.repair(0);
    eventually("the standby steps down", SOON, || {
        let flags = stat::flags(&rig.daemon, "e2");
        holds(flags.starts_with("is"), || flags)
    });
}

#[test]
fn a_link_that_comes_up_too_often_is_not_trusted_at_once() {
    let rig = Rig::with(Topology::new(), |group| group.line("link-ups-per-minute = 2"));
    for _ in 0..2 {
        rig.fail(0);
        rig.repair(0);
    }
    rig.fail(0);
    rig.topology.restore(0);
    eventually("the link is shown as up", SOON, || {
        let row = stat::interface(&rig.daemon, "e0");
        holds(row.as_ref().is_some_and(|row| row["link"] == "up" || row["state"] == "failed"), || row)
    });
    always("e0 is still failed", A_WHILE, || {
        let row = stat::interface(&rig.daemon, "e0");
        holds(row.as_ref().is_some_and(|row| row["state"] == "failed"), || row)
    });
    rig.until_reachable();
}

#[test]
fn the_later_of_two_members_with_one_mac_is_offline() {
    let topology = Topology::new().members(2).build();
    let mac = topology.host().mac("e0");
    topology.host().ip(&format!("link set e1 address {mac}"));
    let rig = Rig { daemon: Daemon::start(topology.host(), &topology.hosts[0].group()), topology };
    rig.daemon.until_state("e1", "offline");
    assert!(stat::flags(&rig.daemon, "e1").contains('h'), "{}", stat::flags(&rig.daemon, "e1"));
    rig.until_reachable();
    rig.host().ip("link set e1 address 02:00:00:00:09:01");
    rig.daemon.until_state("e1", "ok");
}

#[test]
fn an_absent_member_is_warned_about_and_joins_when_it_appears() {
    let rig = Rig::with(Topology::new().members(2), |group| group.members(["e2"]));
    rig.daemon.until_log("e2");
    rig.until_reachable();
    rig.topology.switch.connect(rig.host(), "e2", &port(0, 2), None);
    rig.daemon.until_state("e2", "ok");
    eventually("e2 is active", SOON, || {
        let row = stat::interface(&rig.daemon, "e2");
        holds(row.as_ref().is_some_and(|row| row["active"] == true), || row)
    });
    rig.fail(0);
    rig.fail(1);
    rig.until_reachable();
}

#[test]
fn a_member_that_is_deleted_and_made_again_rejoins() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip("link del e0");
    eventually("e0 is not used", SOON, || {
        let row = stat::interface(&rig.daemon, "e0");
        holds(row.as_ref().is_none_or(|row| row["active"] == false), || row)
    });
    rig.until_reachable();
    rig.topology.switch.connect(rig.host(), "e0", &port(0, 0), None);
    rig.daemon.until_state("e0", "ok");
    rig.fail(1);
    rig.until_reachable();
}

#[test]
fn a_stale_socket_file_is_replaced() {
    let topology = Topology::new().members(2).build();
    let mut daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group());
    drop(std::os::unix::net::UnixListener::bind(daemon.socket()).unwrap());
    daemon.restart();
}

#[test]
fn the_pins_of_a_namespace_that_is_gone_are_removed() {
    let gone = Topology::new().members(2).build();
    let mut before = Daemon::start(gone.host(), &gone.hosts[0].group());
    before.kill9();
    let stale = before.group_pins("ipmp0").expect("a killed daemon leaves its pins");
    drop(gone);
    let topology = Topology::new().members(2).build();
    let mut after =
        Daemon::prepare_with_pins(topology.host(), &topology.hosts[0].group(), before.pins().to_owned());
    eventually("the pins are removed by the next daemon to start", SOON, || {
        // The kernel takes a moment to take a namespace apart.
        after.restart();
        after.terminate();
        holds(!stale.exists(), || stale.clone())
    });
    assert!(after.group_pins("ipmp0").is_some());
}
