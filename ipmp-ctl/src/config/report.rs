//! What `ipmp-ctl check` prints.

use std::{fmt, path::Path};

use super::{Config, ConfigErrors, Warning};

/// A checked file: every mistake, one a line; or that it is in order and what it holds, then the warnings.
///
/// Shown without a final newline.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    file: &'a Path,
    outcome: &'a Result<(Config, Vec<Warning>), ConfigErrors>,
}

impl<'a> Report<'a> {
    /// About the outcome of [`Config::load`] or [`Config::parse`] for this file.
    pub fn new(file: &'a Path, outcome: &'a Result<(Config, Vec<Warning>), ConfigErrors>) -> Self {
        Self { file, outcome }
    }

    /// Whether the file can be used.
    pub fn is_ok(&self) -> bool {
        self.outcome.is_ok()
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome {
            Err(errors) => write!(f, "{errors}"),
            Ok((config, warnings)) => {
                let groups = config.groups.len();
                let members = config.groups.iter().map(|group| group.members.len()).sum();
                write!(f, "{}: ok: ", self.file.display())?;
                write!(f, "{}, {}", count(groups, "group"), count(members, "member"))?;
                warnings.iter().try_for_each(|warning| write!(f, "\n{warning}"))
            }
        }
    }
}

/// `1 group`, `2 groups`.
fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
