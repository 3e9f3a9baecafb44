//! The group interface in the hands of others: deleted, moved, brought down, robbed of its peer or of an address.

use std::net::{IpAddr, SocketAddr};

use ipmp_tests::{
    Daemon, Netns, Ping, Rig, Topology,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    plan,
};

const HAND_MADE: &str = "10.9.0.77";

/// Which member carries each of some flows.
fn carriers(daemon: &Daemon) -> Vec<Option<String>> {
    let flow = |port| {
        let from = SocketAddr::new(plan::data(0)[0], port);
        daemon.carrier("ipmp0", libc::IPPROTO_UDP as u8, from, SocketAddr::new(plan::peer(0)[0], 53))
    };
    (1000..1060).map(flow).collect()
}

/// What has to be the same after the interface was made anew.
fn shape(host: &Netns) -> (String, String, Vec<String>, Vec<String>) {
    let lasting = |line: &&str| !line.contains("fe80:");
    let addresses = host.ip("-o addr show dev ipmp0");
    // The number and the index differ.
    let words = |line: &str| line.split_whitespace().skip(2).take(2).collect::<Vec<_>>().join(" ");
    let mut addresses: Vec<_> = addresses.lines().filter(lasting).map(words).collect();
    addresses.sort();
    let routes = host.ip("route show dev ipmp0") + &host.ip("-6 route show dev ipmp0");
    let mut routes: Vec<_> = routes.lines().map(|line| line.trim().to_owned()).collect();
    routes.sort();
    (host.mac("ipmp0").to_string(), host.ip("token show dev ipmp0"), addresses, routes)
}

fn rig(arguments: &[&str]) -> Rig {
    let topology = Topology::new().build();
    let config = topology.hosts[0].group();
    let config = config.line("routes = [\"default via 10.9.0.101\"]").line("ipv6-token = \"::77\"");
    let daemon = Daemon::prepare(topology.host(), &config);
    let mut daemon = arguments.iter().fold(daemon, |daemon, argument| daemon.argument(argument));
    daemon.restart();
    let rig = Rig { daemon, topology };
    rig.until_settled();
    rig.host().ip(&format!("addr add {HAND_MADE}/24 dev ipmp0"));
    rig.daemon.until_bound(HAND_MADE.parse().expect("an address"));
    rig.until_reachable();
    rig
}

/// Runs `event` and waits until the group interface is another one, and all is as before.
fn made_anew(rig: &mut Rig, event: impl FnOnce(&mut Rig)) {
    let host = rig.topology.hosts[0].netns.name().to_owned();
    let (index, before, flows) =
        (rig.host().ifindex("ipmp0").expect("it is there"), shape(rig.host()), carriers(&rig.daemon));
    assert!(before.1.contains("::77 "), "{}", before.1);
    event(rig);
    eventually("another group interface", SOON, || match rig.host().ifindex("ipmp0") {
        Some(now) if now != index => Ok(()),
        other => Err((other, rig.daemon.log())),
    });
    eventually(&format!("everything as before in {host}"), SOON, || {
        let is_running = rig.host().has("ipmp0") && rig.host().is_running("ipmp0");
        if !is_running {
            return Err(format!("not running\n{}", rig.daemon.log()));
        }
        let now = shape(rig.host());
        holds(now == before, || format!("{now:#?}\nbefore: {before:#?}"))
    });
    rig.until_settled();
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
    Ping::to(HAND_MADE.parse().expect("an address")).until_answered(rig.peer());
    assert_eq!(carriers(&rig.daemon), flows, "flows stay where they were");
    // The new one fails over as the old one did.
    let bound = rig.bound(rig.data()[0]);
    rig.fail(bound);
    rig.until_reachable();
    rig.repair(bound);
}

#[test]
fn a_deleted_group_interface_is_made_anew_as_it_was() {
    made_anew(&mut rig(&[]), |rig| drop(rig.host().ip("link del ipmp0")));
}

#[test]
fn a_deleted_group_interface_is_made_anew_with_clsact_filters_too() {
    made_anew(&mut rig(&["--attach", "clsact"]), |rig| drop(rig.host().ip("link del ipmp0")));
}

#[test]
fn a_group_interface_that_lost_its_peer_is_made_anew() {
    made_anew(&mut rig(&[]), |rig| drop(rig.host().ip("link del ipmp0-p")));
}

#[test]
fn a_group_interface_whose_peer_was_moved_away_is_made_anew() {
    let away = Netns::new("away");
    made_anew(&mut rig(&[]), |rig| drop(rig.host().ip(&format!("link set ipmp0-p netns {}", away.name()))));
    assert!(!away.has("ipmp0-p"), "nothing of the old one is left");
}

#[test]
fn a_group_interface_that_was_moved_away_is_made_anew() {
    let away = Netns::new("away");
    made_anew(&mut rig(&[]), |rig| drop(rig.host().ip(&format!("link set ipmp0 netns {}", away.name()))));
    assert!(!away.has("ipmp0"), "nothing of the old one is left");
}

#[test]
fn a_group_interface_deleted_while_no_daemon_ran_is_made_anew_by_the_next() {
    let mut rig = rig(&[]);
    // Nobody knows of the address that was set by hand.
    rig.host().ip(&format!("addr del {HAND_MADE}/24 dev ipmp0"));
    let (before, flows) = (shape(rig.host()), carriers(&rig.daemon));
    rig.daemon.kill9();
    rig.host().ip("link del ipmp0");
    rig.daemon.restart();
    rig.until_settled();
    rig.until_reachable();
    assert_eq!(carriers(&rig.daemon), flows, "flows stay where they were");
    eventually("everything as before", SOON, || {
        let now = shape(rig.host());
        holds(now == before, || format!("{now:#?}\nbefore: {before:#?}"))
    });
    assert!(!rig.daemon.log().contains("starting anew"), "the maps are adopted");
}

#[test]
fn a_group_interface_deleted_again_and_again_is_there_in_the_end() {
    let mut rig = rig(&[]);
    made_anew(&mut rig, |rig| {
        for _ in 0..10 {
            eventually("a group interface to delete", SOON, || {
                holds(rig.host().has("ipmp0"), || rig.daemon.log())
            });
            rig.host().try_ip("link del ipmp0");
        }
    });
    assert!(rig.daemon.exited().is_none());
}

#[test]
fn a_name_that_is_taken_is_said_and_tried_again() {
    let mut rig = rig(&[]);
    made_anew(&mut rig, |rig| {
        rig.daemon.freeze();
        rig.host().ip("link del ipmp0");
        rig.host().ip("link add ipmp0 type veth peer name other");
        rig.daemon.thaw();
        rig.daemon.until_log("cannot be made anew");
        rig.daemon.until_log("delete the interface with `ip link del ipmp0`");
        rig.daemon.until_group("ipmp0", "failed");
        always("it is said once", A_WHILE, || {
            let count = rig.daemon.log().matches("cannot be made anew").count();
            holds(count == 1, || rig.daemon.log())
        });
        rig.host().ip("link del ipmp0");
        // The next scan comes within 20 s.
        eventually("it is tried again", 2 * SOON, || holds(rig.host().has("ipmp0"), || rig.daemon.log()));
    });
}

#[test]
fn down_works_while_the_group_interface_is_made_anew() {
    for _ in 0..5 {
        let rig = Rig::new(Topology::new().members(2));
        rig.host().ip("link del ipmp0");
        let output = rig.daemon.down("ipmp0");
        assert!(output.status.success(), "{output:?}");
        always("nothing comes back", A_WHILE, || {
            let left = ["ipmp0", "ipmp0-p"].map(|name| rig.host().has(name));
            holds(left == [false; 2], || left)
        });
    }
}

#[test]
fn a_peer_that_is_brought_down_or_up_by_hand_is_put_right() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip("link set ipmp0-p down");
    rig.daemon.until_log("ipmp0-p was set down by somebody");
    eventually("RUNNING again", SOON, || holds(rig.host().is_running("ipmp0"), || rig.daemon.log()));
    rig.until_reachable();
    rig.fail(0);
    rig.fail(1);
    eventually("RUNNING is gone", SOON, || holds(!rig.host().is_running("ipmp0"), || rig.daemon.log()));
    rig.host().ip("link set ipmp0-p up");
    rig.daemon.until_log("ipmp0-p was set up by somebody");
    eventually("RUNNING is gone again", SOON, || holds(!rig.host().is_running("ipmp0"), || rig.daemon.log()));
}

#[test]
fn a_configured_address_deleted_by_hand_is_left_alone_shown_down_and_told_once() {
    let rig = Rig::new(Topology::new());
    let [first, second]: [IpAddr; 2] = [plan::data_v4(0, 0).into(), plan::data_v4(0, 1).into()];
    rig.host().ip(&format!("addr del {first}/24 dev ipmp0"));
    let shown =
        || stat::address(&rig.daemon, first).map(|row| (row["state"].clone(), row["inbound"].clone()));
    eventually("the address is down", SOON, || {
        holds(shown().is_some_and(|(state, inbound)| state == "down" && inbound.is_null()), shown)
    });
    let told = format!("data address {first}/24 has been removed from ipmp0: it is left alone");
    rig.daemon.until_log(&told);
    // Longer than a scan takes to come.
    rig.host().ip("link set ipmp0 alias touched");
    always("it stays away, and is not told again", A_WHILE, || {
        let told = rig.daemon.log().matches(&told).count();
        let there = rig.host().ip("-o addr show dev ipmp0").contains(&format!("{first}/"));
        holds(told == 1 && !there, || (told, there))
    });
    // The kernel would take the others of the subnet with the first.
    Ping::to(second).until_answered(rig.peer());
    // It stays away when the interface is made anew, too.
    rig.host().ip("link del ipmp0");
    rig.daemon.until_log("the group interface is there again");
    Ping::to(second).until_answered(rig.peer());
    assert!(!rig.host().ip("-o addr show dev ipmp0").contains(&format!("{first}/")));
    rig.host().ip(&format!("addr add {first}/24 dev ipmp0"));
    Ping::to(first).until_answered(rig.peer());
    rig.host().ip(&format!("addr del {first}/24 dev ipmp0"));
    eventually("it is told again, since it had been there", SOON, || {
        holds(rig.daemon.log().matches(&told).count() == 2, || rig.daemon.log())
    });
}

#[test]
fn addresses_survive_the_group_interface_going_down() {
    let rig = Rig::new(Topology::new());
    rig.host().ip("addr add fd09::77/64 dev ipmp0 nodad");
    rig.daemon.until_bound("fd09::77".parse().expect("an address"));
    let before = shape(rig.host()).1;
    rig.host().ip("link set ipmp0 down");
    rig.daemon.until_log("the group interface is administratively down");
    rig.daemon.until_group("ipmp0", "failed");
    rig.host().ip("link set ipmp0 up");
    rig.daemon.until_group("ipmp0", "ok");
    eventually("the same addresses", SOON, || {
        let now = shape(rig.host()).1;
        holds(now == before, || now)
    });
    rig.until_reachable();
}

#[test]
fn a_renamed_group_interface_is_said_with_a_remedy() {
    let rig = Rig::new(Topology::new().members(2));
    rig.host().ip_batch("link set ipmp0 down\nlink set ipmp0 name other\nlink set other up\n");
    rig.daemon.until_log("`ip link set other name ipmp0`");
    rig.host().ip_batch("link set other down\nlink set other name ipmp0\nlink set ipmp0 up\n");
    rig.until_reachable();
}
