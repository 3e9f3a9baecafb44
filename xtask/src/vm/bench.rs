//! `vm bench`: a bench where one processor's clock counts instructions, so that its figures do not depend on this machine.

use std::{ffi::OsString, process::ExitCode, time::Duration};

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;

use super::{
    boot,
    guest::{Job, Work},
    kernel::Series,
};
use crate::{release, stage, workspace::Workspace};

#[cfg(test)]
mod tests;

/// How long a bench may take, from the machine's start, where nobody says otherwise.
pub(super) const LIMIT: Duration = Duration::from_hours(1);

/// The program of the test package that measures.
const PROGRAM: &str = "bench";

/// The bench that makes sense nowhere else.
const MACHINE_ONLY: &str = "cost";

/// The option that asks for the machine by its kernel.
const KERNEL: &str = "--kernel";

/// A call of `cargo xtask bench` that belongs into the machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InMachine {
    series: Series,
    arguments: Vec<OsString>,
}

impl InMachine {
    /// Takes the arguments of `cargo xtask bench` if they are for the machine: `cost`, or anything with `--kernel`.
    pub(crate) fn asked_for(arguments: &[OsString]) -> Result<Option<Self>> {
        let mut series = None;
        let mut rest = Vec::new();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if text == KERNEL {
                let value = words.next().context("--kernel needs a series: 6.1 or 6.12")?;
                series = Some(named(&value.to_string_lossy())?);
            } else if let Some(value) = text.strip_prefix(KERNEL).and_then(|rest| rest.strip_prefix('=')) {
                series = Some(named(value)?);
            } else {
                rest.push(word.clone());
            }
        }
        let only = rest.first().is_some_and(|first| first == MACHINE_ONLY);
        let series = series.or(only.then_some(Series::NEWEST));
        Ok(series.map(|series| Self { series, arguments: rest }))
    }

    /// Measures there.
    pub(crate) fn run(&self, workspace: &Workspace, verbose: bool) -> Result<ExitCode> {
        run(workspace, self.series, &self.arguments, LIMIT, verbose)
    }
}

/// The series of this name.
fn named(text: &str) -> Result<Series> {
    Series::from_str(text, false).map_err(|_| anyhow!("there is no kernel `{text}`: take 6.1 or 6.12"))
}

/// Builds the bench here and runs it there; its output and exit code come through.
pub(super) fn run(
    workspace: &Workspace,
    series: Series,
    arguments: &[OsString],
    limit: Duration,
    verbose: bool,
) -> Result<ExitCode> {
    release::build_with(workspace, Some(PROGRAM), verbose)?;
    let mut command = vec![workspace.release(PROGRAM).into_os_string()];
    command.extend_from_slice(arguments);
    let job = Job::new(Work::Command(command))
        .environment(stage::DAEMON, workspace.release("ipmp-ctl"))
        .environment(stage::COUNTED, "1")
        .counted();
    boot(workspace, series, &job, Some(limit))
}
