use super::*;
use crate::engine::fixture::{
    data, group,
    lan::{local, of_both_families, probed, with_targets},
    link, v4, v6,
};

fn present(count: usize) -> Vec<Member> {
    let member = |index| Member {
        link: Some(link(index)),
        test_addresses: [local(100 + index as u16)].into(),
        ..Member::default()
    };
    (0..count).map(member).collect()
}

fn usable(net: &str) -> Source {
    Source::Usable(net.parse().unwrap())
}

#[test]
fn the_configuration_decides_which_families_are_probed() {
    let mut link_only = of_both_families("a");
    link_only.members[0].test_addresses = TestAddresses::None;
    let mut by_link_local = of_both_families("a");
    by_link_local.members[0].test_addresses = TestAddresses::LinkLocal;
    for (config, ipv6, expected) in [
        (probed("a"), false, [usable("192.0.2.100/24"), Source::Unused]),
        (probed("a"), true, [usable("192.0.2.100/24"), usable("fe80::64/10")]),
        (with_targets("a", 1), true, [usable("192.0.2.100/24"), Source::Unused]),
        (of_both_families("a"), true, [usable("192.0.2.100/24"), usable("fe80::64/10")]),
        (by_link_local, true, [Source::Unused, usable("fe80::64/10")]),
        (link_only, true, [Source::Unused, Source::Unused]),
        (group("a"), false, [Source::Unused, Source::Unused]),
    ] {
        let chosen = Family::ALL.map(|family| choose(&config, &present(1), 0, family, ipv6));
        assert_eq!(chosen, expected, "{:?} {:?}", config.targets, config.members[0].test_addresses);
    }
}

#[test]
fn an_address_that_an_earlier_member_has_is_not_used_but_another_one_is() {
    let mut config = probed("aa");
    let first = config.members[0].test_addresses.v4()[0];
    let second = config.members[1].test_addresses.v4()[0];
    config.members[1].test_addresses = TestAddresses::V4(vec![first]);
    let of_second = |config: &_, members: &_| choose(config, members, 1, Family::V4, false);
    assert_eq!(of_second(&config, &present(2)), Source::Duplicate(v4(100)));
    let mut absent = present(2);
    absent[0].link = None;
    assert_eq!(of_second(&config, &absent), usable("192.0.2.100/24"));
    config.members[1].test_addresses = TestAddresses::V4(vec![first, second]);
    assert_eq!(of_second(&config, &present(2)), usable("192.0.2.101/24"));
}

#[test]
fn targets_are_neighbours_and_nobody_of_the_group() {
    let mut config = probed("aa");
    config.addresses.push(data("192.0.2.50/24".parse().unwrap()));
    let own = own(&config, &present(2), [v4(60)].into_iter());
    let source = "192.0.2.100/24".parse().unwrap();
    for (target, expected) in [
        (v4(1), true),
        (v4(50), false),
        (v4(60), false),
        (v4(100), false),
        (v4(101), false),
        ("198.51.100.1".parse().unwrap(), false),
        ("0.0.0.0".parse().unwrap(), false),
        (local(1), false),
    ] {
        assert_eq!(admits(source, &own, target), expected, "{target}");
    }
    let source = "fe80::64/10".parse().unwrap();
    for (target, expected) in
        [(local(1), true), (local(101), false), (v6(1), false), ("ff02::1".parse().unwrap(), false)]
    {
        assert_eq!(admits(source, &own, target), expected, "{target}");
    }
}

#[test]
fn an_ipv6_address_that_is_not_link_local_is_no_test_address() {
    let mut members = present(1);
    members[0].test_addresses = [v6(7)].into();
    assert_eq!(choose(&of_both_families("a"), &members, 0, Family::V6, true), Source::Missing);
}
