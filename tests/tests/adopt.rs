//! A running host is adopted, confirmed, released, put back; its connections go on.

use ipmp_tests::{
    GroupConfig, Ping, Topology,
    adoptee::{Adoptee, NOTHING},
    ctl,
    eventually::{SOON, eventually, holds},
    plan,
};

fn progress(connections: &[ipmp_tests::echo::Connections]) {
    connections.iter().for_each(ipmp_tests::echo::Connections::until_all_progress);
}

fn has_event(adoptee: &Adoptee, name: &str) {
    eventually(&format!("an event {name}"), SOON, || {
        let events = adoptee.daemon.events();
        holds(events.iter().any(|event| event["event"] == name), || events)
    });
}

#[test]
fn everything_moves_to_the_group_and_back_without_losing_a_connection() {
    let mut adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    let (_servers, connections) = adoptee.connections();
    progress(&connections);
    let plan = adoptee.adopted("ipmp0 e0 --standby e1 --test-address 10.9.0.20 --dry-run");
    assert!(plan.contains("move address 10.9.0.10/24 from e0 to ipmp0") && plan.contains("leased"), "{plan}");
    assert_eq!(adoptee.state(), before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));

    let said = adoptee.adopted("ipmp0 e0 e1 --standby e1 --test-address 10.9.0.20");
    assert!(said.contains("confirm with `ipmp-ctl confirm` within 60 s"), "{said}");
    progress(&connections);
    let host = adoptee.host();
    let addresses = host.ip("-o addr show dev ipmp0");
    for words in [
        "10.9.0.10/24 brd 10.9.0.255",
        "10.9.0.11/24",
        "ipmp0:web",
        "fd09::10/64",
        "fd09::11/64 scope global nodad home noprefixroute",
    ] {
        assert!(addresses.contains(words), "{words} is not in {addresses}");
    }
    let at_member = host.ip("-o addr show dev e0 scope global");
    assert!(at_member.is_empty(), "{at_member}");
    let routes = host.ip("-4 route show table all") + &host.ip("-6 route show table all");
    for words in [
        "default via 10.9.0.101 dev ipmp0 src 10.9.0.10 metric 100",
        "198.51.100.0/24 via 10.9.0.101 dev ipmp0 mtu 1300",
        "203.0.113.0/24 via 10.9.0.101 dev ipmp0 table 77 onlink",
        "default via fd09::101 dev ipmp0 metric 512",
        "2001:db8:77::/48 via fd09::101 dev ipmp0 src fd09::10",
    ] {
        assert!(routes.contains(words), "{words} is not in {routes}");
    }
    let (files, text) = adoptee.files();
    assert_eq!(files, ["ipmp.toml", "ipmp.toml.returning", "ipmp.toml.way-back"]);
    assert!(text.starts_with(NOTHING) && text.contains("[group.ipmp0.member.e1]\nstandby = true"), "{text}");
    assert!(!text.contains("10.9.0.11/24"), "a lease is nobody's configuration: {text}");

    let reload = adoptee.daemon.ctl(&["reload"]);
    assert_eq!(reload.status.code(), Some(1), "{}", ctl::describe(&reload));
    let second = adoptee.adopt("ipmp1 e2");
    assert!(ctl::text(&second).contains("ipmp0: its adoption waits"), "{}", ctl::describe(&second));
    let confirmed = adoptee.daemon.ctl(&["confirm"]);
    assert!(confirmed.status.success(), "{}", ctl::describe(&confirmed));
    assert_eq!(adoptee.files().0, ["ipmp.toml"]);
    progress(&connections);
    for name in ["adopt-began", "adopted", "adoption-confirmed"] {
        has_event(&adoptee, name);
    }
    let again = adoptee.daemon.ctl(&["confirm"]);
    assert!(ctl::text(&again).contains("no adoption waits"), "{}", ctl::describe(&again));

    // The next daemon finds what is configured.
    adoptee.daemon.kill9();
    adoptee.daemon.restart();
    let reload = adoptee.daemon.ctl(&["reload"]);
    assert!(ctl::text(&reload).contains("nothing has changed"), "{}", ctl::describe(&reload));
    progress(&connections);

    let released = adoptee.daemon.ctl(&["release", "ipmp0", "e0"]);
    assert!(released.status.success(), "{}", ctl::describe(&released));
    progress(&connections);
    adoptee.until_state(&before);
    let (files, text) = adoptee.files();
    assert_eq!((files, text.trim_end()), (vec!["ipmp.toml".to_owned()], NOTHING.trim_end()));
    assert!(connections.iter().all(|connections| connections.broken().is_empty()));
}

#[test]
fn what_nobody_confirms_is_put_back() {
    let adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    let (_servers, connections) = adoptee.connections();
    let output = adoptee.adopt("ipmp0 e0 e1 --confirm 2 --wait");
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("it was not confirmed in time"), "{}", ctl::describe(&output));
    adoptee.until_state(&before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));
    assert_eq!(adoptee.daemon.group_pins("ipmp0"), None);
    progress(&connections);
    has_event(&adoptee, "adoption-undone");
}

#[test]
fn what_somebody_writes_into_the_configuration_meanwhile_is_kept() {
    let adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    adoptee.adopted("ipmp0 e0 e1 --confirm 600");
    let edited = format!("{}\n[group.ipmp1.member.e7]\n", adoptee.files().1);
    std::fs::write(adoptee.daemon.config(), &edited).expect("it can be written");
    let undone = adoptee.daemon.ctl(&["down", "ipmp0"]);
    assert!(undone.status.success(), "{}", ctl::describe(&undone));
    adoptee.until_state(&before);
    let (files, text) = adoptee.files();
    assert_eq!(
        (files, text),
        (vec!["ipmp.toml".to_owned(), "ipmp.toml.edited".to_owned()], NOTHING.to_owned())
    );
    let kept = adoptee.daemon.config().with_file_name("ipmp.toml.edited");
    assert_eq!(std::fs::read_to_string(&kept).expect("it is kept"), edited);
    adoptee.daemon.until_log(&format!("that text is in {}", kept.display()));
}

#[test]
fn a_gateway_that_does_not_answer_through_the_group_undoes_it() {
    let adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    // The first address is bound to the first member, which hears nothing.
    adoptee.topology.blackhole(1);
    let output = adoptee.adopt("ipmp0 e1 e0");
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("did not answer through the group"), "{}", ctl::describe(&output));
    adoptee.until_state(&before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));
    Ping::to(plan::peer(0)[0]).from(plan::data(0)[0]).until_answered(adoptee.host());
}

#[test]
fn a_gateway_that_does_not_answer_in_the_first_place_leaves_all_as_it_is() {
    let adoptee = Adoptee::new(Topology::new());
    adoptee.topology.blackhole(0);
    let before = adoptee.state();
    let output = adoptee.adopt("ipmp0 e0 e1");
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("does not answer now"), "{}", ctl::describe(&output));
    assert_eq!(adoptee.state(), before);
    assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()));
}

/// What is refused before anything is done, with the words that say why.
#[test]
fn what_cannot_be_adopted_is_refused_and_nothing_is_changed() {
    let adoptee = Adoptee::new(Topology::new().members(3));
    let host = adoptee.host();
    let cases: [(&str, &str, &str, &[&str]); 6] = [
        (
            "link add br0 type bridge\nlink set e1 master br0",
            "ipmp0 e0 e1",
            "link del br0",
            &["e1 is a port of the bridge br0"],
        ),
        ("", "ipmp0 e0 e9", "", &["interface e9: there is none of that name"]),
        (
            "addr add 172.16.9.1/24 dev e1",
            "ipmp0 e0 e1",
            "addr del 172.16.9.1/24 dev e1",
            &["different subnets", "172.16.9.0/24"],
        ),
        (
            "addr add 172.16.9.1/24 dev e0\nroute add default via 172.16.9.2 dev e0 metric 7\naddr del 172.16.9.1/24 dev e0",
            "ipmp0 e0 e1",
            "route del default via 172.16.9.2 dev e0 metric 7",
            &["its router is in no subnet of e0"],
        ),
        ("", "ipmp0 e0 --standby e0", "", &["all members are standbys"]),
        ("", "ipmp0 e0 --test-address 172.16.9.9", "", &["test address 172.16.9.9"]),
    ];
    for (before, arguments, after, words) in cases {
        host.ip_batch(before);
        let state = adoptee.state();
        for more in ["", " --dry-run"] {
            let output = adoptee.adopt(&format!("{arguments}{more}"));
            assert_eq!(output.status.code(), Some(1), "{arguments}{more}: {}", ctl::describe(&output));
            for word in words {
                assert!(ctl::text(&output).contains(word), "{word} is not in {}", ctl::describe(&output));
            }
        }
        assert_eq!(adoptee.state(), state, "{arguments}");
        assert_eq!(adoptee.files(), (vec!["ipmp.toml".to_owned()], NOTHING.to_owned()), "{arguments}");
        host.ip_batch(after);
    }
}

#[test]
fn members_of_another_group_are_not_adopted() {
    let adoptee = Adoptee::new(Topology::new().members(4));
    adoptee.adopted("ipmp0 e0 e1 --confirm 0");
    let files = adoptee.files();
    for (arguments, words) in [
        ("ipmp1 e1 e2", "e1 is a member of group ipmp0"),
        ("ipmp0 e2 e3", "group ipmp0: there is one already"),
    ] {
        let output = adoptee.adopt(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments}: {}", ctl::describe(&output));
        assert!(ctl::text(&output).contains(words), "{}", ctl::describe(&output));
    }
    assert!(!adoptee.host().has("ipmp1"), "nothing half-made stays");
    assert_eq!(adoptee.files(), files);
    assert_eq!(adoptee.daemon.group_pins("ipmp1"), None);
}

#[test]
fn a_member_that_does_not_work_gets_everything_only_with_force() {
    let adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    adoptee.adopted("ipmp0 e0 e1 --confirm 0");
    let files = adoptee.files();
    adoptee.topology.cut(0);
    let release = |arguments: &[&str]| adoptee.daemon.ctl(&[&["release", "ipmp0"], arguments].concat());
    eventually("it is refused", SOON, || {
        let refused = release(&["e0", "--dry-run"]);
        let said = ctl::text(&refused);
        holds(refused.status.code() == Some(1) && said.contains("e0 does not work now"), || said)
    });
    let refused = release(&["e0"]);
    assert_eq!(refused.status.code(), Some(1), "{}", ctl::describe(&refused));
    assert_eq!(adoptee.files(), files);
    let stranger = release(&["e9"]);
    assert!(ctl::text(&stranger).contains("its members are e0, e1"), "{}", ctl::describe(&stranger));
    let released = release(&["e0", "-f"]);
    assert!(released.status.success(), "{}", ctl::describe(&released));
    adoptee.topology.restore(0);
    adoptee.until_state(&before);
    Ping::to(plan::peer(0)[0]).from(plan::data(0)[0]).until_answered(adoptee.host());
}

#[test]
fn files_of_the_host_are_not_changed_for_a_group_in_another_network_namespace() {
    let adoptee = Adoptee::new(Topology::new());
    let before = adoptee.state();
    let output = adoptee.adopt("ipmp0 e0 e1 --persist");
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("are about another network namespace"), "{}", ctl::describe(&output));
    assert_eq!(adoptee.state(), before);
}

#[test]
fn a_data_address_found_on_a_member_moves_with_its_routes() {
    let mut adoptee = Adoptee::new(Topology::new());
    let (_servers, connections) = adoptee.connections();
    progress(&connections);
    adoptee.daemon.terminate();
    let config = GroupConfig::new("ipmp0")
        .addresses(["10.9.0.10/24", "10.9.0.11/24", "fd09::10/64", "fd09::11/64"])
        .line("routes = [\"default via 10.9.0.101 metric 100 src 10.9.0.10\"]")
        .members(["e0", "e1"]);
    adoptee.daemon.configure(&config);
    adoptee.daemon.restart();
    progress(&connections);
    let host = adoptee.host();
    let left = host.ip("-o addr show dev e0 scope global") + &host.ip("route show dev e0");
    assert!(left.trim().is_empty(), "{left}");
    let routes = host.ip("route show table all dev ipmp0");
    for words in ["default via 10.9.0.101", "198.51.100.0/24 via 10.9.0.101", "203.0.113.0/24 via 10.9.0.101"]
    {
        assert!(routes.contains(words), "{words} is not in {routes}");
    }
    // One that comes later, and a lease that is renewed where the client runs.
    host.ip("addr add 10.9.0.10/24 dev e1");
    host.ip("addr add 10.9.0.40/24 dev ipmp0 valid_lft 500 preferred_lft 500");
    host.ip("addr add 10.9.0.40/24 dev e0 valid_lft 9000 preferred_lft 9000");
    eventually("they have moved", SOON, || {
        let members = host.ip("-o -4 addr show dev e0") + &host.ip("-o -4 addr show dev e1");
        let lease = host.ip("-o -4 addr show dev ipmp0 to 10.9.0.40/32");
        let renewed = lease.contains("valid_lft 9000sec") || lease.contains("valid_lft 89");
        holds(members.trim().is_empty() && renewed, || (members, lease))
    });
    has_event(&adoptee, "address-moved");
    progress(&connections);
}
