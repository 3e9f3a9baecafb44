//! More messages from the kernel than the daemon has room for: it reads everything anew.

use std::net::IpAddr;

use ipmp_tests::{
    Ping, Rig, Topology,
    attached::programs,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    topology::port,
};

/// Changes that take more room than the daemon's socket has: 16 MB at some 2 KB for each.
fn flood(rig: &Rig) {
    let changes = |number: usize| format!("link set lo alias name{number}\n");
    rig.host().ip_batch(&(0..16_000).map(changes).collect::<String>());
}

fn overruns(rig: &Rig) -> usize {
    rig.daemon.log().matches("messages from the kernel were lost").count()
}

fn until_overrun(rig: &Rig, count: usize) {
    eventually(&format!("overrun number {count}"), SOON, || {
        let seen = overruns(rig);
        holds(seen >= count, || (seen, rig.daemon.log()))
    });
}

#[test]
fn what_happened_while_messages_were_lost_is_found_out_and_so_is_what_comes_after() {
    let mut rig = Rig::new(Topology::new().members(5).equal_ifindex(true));
    let hand_made: IpAddr = "10.9.0.77".parse().expect("an address");
    rig.daemon.freeze();
    flood(&rig);
    // Of all this the daemon is told nothing.
    rig.host().ip("link del e1");
    rig.host().ip("link set e2 name x2");
    rig.host().ip("link set e3 address 02:00:00:00:55:03");
    // Another NIC in its place, by the same name and index.
    let index = rig.host().ifindex("e4");
    rig.host().ip("link del e4");
    rig.topology.switch.connect(rig.host(), "e4", &port(0, 4), index);
    rig.host().ip(&format!("addr add {hand_made}/24 dev ipmp0"));
    rig.host().ip("addr del 10.9.0.11/24 dev ipmp0");
    rig.daemon.thaw();
    until_overrun(&rig, 1);
    // And more before it has got over that.
    rig.daemon.freeze();
    let before = overruns(&rig);
    flood(&rig);
    rig.host().ip("addr del 10.9.0.12/24 dev ipmp0");
    rig.daemon.thaw();
    until_overrun(&rig, before + 1);
    for name in ["e0", "e3", "e4"] {
        rig.daemon.until_state(name, "ok");
    }
    eventually("the new e4 has what a member needs", SOON, || {
        let setting = rig.host().setting("ipv4/conf/e4/arp_ignore");
        let programs = programs(rig.host(), &["e4".to_owned()]);
        holds(setting == "1" && programs == 1, || (setting, programs))
    });
    rig.topology.cut(4);
    rig.daemon.until_state("e4", "failed");
    rig.topology.restore(4);
    rig.daemon.until_state("e4", "ok");
    for name in ["e1", "e2"] {
        eventually(&format!("{name} is gone"), SOON, || {
            let row = stat::interface(&rig.daemon, name);
            holds(row.as_ref().is_none_or(|row| row["active"] == false), || row)
        });
    }
    for gone in ["10.9.0.11/24", "10.9.0.12/24"] {
        rig.daemon.until_log(&format!("data address {gone} has been removed from ipmp0"));
    }
    rig.daemon.until_bound(hand_made);
    Ping::to(hand_made).until_answered(rig.peer());
    rig.until_reachable();
    // At once another one; and the group interface goes with it.
    let before = overruns(&rig);
    rig.daemon.freeze();
    flood(&rig);
    rig.host().ip("link del ipmp0");
    rig.topology.switch.connect(rig.host(), "e1", &port(0, 1), None);
    rig.host().ip("link set x2 name e2");
    rig.daemon.thaw();
    until_overrun(&rig, before + 1);
    rig.daemon.until_log("the group interface is there again");
    rig.daemon.until_group("ipmp0", "ok");
    rig.until_reachable();
    Ping::to(hand_made).until_answered(rig.peer());
    // The subscription works on: this is heard at once.
    rig.fail(0);
    rig.until_reachable();
    rig.host().ip("link del e3");
    rig.daemon.until_log("member e3 is absent");
    Ping::to(plan::data_v6(0, 2).into()).until_answered(rig.peer());
    assert!(rig.daemon.exited().is_none());
}
