use super::{assert_problems, in_group, in_member};

#[test]
fn broken_syntax_is_shown_with_its_line() {
    assert_problems([
        (
            in_member("weight = four"),
            &[
                "f.toml:4: not TOML: a value that is no number, true or false stands in quotes; correct `weight = four`",
            ],
        ),
        (
            in_group("addresses = [\"192.0.2.10/24\""),
            &[
                "f.toml:3: not TOML: a list is not closed before `[group.g.member.a]`; add a comma or a closing bracket",
            ],
        ),
        (
            "[group.g\n[group.h]\nreceive\n".to_owned(),
            &[
                "f.toml:1: not TOML: unclosed table, expected `]`; correct `[group.g`",
                "f.toml:3: not TOML: key with no value, expected `=`; correct `receive`",
            ],
        ),
        (
            "failback = \"unfinished\n".to_owned(),
            &[r#"f.toml:1: not TOML: invalid basic string, expected `"`; correct `failback = "unfinished`"#],
        ),
    ]);
}

#[test]
fn what_is_given_twice_is_shown_with_both_places() {
    assert_problems([
        (
            "failback = true\nmetrics = \"127.0.0.1:9400\"\nfailback = true\n[group.g.member.a]\n".to_owned(),
            &["f.toml:3: `failback` given twice, first on line 1; keep one of the two"],
        ),
        (
            in_member("weight = 1\nstandby = false\n\"weight\" = 2"),
            &["f.toml:6: group g, member a: `weight` given twice, first on line 4; keep one of the two"],
        ),
        (
            in_member("weight = 1\n[group.g.member.b]\n[ group . g . member . \"a\" ] # again\nweight = 2"),
            &[
                "f.toml:6: group g, member a: interface twice in the group, first on line 3; keep one of the two tables, with all the keys",
                "f.toml:7: group g, member a: `weight` given twice, first on line 4; keep one of the two",
            ],
        ),
        (
            "[group.g]\n[group.g.member.a]\n[group.h.member.b]\n[group.g]\n".to_owned(),
            &[
                "f.toml:4: group g: group given twice, first on line 1; keep one of the two tables, with all the keys",
            ],
        ),
        (
            "[group.g]\nmember.a = { weight = 1, weight = 2 }\n".to_owned(),
            &["f.toml:2: group g: `weight` given twice; keep one of the two"],
        ),
        (
            "[x]\n[x]\n[group.g.member.a]\n".to_owned(),
            &[
                "f.toml:2: `x` given twice, first on line 1; keep one of the two",
                "f.toml:2: unknown key `x`; remove it (the keys here: failback, failure-detection-time, group, metrics, on-event, probe-hook, track-interfaces-only-with-groups)",
            ],
        ),
    ]);
}

#[test]
fn an_unknown_key_comes_with_the_nearest_or_with_its_place() {
    assert_problems([
        (
            in_member("wieght = 4"),
            &["f.toml:4: group g, member a: unknown key `wieght`; did you mean `weight`?"],
        ),
        (
            in_member("stand-by = true"),
            &["f.toml:4: group g, member a: unknown key `stand-by`; did you mean `standby`?"],
        ),
        (
            in_group("failure_detection_time = \"10s\""),
            &[
                "f.toml:2: group g: unknown key `failure_detection_time`; did you mean `failure-detection-time`?",
            ],
        ),
        (
            in_group("weight = 4"),
            &["f.toml:2: group g: unknown key `weight`; it belongs in [group.NAME.member.INTERFACE]"],
        ),
        (
            in_member("min-active = 1"),
            &["f.toml:4: group g, member a: unknown key `min-active`; it belongs in [group.NAME]"],
        ),
        (
            in_member("metrics = \"[::1]:9400\""),
            &[
                "f.toml:4: group g, member a: unknown key `metrics`; it belongs at the top of the file, before the first table",
            ],
        ),
        (
            in_group("colour = \"blue\""),
            &[
                "f.toml:2: group g: unknown key `colour`; remove it (the keys here: addresses, failback, failure-detection-time, ipv6-token, link-ups-per-minute, member, min-active, probe-hook, receive, routes, targets)",
            ],
        ),
        (
            in_group("\"a\\nb\" = 1"),
            &[
                r"f.toml:2: group g: unknown key `a\nb`; remove it (the keys here: addresses, failback, failure-detection-time, ipv6-token, link-ups-per-minute, member, min-active, probe-hook, receive, routes, targets)",
            ],
        ),
        (
            format!("groups.ipmp0 = {{}}\n{}", in_group("")),
            &["f.toml:1: unknown key `groups`; did you mean `group`?"],
        ),
        (
            "[group.g.member.eth0.100]\nweight = 1\n".to_owned(),
            &[
                r#"f.toml:1: group g, member eth0: unknown key `100`; put an interface name with a dot in quotes: [group.NAME.member."INTERFACE.VLAN"]"#,
            ],
        ),
        (
            in_group(&format!("{} = 1", "x".repeat(70))),
            &[
                "f.toml:2: group g: unknown key `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`; remove it (the keys here: addresses, failback, failure-detection-time, ipv6-token, link-ups-per-minute, member, min-active, probe-hook, receive, routes, targets)",
            ],
        ),
    ]);
}

#[test]
fn a_value_of_the_wrong_type_comes_with_the_right_one() {
    assert_problems([
        (
            in_member("weight = \"4\""),
            &[
                "f.toml:4: group g, member a: `weight` must be a whole number from 1 to 1000 (without quotes), not a string",
            ],
        ),
        (
            in_member("weight = 4.5"),
            &[
                "f.toml:4: group g, member a: `weight` must be a whole number from 1 to 1000 (without quotes), not a number",
            ],
        ),
        (
            in_member("standby = 1"),
            &[
                "f.toml:4: group g, member a: `standby` must be true or false (without quotes), not a whole number",
            ],
        ),
        (
            in_member("test-addresses = \"192.0.2.21\""),
            &[
                r#"f.toml:4: group g, member a: `test-addresses` must be a list of strings, as in test-addresses = ["192.0.2.21"], not a string"#,
            ],
        ),
        (
            in_member("test-addresses = [\n  \"192.0.2.21\",\n  22,\n]"),
            &[
                r#"f.toml:6: group g, member a: `test-addresses` must be a list of strings, as in test-addresses = ["192.0.2.21"]; a whole number is in it"#,
            ],
        ),
        (
            in_group("addresses = {}"),
            &[
                r#"f.toml:2: group g: `addresses` must be a list of strings, as in addresses = ["192.0.2.10/24"], not a table"#,
            ],
        ),
        (
            in_group("receive = true"),
            &[r#"f.toml:2: group g: `receive` must be a string, as in receive = "group", not a boolean"#],
        ),
        (
            in_group("min-active = 1979-05-27"),
            &[
                "f.toml:2: group g: `min-active` must be a whole number from 1 to 64 (without quotes), not a date or time",
            ],
        ),
        (
            "failure-detection-time = []\n[group.g.member.a]\n".to_owned(),
            &[
                r#"f.toml:1: `failure-detection-time` must be a string, as in failure-detection-time = "10s", not a list"#,
            ],
        ),
        (
            "group = [\"ipmp0\"]\n".to_owned(),
            &["f.toml:1: `group` must be tables with a name each, as in [group.NAME], not a list"],
        ),
        (
            "group.ipmp0 = [\"eth0\"]\n".to_owned(),
            &["f.toml:1: `group.ipmp0` must be a table [group.NAME], not a list"],
        ),
        (
            "[group.g]\nmember = [\"eth0\"]\n".to_owned(),
            &[
                "f.toml:2: group g: `member` must be tables with a name each, as in [group.g.member.INTERFACE], not a list",
            ],
        ),
        (
            "[group.g]\nmember.eth0 = true\n".to_owned(),
            &["f.toml:2: group g: `member.eth0` must be a table [group.g.member.INTERFACE], not a boolean"],
        ),
    ]);
}

#[test]
fn every_mistake_is_shown_in_the_order_of_the_lines() {
    let text = "failback = 1\n[group.\"a b\"]\nreceive = \"grup\"\n[group.\"a b\".member.a]\nweight = 0\nprioritty = 1\n";
    assert_problems([(
        text.to_owned(),
        &[
            "f.toml:1: `failback` must be true or false (without quotes), not a whole number",
            "f.toml:2: group a b: the name holds ' '; use letters, digits, `-` and `_`",
            r#"f.toml:3: group a b: `receive` is "grup", which it cannot be; did you mean "group"?"#,
            "f.toml:5: group a b, member a: `weight` is 0, out of range; give 1 to 1000 (to carry nothing while others work: standby = true)",
            "f.toml:6: group a b, member a: unknown key `prioritty`; did you mean `priority`?",
        ],
    )]);
}
