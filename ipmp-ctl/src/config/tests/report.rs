use super::{EXAMPLE, file};
use crate::config::{Config, Report};

fn report(text: &str) -> (bool, String) {
    let outcome = Config::parse(text, file());
    let report = Report::new(file(), &outcome);
    (report.is_ok(), report.to_string())
}

#[test]
fn a_good_file_is_counted_and_its_warnings_follow() {
    assert_eq!(report(EXAMPLE), (true, "f.toml: ok: 1 group, 3 members".to_owned()));
    let (ok, text) = report("");
    assert!(ok);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("f.toml: ok: 0 groups, 0 members"));
    assert_eq!(lines.filter(|line| line.contains(": warning: ")).count(), 1);
    let (_, text) = report("[group.g.member.a]\n[group.h.member.b]\n");
    assert_eq!(text, "f.toml: ok: 2 groups, 2 members");
}

#[test]
fn a_bad_file_shows_its_mistakes_alone() {
    let (ok, text) = report("metrics = \"127.0.0.1:9400\"\nfailback = 1\ncolour = 2\n[group.g.member.a]\n");
    assert!(!ok);
    assert_eq!(text.lines().count(), 2, "{text}");
}
