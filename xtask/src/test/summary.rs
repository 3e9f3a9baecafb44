//! What all test programs together did, read from what the test runner prints.

use std::{fmt::Write, time::Duration};

#[cfg(test)]
mod tests;

/// The figures of all test programs together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    measured: usize,
    filtered_out: usize,
    failures: Vec<String>,
    ignored_tests: Vec<String>,
}

impl Summary {
    /// Takes in one line of the runner.
    pub(super) fn read(&mut self, line: &str) {
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

    /// What failed, what was skipped (`skipped`: a line for each test that could not run here), and last the figures
    /// in the runner's own form. `passed` is cargo's verdict, which also knows of programs that died.
    pub(super) fn report(&self, skipped: &str, passed: bool, elapsed: Duration) -> String {
        let mut report = String::new();
        let mut list = |title: &str, lines: Vec<&str>| {
            if !lines.is_empty() {
                let _ = writeln!(report, "{title}:\n    {}\n", lines.join("\n    "));
            }
        };
        list("failed", self.failures.iter().map(String::as_str).collect());
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
