use std::{collections::BTreeMap, path::PathBuf};

use super::{SELECTION, Tests, built, script};

const SELECTED: Tests = Tests { programs: &[], filter: &[] };

/// A line of cargo for a target.
fn line(kind: &str, name: &str, executable: &str) -> String {
    format!(
        r#"{{"reason":"compiler-artifact","target":{{"kind":["{kind}"],"name":"{name}"}},"executable":{executable}}}"#
    )
}

#[test]
fn only_test_programs_are_taken() {
    let messages = [
        line("lib", "ipmp_tests", "null"),
        line("lib", "ipmp_tests", "\"/t/ipmp_tests-0\""),
        line("test", "traffic", "\"/t/traffic-0\""),
        r#"{"reason":"build-finished","success":true}"#.to_owned(),
        "not JSON".to_owned(),
    ];
    let expected = BTreeMap::from([("traffic".to_owned(), PathBuf::from("/t/traffic-0"))]);
    assert_eq!(built(&messages.join("\n")), expected);
}

#[test]
fn without_a_filter_the_selection_is_run_and_must_be_there() {
    let mut programs: BTreeMap<_, _> =
        SELECTION.iter().map(|(name, _)| ((*name).to_owned(), PathBuf::from(format!("/t/{name}")))).collect();
    programs.insert("other".to_owned(), PathBuf::from("/t/other"));
    let whole = script(&programs, SELECTED).unwrap();
    for (name, tests) in SELECTION {
        assert!(whole.contains(&format!("'/t/{name}'")), "{whole}");
        assert!(tests.iter().all(|test| whole.contains(test)), "{whole}");
    }
    assert!(!whole.contains("/t/other"), "{whole}");
    programs.remove("connections");
    assert!(script(&programs, SELECTED).unwrap_err().to_string().contains("connections"));
}

#[test]
fn a_filter_goes_to_every_program() {
    let programs = ["a", "b"].map(|name| (name.to_owned(), PathBuf::from(format!("/t/{name}")))).into();
    let filter = ["it's".into()];
    let filtered = script(&programs, Tests { programs: &[], filter: &filter }).unwrap();
    for name in ["a", "b"] {
        assert!(filtered.contains(&format!(r"'/t/{name}' 'it'\''s' --test-threads=1")), "{filtered}");
    }
}

#[test]
fn a_named_program_is_run_alone_and_must_be_there() {
    let programs = ["a", "b"].map(|name| (name.to_owned(), PathBuf::from(format!("/t/{name}")))).into();
    let named = |name: &str| script(&programs, Tests { programs: &[name.to_owned()], filter: &[] });
    let alone = named("b").unwrap();
    assert!(alone.contains("'/t/b' --test-threads=1") && !alone.contains("/t/a"), "{alone}");
    assert!(named("c").unwrap_err().to_string().ends_with("no test program c; there are a, b"));
}

#[test]
fn every_test_of_the_selection_exists() {
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/tests");
    for (program, tests) in SELECTION {
        let source = std::fs::read_to_string(sources.join(program).with_extension("rs")).unwrap();
        for test in tests {
            // One that is run with each hook stands in a module for each.
            let heading = match test.strip_prefix("by_xdp::") {
                Some(name) => format!("fn {name}(hook: ProbeHook)"),
                None => format!("fn {test}()"),
            };
            assert!(source.contains(&heading), "{program}: {test}");
        }
    }
}
