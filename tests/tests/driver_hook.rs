//! `probe-hook`: the program at members' drivers, from start to `down`, and what is said where there is none.

use std::time::Duration;

use ipmp_ctl::{
    dataplane::{
        hook::{AttachBy, Hook, Place, xdp::Mode},
        object::{self, Program},
    },
    kernel::xdp_holder::{Holder, holder},
};
use ipmp_tests::{
    Netns, Rig, Topology,
    eventually::{SOON, eventually},
    foreign_program::PassingProgram,
    program::{
        PacketPath,
        scene::{self, GROUP_MAC},
    },
    topology::port,
};

/// Names of our programs.
const OURS: [&str; 2] = ["member_probe", "member_generic"];

/// The program at the driver of a member, if there is one.
fn at_driver(host: &Netns, member: &str) -> Option<Holder> {
    let ifindex = host.ifindex(member)?;
    host.run(|| holder(ifindex)).expect("the kernel tells")
}

/// Waits until every one of these members has our program at its driver; gives their numbers.
fn until_attached(rig: &Rig, members: &[&str]) -> Vec<u32> {
    eventually("programs at the drivers", SOON, || {
        let found: Vec<_> = members.iter().map(|member| at_driver(rig.host(), member)).collect();
        let ours =
            |holder: &Option<Holder>| holder.as_ref().is_some_and(|it| OURS.contains(&it.name.as_str()));
        if found.iter().all(ours) {
            Ok(found.into_iter().flatten().map(|it| it.id).collect())
        } else {
            Err(found)
        }
    })
}

fn until_gone(rig: &Rig, members: &[&str]) {
    eventually("no programs at the drivers", SOON, || {
        let found: Vec<_> = members.iter().filter_map(|member| at_driver(rig.host(), member)).collect();
        if found.is_empty() { Ok(()) } else { Err(found) }
    });
}

fn hooked(how: &str) -> Rig {
    Rig::with(Topology::new(), |group| group.line(&format!("probe-hook = \"{how}\"")))
}

const BOTH: [&str; 2] = ["e0", "e1"];

#[test]
fn programs_at_the_drivers_survive_the_daemon_are_replaced_by_the_next_and_go_with_the_group() {
    for how in ["xdp", "xdp-generic"] {
        let mut rig = hooked(how);
        let first = until_attached(&rig, &BOTH);
        rig.until_reachable();
        rig.daemon.kill9();
        assert_eq!(until_attached(&rig, &BOTH), first, "{how}: they stay");
        rig.daemon.restart();
        eventually("the next daemon's programs", SOON, || {
            let now = until_attached(&rig, &BOTH);
            if now.iter().all(|id| !first.contains(id)) { Ok(()) } else { Err(now) }
        });
        rig.until_reachable();
        let output = rig.daemon.down("ipmp0");
        assert!(output.status.success(), "{output:?}");
        until_gone(&rig, &BOTH);
    }
}

#[test]
fn tc_and_auto_attach_nothing_and_remove_what_an_earlier_configuration_wanted() {
    let mut rig = hooked("xdp");
    until_attached(&rig, &BOTH);
    for how in ["xdp-generic", "tc", "xdp", "auto"] {
        rig.daemon.kill9();
        let group = rig.topology.hosts[0].group().line(&format!("probe-hook = \"{how}\""));
        rig.daemon.configure(&group);
        rig.daemon.restart();
        rig.until_reachable();
        if how.starts_with("xdp") {
            until_attached(&rig, &BOTH);
        } else {
            until_gone(&rig, &BOTH);
        }
    }
}

#[test]
fn somebody_else_s_program_is_named_and_left_alone_and_the_group_works() {
    let topology = Topology::new().build();
    let other = PassingProgram::at_driver(topology.host(), "e0");
    let id = at_driver(topology.host(), "e0").expect("it has just been attached").id;
    let config = topology.hosts[0].group().line("probe-hook = \"xdp\"");
    let rig = Rig { daemon: ipmp_tests::Daemon::start(topology.host(), &config), topology };
    rig.until_reachable();
    until_attached(&rig, &["e1"]);
    rig.daemon.until_log(&format!("e0: probe-hook xdp: program {id} "));
    assert_eq!(at_driver(rig.host(), "e0").map(|it| it.id), Some(id), "it stays");
    drop(other);
    // The next scan tries again.
    eventually("its place is taken", Duration::from_secs(25), || {
        at_driver(rig.host(), "e0").filter(|it| OURS.contains(&it.name.as_str())).ok_or("nothing there")
    });
}

#[test]
fn a_driver_without_xdp_says_what_may_stand_in_the_way() {
    let netns = Netns::new("bridge");
    netns.ip("link add br0 type bridge");
    let path = PacketPath::new(GROUP_MAC, &scene::assignment());
    for (mtu, hint) in [(1500, "its driver does not take an XDP program"), (9000, "its MTU is 9000")] {
        netns.ip(&format!("link set br0 mtu {mtu}"));
        let mut object =
            object::load(Program::MemberProbe, scene::constants(), path.pins()).expect("it is sound");
        let pin = path.pins().join("refused");
        let place = Place::MemberDriver(0, Mode::Native);
        let refused = netns.run(|| Hook::attach(&mut object, place, "br0", &pin, AttachBy::Auto).map(drop));
        let text = refused.expect_err("a bridge has no XDP").to_string();
        assert!(text.starts_with("br0: probe-hook xdp: ") && text.contains(hint), "{text}");
        assert!(!pin.exists());
    }
}

#[test]
fn the_program_leaves_the_driver_with_its_member() {
    let rig = hooked("xdp");
    until_attached(&rig, &BOTH);
    let elsewhere = Netns::new("elsewhere");
    rig.host().ip(&format!("link set e1 netns {}", elsewhere.name()));
    eventually("the program has gone from the member", SOON, || {
        at_driver(&elsewhere, "e1").map_or(Ok(()), Err)
    });
    rig.host().ip(&format!("link add e1 type veth peer name {}-x", port(0, 1)));
    rig.host().ip("link set e1 up");
    until_attached(&rig, &BOTH);
}
