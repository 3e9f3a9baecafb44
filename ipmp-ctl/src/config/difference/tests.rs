use std::path::Path;

use crate::config::{Config, Group};

const BASE: &str = "\
[group.ipmp0]
addresses = [\"192.0.2.10/24\"]
[group.ipmp0.member.e0]
test-addresses = [\"192.0.2.21\"]
[group.ipmp0.member.e1]
test-addresses = []
";

fn group(text: &str) -> Group {
    Config::parse(text, Path::new("test.toml")).unwrap().0.groups.remove(0)
}

fn differences(next: &str) -> Vec<String> {
    group(BASE).differences(&group(next))
}

#[test]
fn lines_and_comments_are_no_difference() {
    let moved =
        format!("# one\n\n{}", BASE.replace("[group.ipmp0.member.e1]", "\n# two\n[group.ipmp0.member.e1]"));
    assert_eq!(differences(&moved), Vec::<String>::new());
    assert_ne!(group(&moved), group(BASE), "the lines differ");
}

#[test]
fn what_differs_is_named() {
    let cases = [
        (BASE.replace("192.0.2.10/24", "192.0.2.11/24"), &["addresses"][..]),
        (BASE.replace("[group.ipmp0]", "[group.ipmp0]\nipv6-token = \"::10\""), &["ipv6-token"]),
        (BASE.replace("192.0.2.21", "192.0.2.22"), &["member e0: test-addresses"]),
        (format!("{BASE}standby = true\n"), &["member e1: standby"]),
        (format!("{BASE}[group.ipmp0.member.e2]\ntest-addresses = []\n"), &["member e2 added"]),
        (BASE.replace("member.e1", "member.e3"), &["member e1 removed", "member e3 added"]),
        (
            format!("failback = false\nfailure-detection-time = \"5s\"\n{BASE}"),
            &["failure-detection-time", "failback"],
        ),
        (
            BASE.replace("[group.ipmp0]", "[group.ipmp0]\nreceive = \"member\"\nlink-ups-per-minute = 9"),
            &["receive", "link-ups-per-minute"],
        ),
    ];
    for (next, expected) in cases {
        assert_eq!(differences(&next), expected, "{next}");
    }
}
