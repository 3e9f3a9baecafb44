use std::time::Duration;

use super::{assert_problems, good, in_group, in_member};
use crate::config::{OnEvent, ProbeHook, Receive};

#[test]
fn a_token_is_the_lower_half_of_an_address() {
    let said = |text: &str, what: &str| {
        (in_group(&format!("ipv6-token = {text}")), format!("f.toml:2: group g: `ipv6-token` {what}"))
    };
    let cases = [
        said(
            "\"10\"",
            r#""10" is not an IPv6 address; write the lower half of one, as in "::10" or "::5054:ff:fe12:3456""#,
        ),
        said(
            "\"192.0.2.1\"",
            r#""192.0.2.1" is not an IPv6 address; write the lower half of one, as in "::10" or "::5054:ff:fe12:3456""#,
        ),
        said(
            "\"2001:db8::10\"",
            r#""2001:db8::10" has more than the lower half of an address; leave out the prefix, which routers give: "::10""#,
        ),
        said("\"2001:db8::\"", r#""2001:db8::" is no identifier: give a number after ::, as in "::10""#),
        said("\"::\"", r#""::" is no identifier: give a number after ::, as in "::10""#),
        said("10", r#"must be a string, as in ipv6-token = "::10", not a whole number"#),
    ];
    for (text, problem) in cases {
        assert_problems([(text, &[problem.as_str()][..])]);
    }
    for text in ["::10", "::5054:ff:fe12:3456", "0:0:0:0:ffff:ffff:ffff:ffff"] {
        let (config, warnings) = good(&in_group(&format!("ipv6-token = \"{text}\"")));
        assert_eq!(config.groups[0].ipv6_token, text.parse().ok(), "{text}");
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    assert_eq!(good(&in_group("")).0.groups[0].ipv6_token, None);
}

#[test]
fn durations_need_a_unit_and_have_bounds() {
    assert_problems([
        (
            "failure-detection-time = 10\n[group.g.member.a]\n".to_owned(),
            &[r#"f.toml:1: `failure-detection-time` 10 has no unit; write "10s" or "500ms""#],
        ),
        (
            in_group("failure-detection-time = 0.5"),
            &[r#"f.toml:2: group g: `failure-detection-time` 0.5 has no unit; write "10s" or "500ms""#],
        ),
        (
            in_group("failure-detection-time = \"10\""),
            &[r#"f.toml:2: group g: `failure-detection-time` "10" has no unit; write "10s" or "500ms""#],
        ),
        (
            in_group("failure-detection-time = \"10m\""),
            &[
                r#"f.toml:2: group g: `failure-detection-time` "10m" is not a duration; write "10s" or "500ms""#,
            ],
        ),
        (
            in_group("failure-detection-time = \"1.5s\""),
            &[
                r#"f.toml:2: group g: `failure-detection-time` "1.5s" is not a duration; write "10s" or "500ms""#,
            ],
        ),
        (
            in_group("failure-detection-time = \"\""),
            &[r#"f.toml:2: group g: `failure-detection-time` "" is not a duration; write "10s" or "500ms""#],
        ),
        (
            in_group("failure-detection-time = \"29ms\""),
            &[r#"f.toml:2: group g: `failure-detection-time` "29ms" is out of range; give "30ms" to "600s""#],
        ),
        (
            in_group("failure-detection-time = \"601s\""),
            &[r#"f.toml:2: group g: `failure-detection-time` "601s" is out of range; give "30ms" to "600s""#],
        ),
        (
            in_group("failure-detection-time = \"99999999999999999999s\""),
            &[
                r#"f.toml:2: group g: `failure-detection-time` "99999999999999999999s" is out of range; give "30ms" to "600s""#,
            ],
        ),
    ]);
    for (text, expected) in [
        ("30ms", Duration::from_millis(30)),
        ("500ms", Duration::from_millis(500)),
        ("10s", Duration::from_secs(10)),
        ("600s", Duration::from_mins(10)),
        ("600000ms", Duration::from_mins(10)),
    ] {
        let (config, _) = good(&in_group(&format!("failure-detection-time = \"{text}\"")));
        assert_eq!(config.groups[0].failure_detection_time, expected, "{text}");
    }
}

#[test]
fn words_are_of_their_set() {
    assert_problems([
        (
            in_group("receive = \"grup\""),
            &[r#"f.toml:2: group g: `receive` is "grup", which it cannot be; did you mean "group"?"#],
        ),
        (
            in_group("probe-hook = \"ebpf\""),
            &[
                r#"f.toml:2: group g: `probe-hook` is "ebpf", which it cannot be; give one of auto, tc, xdp, xdp-generic"#,
            ],
        ),
        (
            "probe-hook = \"xdp_generic\"\n[group.g.member.a]\n".to_owned(),
            &[r#"f.toml:1: `probe-hook` is "xdp_generic", which it cannot be; did you mean "xdp-generic"?"#],
        ),
    ]);
}

#[test]
fn numbers_have_bounds() {
    assert_problems([
        (
            in_member("weight = 0"),
            &[
                "f.toml:4: group g, member a: `weight` is 0, out of range; give 1 to 1000 (to carry nothing while others work: standby = true)",
            ],
        ),
        (
            in_member("weight = 1001"),
            &[
                "f.toml:4: group g, member a: `weight` is 1001, out of range; give 1 to 1000 (to carry nothing while others work: standby = true)",
            ],
        ),
        (
            in_member("weight = -1"),
            &[
                "f.toml:4: group g, member a: `weight` is -1, out of range; give 1 to 1000 (to carry nothing while others work: standby = true)",
            ],
        ),
        (
            in_member("weight = 99999999999999999999"),
            &[
                "f.toml:4: group g, member a: `weight` is 99999999999999999999, out of range; give 1 to 1000 (to carry nothing while others work: standby = true)",
            ],
        ),
        (
            in_member("priority = 256"),
            &[
                "f.toml:4: group g, member a: `priority` is 256, out of range; give 0 to 255 (higher comes first)",
            ],
        ),
        (
            in_member("priority = -1"),
            &[
                "f.toml:4: group g, member a: `priority` is -1, out of range; give 0 to 255 (higher comes first)",
            ],
        ),
        (
            in_group("link-ups-per-minute = -1"),
            &["f.toml:2: group g: `link-ups-per-minute` is -1, out of range; give 0 to 1000 (0: any number)"],
        ),
        (
            in_group("min-active = 0"),
            &[
                "f.toml:2: group g: `min-active` is 0, out of range; give 1 to 64 (without any usable member the group interface loses RUNNING in any case)",
            ],
        ),
        (
            in_group("min-active = 2"),
            &["f.toml:2: group g: `min-active` is 2, more than there are members (1); lower it"],
        ),
        (
            in_group("min-active = 2\n[group.g.member.b]\nstandby = true"),
            &[
                "f.toml:2: group g: `min-active` is 2, more than there are members that are not standby (1); lower it",
            ],
        ),
    ]);
    let (config, _) = good(&in_member("weight = 1000\npriority = 255"));
    assert_eq!((config.groups[0].members[0].weight, config.groups[0].members[0].priority), (Some(1000), 255));
}

#[test]
fn the_top_level_names_a_socket_and_a_program() {
    let top = |line: &str| format!("{line}\n[group.g.member.a]\n");
    assert_problems([
        (
            top("metrics = \"9400\""),
            &[
                r#"f.toml:1: `metrics` "9400" is neither ADDRESS:PORT nor an absolute path; write as in "127.0.0.1:9477", "[::1]:9477" or "/run/ipmp/metrics.sock""#,
            ],
        ),
        (
            top("metrics = \"127.0.0.1:0\""),
            &[
                r#"f.toml:1: `metrics` "127.0.0.1:0" is neither ADDRESS:PORT nor an absolute path; write as in "127.0.0.1:9477", "[::1]:9477" or "/run/ipmp/metrics.sock""#,
            ],
        ),
        (
            top("metrics = \"localhost:9400\""),
            &[
                r#"f.toml:1: `metrics` "localhost:9400" is neither ADDRESS:PORT nor an absolute path; write as in "127.0.0.1:9477", "[::1]:9477" or "/run/ipmp/metrics.sock""#,
            ],
        ),
        (
            top("on-event = \"notify.sh\""),
            &[
                r#"f.toml:1: `on-event` "notify.sh" is not an absolute path; write as in "/usr/local/sbin/ipmp-event""#,
            ],
        ),
        (
            top("track-interfaces-only-with-groups = \"no\""),
            &[
                "f.toml:1: `track-interfaces-only-with-groups` must be true or false (without quotes), not a string",
            ],
        ),
    ]);
    let (config, _) = good(&top(
        "metrics = \"[::1]:9400\"\non-event = \"/bin/true\"\ntrack-interfaces-only-with-groups = false",
    ));
    assert_eq!(config.metrics.map(|at| at.to_string()).as_deref(), Some("[::1]:9400"));
    assert_eq!(config.on_event, Some(OnEvent { program: "/bin/true".into(), line: 2 }));
    assert!(!config.track_interfaces_only_with_groups);
}

#[test]
fn a_group_overrides_the_top_level() {
    let text = "failure-detection-time = \"1s\"\nfailback = false\nprobe-hook = \"xdp\"\n[group.g]\nmember.a = {}\n\
                [group.h]\nfailure-detection-time = \"2s\"\nfailback = true\nprobe-hook = \"xdp-generic\"\n\
                receive = \"member\"\nmin-active = 1\nlink-ups-per-minute = 0\nmember.b = {}\n";
    let (config, _) = good(text);
    let [g, h] = config.groups.as_slice() else { panic!("{config:?}") };
    assert_eq!(
        (g.failure_detection_time, g.failback, g.probe_hook),
        (Duration::from_secs(1), false, ProbeHook::Xdp)
    );
    assert_eq!(
        (h.failure_detection_time, h.failback, h.probe_hook),
        (Duration::from_secs(2), true, ProbeHook::XdpGeneric)
    );
    assert_eq!((g.receive, g.min_active, g.link_ups_per_minute), (Receive::Group, 1, 2));
    assert_eq!((h.receive, h.min_active, h.link_ups_per_minute), (Receive::Member, 1, 0));
}
