//! What is wrong with a configuration, for people.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// A place in a configuration file. Shown as `FILE:LINE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; `None`: the file as a whole.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// One mistake: where, what is wrong, what to do. One line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {text}")]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// The group and member it concerns, what is wrong, what to do.
    pub text: String,
}

/// What an operator should know though the configuration is used. One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where it is.
    pub place: Place,
    /// The group and member it concerns, and what there is to know.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: warning: {}", self.place, self.text)
    }
}

/// All mistakes of a file, in the order of its lines; never empty. Shown one a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors {
    /// The mistakes.
    pub problems: Vec<Problem>,
}

impl ConfigErrors {
    /// The one mistake of a file that is not even text.
    pub(super) fn of_file(file: &Path, text: String) -> Self {
        Self { problems: vec![Problem { place: Place { file: file.to_owned(), line: None }, text }] }
    }
}
