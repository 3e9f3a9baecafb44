//! What reading a file brings to light.

use std::{fmt, ops::Range, path::Path};

use super::{Config, ConfigErrors, Place, Problem, Warning, subject::Subject};

/// A value and the line that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    /// The value.
    pub(super) value: T,
    /// Its line, counted from 1.
    pub(super) line: usize,
}

/// Mistakes and warnings, while a file is read.
pub(super) struct Findings {
    /// Offset of the first byte of each line.
    line_starts: Vec<usize>,
    problems: Vec<At<String>>,
    warnings: Vec<At<String>>,
}

impl Findings {
    /// Nothing found yet in this text.
    pub(super) fn new(text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { line_starts, problems: Vec::new(), warnings: Vec::new() }
    }

    /// Line of the first byte of a span.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|&start| start <= span.start).max(1)
    }

    /// Notes a mistake.
    pub(super) fn error(&mut self, line: usize, subject: &Subject, what: impl fmt::Display) {
        self.problems.push(At { value: format!("{subject}{what}"), line });
    }

    /// Notes something to know.
    pub(super) fn warn(&mut self, line: usize, subject: &Subject, what: impl fmt::Display) {
        self.warnings.push(At { value: format!("{subject}{what}"), line });
    }

    /// The configuration, if nothing was wrong with it.
    pub(super) fn conclude(
        mut self,
        file: &Path,
        config: Option<Config>,
    ) -> Result<(Config, Vec<Warning>), ConfigErrors> {
        let place = |line| Place { file: file.to_owned(), line: Some(line) };
        self.problems.sort_by_key(|problem| problem.line);
        self.warnings.sort_by_key(|warning| warning.line);
        match config {
            Some(config) if self.problems.is_empty() => Ok((
                config,
                self.warnings
                    .into_iter()
                    .map(|warning| Warning { place: place(warning.line), text: warning.value })
                    .collect(),
            )),
            _ => Err(ConfigErrors {
                problems: self
                    .problems
                    .into_iter()
                    .map(|problem| Problem { place: place(problem.line), text: problem.value })
                    .collect(),
            }),
        }
    }
}
