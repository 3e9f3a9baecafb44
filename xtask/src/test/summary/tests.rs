use std::time::Duration;

use super::Summary;

const OUTPUT: &str = "\
running 3 tests
test engine::tests::a ... ok
test engine::tests::b ... FAILED
test netns::c ... ignored, needs a second NIC
test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.02s

running 2 tests
test d - should panic ... ok
test result: ok. 1 passed; 0 failed; 0 ignored; 2 measured; 4 filtered out; finished in 12.34s
";

fn summary(output: &str) -> Summary {
    let mut summary = Summary::default();
    output.lines().for_each(|line| summary.read(line));
    summary
}

#[test]
fn figures_of_all_programs_are_added_up() {
    let expected = Summary {
        started: 2,
        programs: 2,
        passed: 2,
        failed: 1,
        ignored: 1,
        measured: 2,
        filtered_out: 4,
        failures: vec!["engine::tests::b".into()],
        ignored_tests: vec!["netns::c: needs a second NIC".into()],
        second_tries: Vec::new(),
    };
    assert_eq!(summary(OUTPUT), expected);
}

#[test]
fn the_report_ends_with_a_summary_in_the_runners_form() {
    let report = summary(OUTPUT).report("tcx: kernel too old\n", false, Duration::from_millis(12_360));
    let expected = "failed:\n    engine::tests::b\n\n\
        skipped:\n    netns::c: needs a second NIC\n    tcx: kernel too old\n\n\
        all 2 test programs together:\n\
        test result: FAILED. 2 passed; 1 failed; 1 ignored; 2 measured; 4 filtered out; finished in 12.36s";
    assert_eq!(report, expected);
}

#[test]
fn a_program_that_died_without_a_summary_is_a_failure() {
    let report = summary("running 1 test\n").report("", false, Duration::ZERO);
    assert!(report.starts_with("all 0 test programs together:\ntest result: FAILED. 0 passed;"), "{report}");
}

#[test]
fn a_few_failures_are_tried_again_and_told_all_the_same() {
    let mut first = summary(OUTPUT);
    assert_eq!(first.worth_a_second_try(), Some(vec!["engine::tests::b".to_owned()]));
    assert!(!first.take_second_try(&summary(OUTPUT), false));
    assert!(!first.take_second_try(&summary("running 0 tests\n"), true), "it has not run");
    let again =
        "running 1 test\ntest engine::tests::b ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
    assert!(first.take_second_try(&summary(again), true));
    let report = first.report("", true, Duration::ZERO);
    assert!(report.starts_with("passed at the second try only:\n    engine::tests::b\n"), "{report}");
    assert!(report.contains("ok. 3 passed; 0 failed;"), "{report}");
}

#[test]
fn nothing_many_and_a_program_that_died_are_not_tried_again() {
    assert_eq!(summary("test a ... ok\ntest result: ok. 1 passed; 0 failed\n").worth_a_second_try(), None);
    let many = "test a ... FAILED\n".repeat(4) + "test result: FAILED. 9 passed; 4 failed\n";
    assert_eq!(summary(&format!("running 13 tests\n{many}")).worth_a_second_try(), None);
    let died = summary(&format!("{OUTPUT}running 2 tests\ntest e ... ok\n"));
    assert_eq!(died.worth_a_second_try(), None, "it is not known what has run");
}
