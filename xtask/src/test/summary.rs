//! What all test programs together did, read from what the test runner prints.

use std::{fmt::Write, time::Duration};

#[cfg(test)]
mod tests;

/// The figures of all test programs together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// Programs that have begun, and those that have said how it went.
    started: usize,
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    measured: usize,
    filtered_out: usize,
    failures: Vec<String>,
    ignored_tests: Vec<String>,
    /// Tests that failed among the others and passed by themselves.
    second_tries: Vec<String>,
}

/// Failures that may be the fault of a busy machine. More than this are the fault of a change.
const FEW: usize = 3;

impl Summary {
    /// Takes in one line of the runner.
    pub(super) fn read(&mut self, line: &str) {
        if line.starts_with("running ") {
            self.started += 1;
        }
        let Some(rest) = line.strip_prefix("test ") else { return };
        if let Some(result) = rest.strip_prefix("result: ") {
            self.add(result);
        } else if let Some((name, verdict)) = rest.split_once(" ... ") {
            if verdict.starts_with("FAILED") {
                self.failures.push(name.to_owned());
            } else if let Some(reason) = verdict.strip_prefix("ignored") {
                self.ignored_tests.push(format!("{name}{}", reason.replacen(", ", ": ", 1)));
            }
        }
    }

    /// Adds one program's figures: `ok. 3 passed; 0 failed; ...`.
    fn add(&mut self, result: &str) {
        self.programs += 1;
        for part in result.split(['.', ';']) {
            let Some((number, label)) = part.trim().split_once(' ') else { continue };
            let figure = match label {
                "passed" => &mut self.passed,
                "failed" => &mut self.failed,
                "ignored" => &mut self.ignored,
                "measured" => &mut self.measured,
                "filtered out" => &mut self.filtered_out,
                _ => continue,
            };
            *figure += number.parse::<usize>().unwrap_or(0);
        }
    }

    /// The tests that are to be tried again by themselves: a few that have failed among others. Many of them give a limit of
    /// time to what they wait for, which two cores that run several at once may pass.
    pub(super) fn worth_a_second_try(&self) -> Option<Vec<String>> {
        let are_few = (1..=FEW).contains(&self.failures.len()) && self.passed > 0;
        let none_died = self.started == self.programs && self.failures.len() == self.failed;
        (are_few && none_died).then(|| self.failures.clone())
    }

    /// Takes in what became of those, and whether all is well now: every one of them has run again, and passed. They stay in
    /// the report, for a test that passes at the second try wants mending.
    pub(super) fn take_second_try(&mut self, again: &Self, passed: bool) -> bool {
        let is_well = passed && again.failed == 0 && again.passed >= self.failures.len();
        if is_well {
            self.passed += self.failed;
            self.failed = 0;
            self.second_tries = std::mem::take(&mut self.failures);
        }
        is_well
    }

    /// What failed, what passed at the second try, what was skipped (`skipped`: a line for each test that could not run here), and last the figures
    /// in the runner's own form. `passed` is cargo's verdict, which also knows of programs that died.
    pub(super) fn report(&self, skipped: &str, passed: bool, elapsed: Duration) -> String {
        let mut report = String::new();
        let mut list = |title: &str, lines: Vec<&str>| {
            if !lines.is_empty() {
                let _ = writeln!(report, "{title}:\n    {}\n", lines.join("\n    "));
            }
        };
        list("failed", self.failures.iter().map(String::as_str).collect());
        list("passed at the second try only", self.second_tries.iter().map(String::as_str).collect());
        list("skipped", self.ignored_tests.iter().map(String::as_str).chain(skipped.lines()).collect());
        let _ = write!(
            report,
            "all {} test programs together:\ntest result: {}. {} passed; {} failed; {} ignored; {} measured; \
             {} filtered out; finished in {:.2}s",
            self.programs,
            if passed { "ok" } else { "FAILED" },
            self.passed,
            self.failed,
            self.ignored,
            self.measured,
            self.filtered_out,
            elapsed.as_secs_f64()
        );
        report
    }
}
