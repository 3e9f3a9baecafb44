use std::fmt::Write as _;

use std::path::Path;

use super::*;

fn config(groups: &[(&str, &[&str])]) -> Config {
    let mut text = String::new();
    for (group, members) in groups {
        let _ = writeln!(text, "[group.{group}]");
        for member in *members {
            let _ = writeln!(text, "[group.{group}.member.{member}]\ntest-addresses = []");
        }
    }
    Config::parse(&text, Path::new("test.toml")).unwrap().0
}

fn plan(old: &Config, next: &Config) -> Plan {
    Plan::new(old.groups.iter().enumerate(), next)
}

#[test]
fn each_group_is_removed_changed_left_alone_or_added() {
    let old = config(&[("a", &["e0"]), ("b", &["e1"]), ("c", &["e2", "e3"])]);
    let next = config(&[("d", &["e4"]), ("c", &["e2"]), ("b", &["e1"])]);
    let plan = plan(&old, &next);
    assert_eq!(plan.removed, ["a"]);
    let changed: Vec<_> = plan.changed.iter().map(|change| (change.number, change.what.clone())).collect();
    assert_eq!(changed, [(2, vec!["member e3 removed".to_owned()])]);
    assert_eq!(plan.unchanged, [1]);
    assert_eq!(plan.added.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["d"]);
}

#[test]
fn a_member_leaves_one_group_before_it_joins_another() {
    let old = config(&[("a", &["e0"]), ("b", &["e1", "e2"])]);
    let next = config(&[("a", &["e0", "e2"]), ("b", &["e1"])]);
    let order: Vec<_> = plan(&old, &next).changed.iter().map(|change| change.number).collect();
    assert_eq!(order, [1, 0]);
}
