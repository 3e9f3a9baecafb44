use super::{assert_problems, good};

#[test]
fn an_interface_is_in_one_group() {
    assert_problems([(
        "[group.g]\n[group.g.member.a]\n[group.h]\n[group.h.member.b]\n[group.h.member.a]\n".to_owned(),
        &[
            "f.toml:5: group h, member a: already a member of group g (line 2); an interface is in one group: remove it from one",
        ],
    )]);
}

#[test]
fn names_of_groups_their_peers_and_members_differ() {
    assert_problems([
        (
            "[group.g.member.a]\n[group.a.member.b]\n".to_owned(),
            &[
                "f.toml:1: group g, member a: the name is that of the group interface of group a (line 2); rename the group, or name another interface",
            ],
        ),
        (
            "[group.g.member.g]\n".to_owned(),
            &[
                "f.toml:1: group g, member g: the name is that of the group interface of group g (line 1); rename the group, or name another interface",
            ],
        ),
        (
            "[group.g.member.g-p]\n".to_owned(),
            &[
                "f.toml:1: group g, member g-p: the name is that of the peer of the group interface of group g (line 1); rename the group, or name another interface",
            ],
        ),
        (
            "[group.g.member.a]\n[group.g-p.member.b]\n".to_owned(),
            &["f.toml:2: group g-p: the name is that of the peer of group g (line 1); rename one"],
        ),
    ]);
}

/// Two groups of one member; `g` and `h` are lines of them, lines 2 and 6, `a` and `b` of their members, 4 and 8.
fn two(g: &str, a: &str, h: &str, b: &str) -> String {
    format!("[group.g]\n{g}\n[group.g.member.a]\n{a}\n[group.h]\n{h}\n[group.h.member.b]\n{b}\n")
}

#[test]
fn an_address_is_ours_once() {
    assert_problems([
        (
            two("addresses = [\"192.0.2.10/24\",\"192.0.2.10/25\"]", "", "", ""),
            &[
                "f.toml:2: group g: data address 192.0.2.10 is already a data address of group g (line 2); remove one of the two",
            ],
        ),
        (
            two("addresses = [\"192.0.2.10/24\"]", "test-addresses = [\"192.0.2.10\"]", "", ""),
            &[
                "f.toml:4: group g, member a: test address 192.0.2.10 is already a data address of group g (line 2); remove one of the two",
            ],
        ),
        (
            two(
                "addresses = [\"192.0.2.10/24\"]",
                "test-addresses = [\"192.0.2.21\", \"192.0.2.21\"]",
                "",
                "",
            ),
            &[
                "f.toml:4: group g, member a: test address 192.0.2.21 is already a test address of member a of group g (line 4); remove one of the two",
            ],
        ),
        (
            two("addresses = [\"2001:db8::1/128\"]", "", "addresses = [\"2001:db8::1/128\"]", ""),
            &[
                "f.toml:6: group h: data address 2001:db8::1 is already a data address of group g (line 2); remove one of the two",
                "f.toml:6: group h: subnet 2001:db8::1/128 overlaps 2001:db8::1/128 of group g (line 2); one subnet is on one group: move the addresses to one, or make one group of the two",
            ],
        ),
    ]);
}

#[test]
fn routers_and_targets_are_other_systems() {
    let addresses = "addresses = [\"192.0.2.10/24\"]";
    assert_problems([
        (
            two(&format!("{addresses}\nroutes = [\"default via 192.0.2.10\"]"), "", "", ""),
            &[
                "f.toml:3: group g: route via 192.0.2.10 is a data address of group g (line 2); give the address of the router",
            ],
        ),
        (
            two(
                &format!("{addresses}\ntargets = [\"192.0.2.21\", \"192.0.2.10\"]"),
                "test-addresses = [\"192.0.2.21\"]",
                "",
                "",
            ),
            &[
                "f.toml:3: group g: target 192.0.2.21 is a test address of member a of group g (line 5); give the address of a system on the link",
                "f.toml:3: group g: target 192.0.2.10 is a data address of group g (line 2); give the address of a system on the link",
            ],
        ),
    ]);
}

#[test]
fn a_subnet_is_on_one_group() {
    assert_problems([
        (
            two("addresses = [\"192.0.2.10/24\"]", "", "addresses = [\"192.0.2.200/25\"]", ""),
            &[
                "f.toml:6: group h: subnet 192.0.2.128/25 overlaps 192.0.2.0/24 of group g (line 2); one subnet is on one group: move the addresses to one, or make one group of the two",
            ],
        ),
        (
            two("addresses = [\"2001:db8::10/64\"]", "", "addresses = [\"2001:db8:0:1::10/48\"]", ""),
            &[
                "f.toml:6: group h: subnet 2001:db8::/48 overlaps 2001:db8::/64 of group g (line 2); one subnet is on one group: move the addresses to one, or make one group of the two",
            ],
        ),
        (
            two("addresses = [\"192.0.2.10/24\"]", "", "", "test-addresses = [\"192.0.2.21/24\"]"),
            &[
                "f.toml:8: group h: subnet 192.0.2.0/24 overlaps 192.0.2.0/24 of group g (line 2); one subnet is on one group: move the addresses to one, or make one group of the two",
            ],
        ),
    ]);
    good(&two(
        "addresses = [\"192.0.2.10/24\", \"192.0.2.11/25\"]",
        "",
        "addresses = [\"198.51.100.10/24\"]",
        "",
    ));
}

#[test]
fn a_route_is_there_once() {
    let group = |subnet: &str, routes: &str| format!("addresses = [\"{subnet}.10/24\"]\nroutes = [{routes}]");
    let g = group("192.0.2", "\"default via 192.0.2.1\",\n\"0.0.0.0/0 via 192.0.2.2 metric 0\"");
    assert_problems([
        (
            two(&g, "", "", ""),
            &[
                "f.toml:4: group g: a route to 0.0.0.0/0 with the same metric is in group g already (line 3); remove one, or give it another metric",
            ],
        ),
        (
            two(
                &group("192.0.2", "\"default via fe80::1\", \"default via fe80::2 metric 1024\""),
                "",
                "",
                "",
            ),
            &[
                "f.toml:3: group g: a route to ::/0 with the same metric is in group g already (line 3); remove one, or give it another metric",
            ],
        ),
        (
            two(
                &group("192.0.2", "\"default via 192.0.2.1\""),
                "",
                &group("198.51.100", "\"default via 198.51.100.1\""),
                "",
            ),
            &[
                "f.toml:8: group h: a route to 0.0.0.0/0 with the same metric is in group g already (line 3); remove one, or give it another metric",
            ],
        ),
    ]);
    good(&two(
        &group("192.0.2", "\"default via 192.0.2.1\", \"default via 192.0.2.2 metric 5\""),
        "",
        "",
        "",
    ));
}
