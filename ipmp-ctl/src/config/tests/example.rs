use std::time::Duration;

use super::{EXAMPLE, file, good};
use crate::config::{Member, ProbeHook, Receive, TestAddress, TestAddresses};

fn tested(address: &str, line: usize) -> TestAddresses {
    TestAddresses::V4(vec![TestAddress { net: address.parse().unwrap(), line }])
}

#[test]
fn the_example_is_taken_as_it_says() {
    let (config, _) = good(EXAMPLE);
    assert_eq!(config.file, file());
    assert!(config.track_interfaces_only_with_groups);
    assert_eq!((&config.metrics, &config.on_event), (&None, &None));
    assert_eq!(config.groups.len(), 1);
    let group = config.group("ipmp0").unwrap();
    assert_eq!((group.name.as_str(), group.line), ("ipmp0", 6));
    let addresses: Vec<_> = group.addresses.iter().map(|data| (data.net.to_string(), data.line)).collect();
    let expected = ["192.0.2.10/24", "192.0.2.11/24", "2001:db8::10/64"];
    assert_eq!(addresses, expected.map(|net| (net.to_owned(), 7)));
    assert_eq!((group.routes.len(), group.targets.len()), (1, 0));
    assert_eq!(group.failure_detection_time, Duration::from_secs(10));
    assert!(group.failback);
    assert_eq!((group.receive, group.probe_hook), (Receive::Group, ProbeHook::Auto));
    let member = |name: &str, line, test_addresses, weight, standby| Member {
        name: name.to_owned(),
        line,
        test_addresses,
        weight: Some(weight),
        standby,
        priority: 100,
    };
    assert_eq!(
        group.members,
        [
            member("eth0", 12, tested("192.0.2.21/24", 13), 1, false),
            member("eth1", 14, tested("192.0.2.22/24", 15), 4, false),
            member("eth2", 17, TestAddresses::LinkLocal, 1, true),
        ]
    );
    assert_eq!(group.member("eth2"), Some(&group.members[2]));
    assert_eq!((config.group("eth0"), group.member("ipmp0")), (None, None));
    assert_eq!(config.place(7).to_string(), "f.toml:7");
}

#[test]
fn a_file_in_order_makes_no_warning() {
    assert!(good(EXAMPLE).1.is_empty(), "{:?}", good(EXAMPLE).1);
    let text = "[group.g]\nfailback = false\nmin-active = 1\nlink-ups-per-minute = 0\n[group.g.member.a]\nweight = 2\n";
    assert!(good(text).1.is_empty(), "{:?}", good(text).1);
}

#[test]
fn without_any_weight_the_link_speed_decides() {
    let (config, _) = good("[group.g.member.a]\n[group.g.member.b]\n");
    assert!(config.groups[0].members.iter().all(|member| member.weight.is_none()));
}

#[test]
fn groups_and_members_keep_the_order_of_the_file() {
    let text = "[group.z.member.y]\n[group.z.member.\"x.2\"]\n[group.b]\nmember.d = {}\nmember.c = {}\n\
                [group.a.member.w]\n[group.z]\n[group.z.member.v]\n";
    let (config, _) = good(text);
    let order: Vec<_> = config
        .groups
        .iter()
        .map(|group| (group.name.as_str(), group.members.iter().map(|member| member.name.as_str()).collect()))
        .collect::<Vec<(&str, Vec<&str>)>>();
    assert_eq!(order, [("b", vec!["d", "c"]), ("a", vec!["w"]), ("z", vec!["y", "x.2", "v"])]);
}

#[test]
fn a_file_without_groups_is_taken_with_a_warning() {
    let (config, warnings) = good("");
    assert!(config.groups.is_empty());
    assert_eq!(warnings, ["f.toml:1: warning: no groups, so there is nothing to do; add [group.NAME]"]);
}

#[test]
fn texts_of_other_systems_are_read_alike() {
    let text = EXAMPLE.replace('\n', "\r\n");
    assert_eq!(good(&text), good(EXAMPLE));
    assert_eq!(good(&format!("\u{feff}{EXAMPLE}")).0, good(EXAMPLE).0);
}
