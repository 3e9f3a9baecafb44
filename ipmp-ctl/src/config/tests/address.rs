use super::{assert_problems, good, in_group, in_member};
use crate::config::TestAddresses;

#[test]
fn data_addresses_are_those_of_hosts() {
    let address = |address: &str| in_group(&format!("addresses = [\"{address}\"]"));
    assert_problems([
        (
            address("192.0.2.10"),
            &[
                r#"f.toml:2: group g: data address "192.0.2.10" has no prefix length; add that of its subnet, as in "192.0.2.10/24""#,
            ],
        ),
        (
            address("2001:db8::10"),
            &[
                r#"f.toml:2: group g: data address "2001:db8::10" has no prefix length; add that of its subnet, as in "2001:db8::10/64""#,
            ],
        ),
        (
            address("192.0.2.256/24"),
            &[
                r#"f.toml:2: group g: data address "192.0.2.256/24" is not an address; write ADDRESS/PREFIX-LENGTH, as in "192.0.2.10/24""#,
            ],
        ),
        (
            address("eth0"),
            &[
                r#"f.toml:2: group g: data address "eth0" is not an address; write ADDRESS/PREFIX-LENGTH, as in "192.0.2.10/24""#,
            ],
        ),
        (
            address("192.0.2.10/33"),
            &[r#"f.toml:2: group g: data address "192.0.2.10/33" has a bad prefix length; give 1 to 32"#],
        ),
        (
            address("192.0.2.10/0"),
            &[r#"f.toml:2: group g: data address "192.0.2.10/0" has a bad prefix length; give 1 to 32"#],
        ),
        (
            address("2001:db8::10/129"),
            &[r#"f.toml:2: group g: data address "2001:db8::10/129" has a bad prefix length; give 1 to 128"#],
        ),
        (
            address("192.0.2.10/"),
            &[r#"f.toml:2: group g: data address "192.0.2.10/" has a bad prefix length; give 1 to 32"#],
        ),
        (
            address("0.0.0.0/24"),
            &[
                r#"f.toml:2: group g: data address "0.0.0.0/24" is the unspecified address; give one that a single host can have"#,
            ],
        ),
        (
            address("0.1.2.3/24"),
            &[
                r#"f.toml:2: group g: data address "0.1.2.3/24" is in 0.0.0.0/8, which no host has; give one that a single host can have"#,
            ],
        ),
        (
            address("::/64"),
            &[
                r#"f.toml:2: group g: data address "::/64" is the unspecified address; give one that a single host can have"#,
            ],
        ),
        (
            address("224.0.0.1/24"),
            &[
                r#"f.toml:2: group g: data address "224.0.0.1/24" is a multicast address; give one that a single host can have"#,
            ],
        ),
        (
            address("ff02::1/64"),
            &[
                r#"f.toml:2: group g: data address "ff02::1/64" is a multicast address; give one that a single host can have"#,
            ],
        ),
        (
            address("255.255.255.255/32"),
            &[
                r#"f.toml:2: group g: data address "255.255.255.255/32" is the broadcast address; give one that a single host can have"#,
            ],
        ),
        (
            address("127.0.0.1/8"),
            &[
                r#"f.toml:2: group g: data address "127.0.0.1/8" is a loopback address; give one that a single host can have"#,
            ],
        ),
        (
            address("::1/128"),
            &[
                r#"f.toml:2: group g: data address "::1/128" is a loopback address; give one that a single host can have"#,
            ],
        ),
        (
            address("::ffff:192.0.2.10/96"),
            &[
                r#"f.toml:2: group g: data address "::ffff:192.0.2.10/96" is an IPv4-mapped address, which no packet carries; give one that a single host can have"#,
            ],
        ),
        (
            address("192.0.2.0/24"),
            &[
                r#"f.toml:2: group g: data address "192.0.2.0/24" is the network address of its own subnet; give one that a single host can have"#,
            ],
        ),
        (
            address("192.0.2.255/24"),
            &[
                r#"f.toml:2: group g: data address "192.0.2.255/24" is the broadcast address of its own subnet; give one that a single host can have"#,
            ],
        ),
        (
            address("2001:db8::/64"),
            &[
                r#"f.toml:2: group g: data address "2001:db8::/64" is the anycast address of the routers of its own subnet; give one that a single host can have"#,
            ],
        ),
        (
            address("fe80::1/64"),
            &[
                r#"f.toml:2: group g: data address "fe80::1/64" is link-local; remove it: the group interface has a link-local address of its own"#,
            ],
        ),
    ]);
    let nets = ["192.0.2.0/31", "198.51.100.1/32", "10.255.255.255/7", "2001:db8::1/128", "fd00::/127"];
    let (config, _) = good(&in_group(&format!("addresses = {nets:?}")));
    let parsed: Vec<String> = config.groups[0].addresses.iter().map(|data| data.net.to_string()).collect();
    assert_eq!(parsed, nets);
}

#[test]
fn a_group_has_room_for_addresses_that_come_by_other_ways() {
    let nets: Vec<String> = (0..2049).map(|i| format!("10.1.{}.{}/16", i / 200, i % 200 + 1)).collect();
    assert_problems([(
        in_group(&format!("addresses = {nets:?}")),
        &["f.toml:2: group g: 2049 data addresses; give 2048 at most"],
    )]);
}

#[test]
fn test_addresses_are_ipv4_and_know_their_subnet() {
    let test = |address: &str| in_member(&format!("test-addresses = [\"{address}\"]"));
    assert_problems([
        (
            test("fe80::1"),
            &[
                r#"f.toml:4: group g, member a: test address "fe80::1" is IPv6; remove it: the IPv6 test address is the link-local address that the member has by itself"#,
            ],
        ),
        (
            test("2001:db8::21/64"),
            &[
                r#"f.toml:4: group g, member a: test address "2001:db8::21/64" is IPv6; remove it: the IPv6 test address is the link-local address that the member has by itself"#,
            ],
        ),
        (
            test("192.0.2"),
            &[
                r#"f.toml:4: group g, member a: test address "192.0.2" is not an address; write an IPv4 address, as in "192.0.2.21" or "192.0.2.21/24""#,
            ],
        ),
        (
            test("198.51.100.21"),
            &[
                r#"f.toml:4: group g, member a: test address "198.51.100.21" is in no data address's subnet; write its prefix length too, as in "198.51.100.21/24""#,
            ],
        ),
        (
            test("192.0.2.21/32"),
            &[
                r#"f.toml:4: group g, member a: test address "192.0.2.21/32" has a bad prefix length; give 1 to 31, that of the subnet in which its targets are"#,
            ],
        ),
        (
            test("192.0.2.21/x"),
            &[
                r#"f.toml:4: group g, member a: test address "192.0.2.21/x" has a bad prefix length; give 1 to 31, that of the subnet in which its targets are"#,
            ],
        ),
        (
            test("192.0.2.255"),
            &[
                r#"f.toml:4: group g, member a: test address "192.0.2.255" is the broadcast address of its own subnet; give one that a single host can have"#,
            ],
        ),
        (
            test("224.0.0.5"),
            &[
                r#"f.toml:4: group g, member a: test address "224.0.0.5" is a multicast address; give one that a single host can have"#,
            ],
        ),
        (
            test("192.0.2.16/28"),
            &[
                r#"f.toml:4: group g, member a: test address "192.0.2.16/28" is the network address of its own subnet; give one that a single host can have"#,
            ],
        ),
    ]);
    let tested = |text: &str| match &good(text).0.groups[0].members[0].test_addresses {
        TestAddresses::V4(tests) => {
            tests.iter().map(|test| (test.net.to_string(), test.line)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let nested = "[group.g]\naddresses = [\"10.0.0.1/8\", \"10.1.0.1/16\"]\n[group.g.member.a]\n";
    let cases: [(String, Vec<(String, usize)>); 3] = [
        (test("192.0.2.21"), vec![("192.0.2.21/24".to_owned(), 4)]),
        (test("198.51.100.21/30"), vec![("198.51.100.21/30".to_owned(), 4)]),
        (
            format!("{nested}test-addresses = [\n\"10.1.0.2\",\n\"10.2.0.2\"]\n"),
            vec![("10.1.0.2/16".to_owned(), 5), ("10.2.0.2/8".to_owned(), 6)],
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(tested(&text), expected, "{text}");
    }
    assert_eq!(
        good(&in_member("test-addresses = []")).0.groups[0].members[0].test_addresses,
        TestAddresses::None
    );
    assert_eq!(good(&in_member("")).0.groups[0].members[0].test_addresses, TestAddresses::LinkLocal);
}

#[test]
fn a_wrong_data_address_does_not_make_others_look_wrong() {
    let text = "[group.g]\naddresses = [\"192.0.2.10\"]\nroutes = [\"default via 192.0.2.1 src 192.0.2.10\"]\n\
                [group.g.member.a]\ntest-addresses = [\"192.0.2.21\"]\n";
    assert_problems([(
        text.to_owned(),
        &[
            r#"f.toml:2: group g: data address "192.0.2.10" has no prefix length; add that of its subnet, as in "192.0.2.10/24""#,
        ],
    )]);
}

#[test]
fn targets_are_systems_within_reach_of_test_addresses() {
    let target = |address: &str| in_group(&format!("targets = [\"{address}\"]"));
    assert_problems([
        (
            target("192.0.2.1/24"),
            &[
                r#"f.toml:2: group g: target "192.0.2.1/24" is not an address; write the address of one system, without prefix length, as in "192.0.2.1""#,
            ],
        ),
        (
            target("router"),
            &[
                r#"f.toml:2: group g: target "router" is not an address; write the address of one system, without prefix length, as in "192.0.2.1""#,
            ],
        ),
        (
            target("2001:db8::1"),
            &[
                r#"f.toml:2: group g: target "2001:db8::1" is not link-local; give the fe80:: address of that system: IPv6 probes use link-local addresses only"#,
            ],
        ),
        (
            target("ff02::1"),
            &[
                r#"f.toml:2: group g: target "ff02::1" is a multicast address; give the address of one system on the link"#,
            ],
        ),
        (
            target("0.0.0.0"),
            &[
                r#"f.toml:2: group g: target "0.0.0.0" is the unspecified address; give the address of one system on the link"#,
            ],
        ),
        (
            in_group("targets = [\"192.0.2.1\",\n\"192.0.2.1\"]"),
            &["f.toml:3: group g: target 192.0.2.1 given twice, first on line 2; remove one"],
        ),
    ]);
}

#[test]
fn targets_and_test_addresses_that_do_not_meet_are_warned_of() {
    let text = "[group.g]\ntargets = [\"192.0.2.1\", \"198.51.100.1\",\n\"fe80::1\"]\n\
                [group.g.member.a]\ntest-addresses = [\"192.0.2.21/24\",\n\"203.0.113.9/28\"]\n";
    let (config, warnings) = good(text);
    assert_eq!(config.groups[0].targets.len(), 3);
    assert_eq!(
        warnings,
        [
            "f.toml:2: warning: group g: target 198.51.100.1 is in the subnet of no test address: no member can probe \
             it; give the members test addresses in its subnet",
            "f.toml:3: warning: group g: no member can probe target fe80::1: that takes an IPv6 data address of the \
             group, and a member without `test-addresses = []`",
            "f.toml:6: warning: group g: test address 203.0.113.9 has nobody to probe: none of `targets` is in its \
             subnet 203.0.113.0/28; name one that is, or give another test address",
        ]
    );
    let fine = "[group.g]\naddresses = [\"2001:db8::1/64\"]\ntargets = [\"fe80::1\"]\n[group.g.member.a]\n\
                test-addresses = [\"192.0.2.21/24\"]\n";
    assert!(good(fine).1.is_empty(), "{:?}", good(fine).1);
}

#[test]
fn quick_probes_of_routers_that_nobody_named_are_warned_of() {
    let group = |time: &str, targets: &str, member: &str| {
        let text = format!(
            "failure-detection-time = \"{time}\"\n[group.g]\n{targets}\n[group.g.member.a]\n{member}\n"
        );
        good(&text).1
    };
    let (tested, untested) = ("test-addresses = [\"192.0.2.21/24\"]", "test-addresses = []");
    let warnings = group("100ms", "", tested);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for word in
        ["f.toml:2: warning: group g: `failure-detection-time` is 100 ms", "name `targets`", " 71 a second"]
    {
        assert!(warnings[0].contains(word), "{word:?} is not in {warnings:?}");
    }
    assert!(group("1s", "", tested).is_empty());
    assert!(group("100ms", "targets = [\"192.0.2.1\"]", tested).is_empty());
    assert!(group("100ms", "", untested).is_empty());
    assert!(group("100ms", "", "").is_empty(), "no IPv6, so nothing is probed");
    assert_eq!(group("100ms", "addresses = [\"2001:db8::1/64\"]", "").len(), 1);
}
