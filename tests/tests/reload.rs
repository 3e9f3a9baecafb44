//! `reload`: the difference is applied, and nothing else.

use std::{fs, net::IpAddr, process::Output};

use ipmp_tests::{
    GroupConfig, Rig, Topology,
    attached::programs,
    ctl,
    daemon::stat,
    eventually::{SOON, eventually, holds},
    plan,
    silence::{ProbeHook, Silence, probed},
};
use rustix::process::Signal;

fn done(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", ctl::describe(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(output));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The configuration of a topology, to be changed.
fn base(rig: &Rig) -> GroupConfig {
    rig.topology.hosts[0].group()
}

/// Data addresses of the plan by their numbers, both families.
fn addresses(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    let both = |n| [format!("{}/24", plan::data_v4(0, n)), format!("{}/64", plan::data_v6(0, n))];
    numbers.into_iter().flat_map(both).collect()
}

fn has_address(rig: &Rig, address: IpAddr) -> bool {
    rig.host().ip("-o addr show dev ipmp0").contains(&format!(" {address}/"))
}

#[test]
fn the_same_content_changes_nothing() {
    let mut rig = Rig::new(Topology::new());
    let config = base(&rig);
    assert_eq!(done(&rig.daemon.ctl(&["reload"])), "nothing has changed\n");
    let moved = format!("# a comment\n\n{config}\n# another");
    assert_eq!(done(&rig.daemon.reload(&moved)), "nothing has changed\n");
}

#[test]
fn a_token_is_given_to_the_group_interface_and_taken_back() {
    let mut rig = Rig::new(Topology::new());
    let token = |rig: &Rig| rig.host().ip("token show dev ipmp0");
    let with = |token: &str| base(&rig).line(&format!("ipv6-token = \"{token}\""));
    let (first, second, without) = (with("::77"), with("::5054:ff:fe12:3456"), base(&rig));
    for (next, shown) in [(&first, "::77 "), (&second, "::5054:ff:fe12:3456 ")] {
        let said = done(&rig.without_loss(|daemon| daemon.reload(next)));
        assert!(said.contains("ipv6-token") && token(&rig).contains(shown), "{said}{}", token(&rig));
    }
    assert_eq!(done(&rig.daemon.ctl(&["reload"])), "nothing has changed\n");
    rig.host().ip("token set ::9 dev ipmp0");
    assert!(done(&rig.daemon.ctl(&["reload"])).contains("put back token ::5054:ff:fe12:3456"));
    done(&rig.daemon.reload(&without));
    assert!(token(&rig).contains("token :: "), "{}", token(&rig));
    // Where no router is heard, it is said and does no harm.
    rig.host().set("ipv6/conf/ipmp0/accept_ra", "0");
    done(&rig.daemon.reload(&first));
    rig.daemon.until_log("`ipv6-token` ::77 cannot be used");
}

#[test]
fn a_bad_file_changes_nothing_and_every_mistake_is_named() {
    let mut rig = Rig::new(Topology::new());
    let before = rig.daemon.json(&["stat", "-a"]);
    let bad = base(&rig).line("failback = 7").line("colour = \"red\"").addresses(["10.9.0.77/24"]);
    let file = rig.daemon.config().display().to_string();
    let said = rig.without_loss(|daemon| refused(&daemon.reload(&bad)));
    for word in ["failback", "colour", &format!("{file}:")] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
    assert_eq!(rig.daemon.json(&["stat", "-a"]), before);
    fs::remove_file(rig.daemon.config()).expect("the file is there");
    assert!(refused(&rig.daemon.ctl(&["reload"])).contains(&file));
    let good = base(&rig);
    assert_eq!(done(&rig.daemon.reload(&good)), "nothing has changed\n");
}

#[test]
fn what_does_not_fit_the_host_changes_nothing() {
    let mut rig = Rig::new(Topology::new().members(3));
    let two = GroupConfig::new("ipmp0").addresses(addresses(0..1)).members(["e0", "e1"]);
    done(&rig.daemon.reload(&two));
    rig.host().ip("addr add 10.77.0.1/24 dev e2");
    let before = rig.daemon.json(&["stat", "-i"])["interfaces"].as_array().map(Vec::len);
    let said = refused(&rig.daemon.reload(&two.clone().members(["e2"]).line("failback = false")));
    assert!(said.contains("e2") && said.contains("10.77.0.1"), "{said}");
    assert_eq!(rig.daemon.json(&["stat", "-i"])["interfaces"].as_array().map(Vec::len), before);
    assert_eq!(rig.host().setting("ipv4/conf/e2/arp_ignore"), "0");
    rig.until_reachable();
}

#[test]
fn keys_of_a_group_change_without_a_lost_packet() {
    let mut rig = Rig::probing(Topology::new(), ProbeHook::Tc, "2s", 2);
    rig.silence(2, Silence::Both);
    rig.daemon.until_state("e2", "failed");
    let targets = (0..2).map(plan::peer_v4);
    let next = probed(base(&rig), ProbeHook::Tc, "4s").tested(0).targets(targets).line("failback = false");
    let said = rig.without_loss(|daemon| {
        let said = done(&daemon.reload(&next));
        let row = stat::interface(daemon, "e2").expect("e2 is shown");
        assert_eq!(
            (row["state"].as_str(), row["active"].as_bool()),
            (Some("failed"), Some(false)),
            "it stays failed"
        );
        said
    });
    assert_eq!(said, "group ipmp0 is changed: failure-detection-time, failback\n");
    assert_eq!(stat::group(&rig.daemon, "ipmp0").expect("the group is shown")["fdt_ms"], 4000);
    rig.end_silence(2, Silence::Both);
    rig.daemon.until_state("e2", "ok");
    assert!(stat::flags(&rig.daemon, "e2").starts_with('i'), "without failback it stays inactive");
}

#[test]
fn addresses_and_members_come_and_go_without_a_lost_packet() {
    let mut rig = Rig::new(Topology::new().members(3));
    let two = GroupConfig::new("ipmp0").addresses(addresses([0, 5])).members(["e0", "e1"]);
    let said = rig.without_loss(|daemon| done(&daemon.reload(&two)));
    assert_eq!(said, "group ipmp0 is changed: addresses, member e2 removed\n");
    assert!(has_address(&rig, plan::data_v4(0, 5).into()));
    assert!(!has_address(&rig, plan::data_v4(0, 1).into()));
    eventually("e2 is put back as it was", SOON, || {
        let now = (
            rig.host().setting("ipv4/conf/e2/arp_ignore"),
            rig.host().setting("ipv6/conf/e2/accept_ra"),
            programs(rig.host(), &["e2".to_owned()]),
        );
        holds(now == ("0".to_owned(), "1".to_owned(), 0), || now)
    });
    rig.daemon.until_group("ipmp0", "ok");
    let three = two.clone().members(["e2"]).addresses(addresses([0, 5, 6]));
    let said = rig.without_loss(|daemon| done(&daemon.reload(&three)));
    assert_eq!(said, "group ipmp0 is changed: addresses, member e2 added\n");
    assert_eq!(rig.bound(plan::data_v4(0, 6).into()), 2, "the new member takes the address that has no home");
    rig.fail(0);
    rig.fail(1);
    rig.until_reachable();
}

#[test]
fn the_way_of_what_is_received_changes_without_a_lost_packet() {
    let mut rig = Rig::new(Topology::new());
    let member = base(&rig).line("receive = \"member\"");
    let said = rig.without_loss(|daemon| done(&daemon.reload(&member)));
    assert_eq!(said, "group ipmp0 is changed: receive\n");
    let lent = |rig: &Rig| rig.host().ip("-o -4 addr show dev e0").contains("192.0.0.8");
    assert!(lent(&rig));
    let said = rig.without_loss(|daemon| done(&daemon.reload(&rig_config())));
    assert_eq!(said, "group ipmp0 is changed: receive\n");
    assert!(!lent(&rig));
    let interfaces: Vec<_> = ["e0", "e1", "e2"].map(str::to_owned).into();
    assert_eq!(programs(rig.host(), &interfaces), 3, "replaced, not added");
}

/// The configuration of the usual topology.
fn rig_config() -> GroupConfig {
    let all: Vec<_> = (0..3).map(|n| format!("{}/24", plan::data_v4(0, n))).collect();
    let v6 = (0..3).map(|n| format!("{}/64", plan::data_v6(0, n)));
    GroupConfig::new("ipmp0").addresses(all.into_iter().chain(v6)).members(["e0", "e1", "e2"])
}

#[test]
fn a_configured_address_that_was_deleted_by_hand_comes_back() {
    let mut rig = Rig::new(Topology::new());
    let address: IpAddr = plan::data_v4(0, 1).into();
    rig.host().ip(&format!("addr del {address}/24 dev ipmp0"));
    eventually("it is down", SOON, || {
        let row = stat::address(&rig.daemon, address);
        holds(row.as_ref().is_some_and(|row| row["state"] == "down"), || row)
    });
    let said = rig.without_loss(|daemon| done(&daemon.ctl(&["reload"])));
    assert_eq!(said, format!("group ipmp0: put back {address}/24\n"));
    rig.daemon.until_bound(address);
}

#[test]
fn groups_come_and_go_beside_one_that_is_not_concerned() {
    let mut rig = Rig::new(Topology::new().members(4));
    let one = GroupConfig::new("ipmp0").addresses(addresses(0..1)).members(["e0", "e1"]);
    done(&rig.daemon.reload(&one));
    let other = GroupConfig::new("ipmp1").addresses(["10.10.0.10/24"]).members(["e2", "e3"]);
    let both = format!("{one}{other}");
    let said = rig.without_loss(|daemon| done(&daemon.reload(&both)));
    assert_eq!(said, "group ipmp1 is set up\n");
    rig.daemon.until_group("ipmp1", "ok");
    let said = rig.without_loss(|daemon| done(&daemon.reload(&one)));
    assert_eq!(said, "group ipmp1 is taken down\n");
    assert!(!rig.host().has("ipmp1"));
    assert_eq!(programs(rig.host(), &["e2".to_owned(), "e3".to_owned()]), 0);
}

#[test]
fn sighup_does_the_same() {
    let mut rig = Rig::new(Topology::new());
    let next = base(&rig).line("min-active = 2");
    rig.daemon.configure(&next);
    rig.daemon.signal(Signal::HUP);
    rig.daemon.until_log("group ipmp0 is changed: min-active");
    rig.fail(0);
    rig.fail(1);
    eventually("RUNNING goes with the second", SOON, || {
        holds(!rig.host().is_running("ipmp0"), || rig.host().flags("ipmp0"))
    });
}
