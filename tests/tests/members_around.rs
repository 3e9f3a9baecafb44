//! Members that come, go, return and change while the daemon runs.

use std::net::IpAddr;

use ipmp_common::member::Mac;
use ipmp_tests::{
    Capture, Daemon, Netns, Ping, Rig, Topology,
    attached::programs,
    daemon::stat,
    eventually::{A_WHILE, SOON, always, eventually, holds},
    ip::parse_mac,
    packets::Packet,
    plan,
    topology::port,
};

/// What a member has that is ours: settings, all-multicast, multicast filter, a program.
fn equipment(host: &Netns, name: &str) -> (String, String, String, bool, bool, usize) {
    let setting = |setting: &str| host.setting(&format!("ipv4/conf/{name}/{setting}"));
    let filter = host.ip(&format!("maddr show dev {name}"));
    (
        setting("arp_ignore"),
        setting("arp_announce"),
        host.setting(&format!("ipv6/conf/{name}/accept_ra")),
        host.flags(name) & libc::IFF_ALLMULTI != 0,
        // The solicited-node group of fd09::10.
        filter.contains("33:33:ff:00:00:10"),
        programs(host, &[name.to_owned()]),
    )
}

fn until_equipped(rig: &Rig, name: &str) {
    let whole = ("1".to_owned(), "2".to_owned(), "0".to_owned(), true, true, 1);
    eventually(&format!("{name} has all that a member needs"), SOON, || {
        let now = equipment(rig.host(), name);
        holds(now == whole, || (now, rig.daemon.log()))
    });
}

/// Waits until the member is out of use, and the group reachable without it.
fn until_without(rig: &Rig, name: &str) {
    eventually(&format!("{name} is not used"), SOON, || {
        let row = stat::interface(&rig.daemon, name);
        holds(row.as_ref().is_none_or(|row| row["active"] == false), || row)
    });
    rig.until_reachable();
}

/// Waits until the member carries traffic and has its own addresses back.
fn until_back(rig: &Rig, member: usize) {
    let name = format!("e{member}");
    rig.daemon.until_state(&name, "ok");
    for data in plan::data(member) {
        eventually(&format!("{data} is at its home"), SOON, || {
            let inbound = rig.daemon.inbound(data);
            holds(inbound.as_ref() == Some(&name), || (inbound, rig.daemon.log()))
        });
        Ping::to(data).until_answered(rig.peer());
        // The peer knows the member's present address.
        let mac = rig.host().mac(&name);
        eventually("the peer's neighbour cache", SOON, || {
            let known = rig.peer().neighbour("eth0", data);
            holds(known == Some(mac), || known)
        });
    }
    until_equipped(rig, &name);
}

#[test]
fn a_nic_that_is_pulled_out_and_another_one_in_its_place_has_everything_again() {
    let rig = Rig::new(Topology::new());
    until_equipped(&rig, "e0");
    let before = rig.host().mac("e0");
    for index in [None, Some(4711)] {
        rig.host().ip("link del e0");
        rig.daemon.until_log("member e0 is absent");
        until_without(&rig, "e0");
        rig.topology.switch.connect(rig.host(), "e0", &port(0, 0), index);
        assert_ne!(rig.host().mac("e0"), before);
        until_back(&rig, 0);
    }
    rig.daemon.until_group("ipmp0", "ok");
}

#[test]
fn a_nic_that_is_moved_to_another_namespace_and_back_has_everything_again() {
    let rig = Rig::new(Topology::new());
    let away = Netns::new("away");
    rig.host().ip(&format!("link set e0 netns {}", away.name()));
    until_without(&rig, "e0");
    eventually("nothing of ours is left on it", SOON, || {
        let count = programs(&away, &["e0".to_owned()]);
        holds(count == 0, || count)
    });
    // It hears there, as any NIC.
    away.ip_batch("link set e0 up\naddr add 10.9.0.200/24 dev e0\n");
    Ping::to("10.9.0.200".parse().expect("an address")).until_answered(rig.peer());
    away.ip_batch(&format!("addr flush dev e0\nlink set e0 netns {}\n", rig.host().name()));
    // It comes down, and without link nothing is at home.
    until_back(&rig, 0);
}

#[test]
fn a_nic_without_configuration_stays_out() {
    let rig = Rig::new(Topology::new().members(2));
    rig.fail(0);
    rig.topology.switch.connect(rig.host(), "e7", &port(0, 7), None);
    rig.host().ip("link set e7 alias here");
    always("it is left alone", A_WHILE, || {
        let (shown, programs) =
            (stat::interface(&rig.daemon, "e7"), programs(rig.host(), &["e7".to_owned()]));
        let moved = rig.daemon.inbound(plan::data(0)[0]);
        holds(shown.is_none() && programs == 0 && moved.as_deref() == Some("e1"), || (shown, programs, moved))
    });
}

#[test]
fn addresses_of_a_member_that_is_missing_at_the_start_are_elsewhere_and_a_standby_stands_in() {
    let topology = Topology::new().members(2).build();
    let config = topology.hosts[0]
        .group()
        .addresses(["10.9.0.10/24", "10.9.0.11/24", "10.9.0.12/24"])
        .members(["e2"])
        .member("e1", &["standby = true"]);
    // e0 and e2 are active members, and e2 is missing.
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.daemon.until_log("member e2 is absent");
    rig.daemon.until_log("moving 10.9.0.11 from missing interface e2 (moved to e1)");
    let row = stat::interface(&rig.daemon, "e1").expect("it is shown");
    assert_eq!((&row["active"], &row["state"]), (&true.into(), &"ok".into()), "{row}");
    Ping::to(plan::data_v4(0, 1).into()).until_answered(rig.peer());
    rig.topology.switch.connect(rig.host(), "e2", &port(0, 2), None);
    rig.daemon.until_state("e2", "ok");
    eventually("the address is at its home", SOON, || {
        let at = rig.daemon.inbound(plan::data_v4(0, 1).into());
        holds(at.as_deref() == Some("e2"), || at)
    });
    eventually("the standby steps down", SOON, || {
        let flags = stat::flags(&rig.daemon, "e1");
        holds(flags.starts_with("is"), || flags)
    });
}

#[test]
fn a_member_that_is_renamed_leaves_and_who_gets_its_name_joins() {
    let rig = Rig::new(Topology::new());
    rig.host().ip("link set e0 name x0");
    until_without(&rig, "e0");
    eventually("the old one is as it was", SOON, || {
        let now = equipment(rig.host(), "x0");
        holds((now.0.as_str(), now.1.as_str(), now.5) == ("0", "0", 0), || now)
    });
    rig.topology.switch.connect(rig.host(), "y0", &port(0, 5), None);
    rig.host().ip("link set y0 name e0");
    rig.daemon.until_state("e0", "ok");
    until_equipped(&rig, "e0");
    rig.until_reachable();
    rig.fail(1);
    rig.fail(2);
    rig.until_reachable();
}

#[test]
fn two_members_that_change_names_are_each_what_they_are_called() {
    let rig = Rig::new(Topology::new());
    let macs = ["e0", "e1"].map(|name| rig.host().mac(name));
    rig.host().ip_batch("link set e0 name x\nlink set e1 name e0\nlink set x name e1\n");
    assert_eq!(["e1", "e0"].map(|name| rig.host().mac(name)), macs);
    for member in 0..2 {
        until_back(&rig, member);
    }
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
}

#[test]
fn a_changed_mac_address_is_announced_and_used() {
    let rig = Rig::new(Topology::new());
    until_back(&rig, 0);
    rig.host().ip("link set e0 address 02:00:00:00:77:01");
    assert_eq!(rig.host().mac("e0"), parse_mac("02:00:00:00:77:01"));
    until_back(&rig, 0);
    rig.until_reachable();
}

#[test]
fn the_group_interface_follows_the_smallest_mtu() {
    let rig = Rig::new(Topology::new());
    let until = |mtu: u64| {
        eventually(&format!("an MTU of {mtu} at both ends"), SOON, || {
            let now = ["ipmp0", "ipmp0-p"].map(|name| rig.host().link(name)["mtu"].as_u64());
            holds(now == [Some(mtu); 2], || now)
        });
    };
    until(1500);
    rig.host().ip("link set e1 mtu 1400");
    until(1400);
    rig.host().ip("link set ipmp0 mtu 1300");
    // Somebody's own idea of it is corrected at once.
    until(1400);
    rig.host().ip("link set e1 mtu 1500");
    until(1500);
    rig.host().ip("link set e1 mtu 1400");
    until(1400);
    rig.host().ip("link del e1");
    until(1500);
    rig.until_reachable();
}

#[test]
fn a_member_that_is_brought_down_by_hand_is_failed_over_and_stays_down() {
    let rig = Rig::new(Topology::new());
    rig.host().ip("link set e0 down");
    rig.daemon.until_state("e0", "failed");
    assert!(stat::flags(&rig.daemon, "e0").contains('d'), "{}", stat::flags(&rig.daemon, "e0"));
    rig.until_reachable();
    always("it is left down", A_WHILE, || {
        let up = rig.host().flags("e0") & libc::IFF_UP != 0;
        holds(!up, || rig.daemon.log())
    });
    rig.host().ip("link set e0 up");
    until_back(&rig, 0);
}

#[test]
fn a_member_that_a_bridge_takes_leaves_and_comes_back_when_it_is_freed() {
    let rig = Rig::new(Topology::new());
    rig.host().ip("link add name br type bridge");
    let carried = |packet: &Packet| packet.udp().is_some();
    let capture = Capture::start(&rig.topology.switch.netns, &port(0, 0), carried);
    rig.host().ip("link set e0 master br");
    rig.daemon.until_log("e0 leaves the group: e0 is a port of the bridge br");
    until_without(&rig, "e0");
    eventually("nothing of ours is left on it", SOON, || {
        let now = equipment(rig.host(), "e0");
        holds((now.0.as_str(), now.5) == ("0", 0), || now)
    });
    let seen = capture.seen().len();
    rig.host().ip("link set e0 alias touched");
    always("it is said once", A_WHILE, || {
        let count = rig.daemon.log().matches("e0 leaves the group").count();
        holds(count == 1 && capture.seen().len() == seen, || (count, capture.seen().len()))
    });
    assert!(rig.host().flags("e0") & libc::IFF_UP != 0, "its new master wants it up");
    rig.host().ip("link set e0 nomaster");
    rig.daemon.until_log("nothing keeps e0 out of the group any more");
    until_back(&rig, 0);
    rig.daemon.until_group("ipmp0", "ok");
}

#[test]
fn a_member_that_a_bridge_took_while_no_daemon_ran_is_left_out() {
    let mut rig = Rig::new(Topology::new());
    rig.daemon.kill9();
    rig.host().ip_batch("link add name br type bridge\nlink set e0 master br\n");
    rig.daemon.restart();
    rig.daemon.until_log("e0 is a port of the bridge br");
    until_without(&rig, "e0");
    assert_eq!(programs(rig.host(), &["e0".to_owned()]), 0);
    rig.host().ip("link set e0 nomaster");
    until_back(&rig, 0);
}

#[test]
fn an_index_that_another_device_gets_is_not_taken_for_the_member() {
    let rig = Rig::new(Topology::new());
    let index = rig.host().ifindex("e0").expect("it is there");
    // At once, and so that the daemon sees both only afterwards.
    rig.daemon.freeze();
    rig.host().ip_batch(&format!(
        "link del e0\nlink add x0 index {index} type veth peer name x1\nlink set x0 up\n"
    ));
    rig.daemon.thaw();
    until_without(&rig, "e0");
    always("the other device is left alone", A_WHILE, || {
        let now = equipment(rig.host(), "x0");
        holds((now.0.as_str(), now.1.as_str(), now.5) == ("0", "0", 0), || now)
    });
    rig.topology.switch.connect(rig.host(), "e0", &port(0, 0), None);
    until_back(&rig, 0);
}

#[test]
fn a_new_member_of_the_same_name_and_index_is_given_everything_too() {
    let rig = Rig::new(Topology::new().equal_ifindex(true));
    let index = rig.host().ifindex("e0").expect("it is there");
    rig.daemon.freeze();
    rig.host().ip("link del e0");
    rig.topology.switch.connect(rig.host(), "e0", &port(0, 0), Some(index));
    rig.daemon.thaw();
    assert_eq!(rig.host().ifindex("e0"), Some(index));
    until_back(&rig, 0);
}

#[test]
fn a_test_address_that_is_taken_away_is_put_back() {
    let rig = Rig::with(Topology::new().members(2), |group| group.tested(0));
    let test: IpAddr = plan::test_v4(0, 0).into();
    rig.host().ip(&format!("addr del {test}/32 dev e0"));
    rig.daemon.until_log(&format!("{test} has been removed from member e0: it is put back"));
    eventually("the address", SOON, || {
        let shown = rig.host().ip("-o addr show dev e0");
        holds(shown.contains(&test.to_string()), || shown)
    });
    Ping::to(test).until_answered(rig.peer());
}

#[test]
fn a_member_that_gets_the_mac_address_of_another_goes_offline_and_comes_back() {
    let rig = Rig::new(Topology::new());
    let (own, other): (Mac, Mac) = (rig.host().mac("e1"), rig.host().mac("e0"));
    rig.host().ip(&format!("link set e1 address {other}"));
    rig.daemon.until_state("e1", "offline");
    rig.daemon.until_log("e1 has a hardware address which is not unique in group ipmp0");
    assert!(stat::flags(&rig.daemon, "e1").contains('h'), "{}", stat::flags(&rig.daemon, "e1"));
    rig.until_reachable();
    rig.host().ip(&format!("link set e1 address {own}"));
    rig.daemon.until_log("e1 now has a unique hardware address");
    until_back(&rig, 1);
}
