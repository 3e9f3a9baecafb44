//! `vm`: the built daemon and the host tests on Debian's kernels, in a virtual machine.
//!
//! The machine is emulated, so it runs anywhere, without KVM and without root. It sees the file system of this machine
//! and cannot change it: what it writes stays in its memory.

use std::{
    env::consts::ARCH,
    ffi::OsString,
    io::{IsTerminal, stdin},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::workspace::Workspace;

pub(crate) mod archive;
mod bench;
mod cpio;
mod emulator;
mod guest;
mod initramfs;
mod kernel;
mod machine;
mod modules;
mod nics;
mod smoke;
mod space;

pub(crate) use bench::InMachine;
use emulator::Emulator;
use guest::{Job, Work};
use kernel::{Kernel, Series};
use machine::Machine;
use nics::Nics;

/// How long a job may take, from the machine's start, where nobody says otherwise.
const LIMIT: Duration = Duration::from_mins(15);

/// A virtual machine with one of Debian's kernels, and what to do in it.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The kernel series; without it `test` takes each in turn, the others the newest
    #[arg(long)]
    kernel: Option<Series>,
    /// End the guest after so many seconds, and show its console; without it after 900, a bench after 3600
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    /// Give the guest so many NICs on one hub, and one for a peer; without it two to `test`, none to the others
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u8).range(0..=i64::from(Nics::MOST)))]
    nics: Option<u8>,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What to do in the machine.
#[derive(Debug, Subcommand)]
enum Action {
    /// Run the host tests: a selection that fits emulation, or those that PROGRAM and FILTER name
    Test {
        /// A test program to run, as a file of tests/tests is named; may be given several times
        #[arg(long = "test", value_name = "PROGRAM")]
        programs: Vec<String>,
        /// A part of the names of the tests to run, and other arguments for the test programs
        #[arg(last = true)]
        filter: Vec<OsString>,
    },
    /// Measure, on one processor whose clock counts instructions: `cargo xtask bench` there
    Bench {
        /// What to measure, and arguments for it; nothing lists what there is
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Open a shell; there is no time limit
    Shell,
    /// Run a command of this machine; its output and exit code come through
    Run {
        /// The command and its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
}

/// Boots the machine and does what was asked for. The exit code is the command's.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments, verbose: bool) -> Result<ExitCode> {
    let series = arguments.kernel;
    let newest = series.unwrap_or(Series::NEWEST);
    let limit = arguments.timeout.map(Duration::from_secs);
    let nics = |usual: u8| Nics::new(arguments.nics.unwrap_or(usual));
    match arguments.action.as_ref().unwrap_or(&Action::Test { programs: Vec::new(), filter: Vec::new() }) {
        Action::Test { programs, filter } => {
            let all = series.map_or_else(|| Series::ALL.to_vec(), |one| vec![one]);
            let tests = smoke::Tests { programs, filter };
            smoke::run(workspace, &all, nics(smoke::NICS), tests, limit.unwrap_or(LIMIT), verbose)
        }
        Action::Bench { arguments } => {
            bench::run(workspace, newest, arguments, limit.unwrap_or(bench::LIMIT), verbose)
        }
        Action::Shell => {
            if !stdin().is_terminal() {
                bail!("a shell needs a terminal; without one: `cargo xtask vm run COMMAND`");
            }
            boot(workspace, newest, &Job::new(Work::Shell).nics(nics(0)), None)
        }
        Action::Run { command } => {
            let job = Job::new(Work::Command(command.clone())).nics(nics(0));
            boot(workspace, newest, &job, Some(limit.unwrap_or(LIMIT)))
        }
    }
}

/// Fetches what is missing and runs one job in one machine.
fn boot(workspace: &Workspace, series: Series, job: &Job, limit: Option<Duration>) -> Result<ExitCode> {
    if ARCH != "x86_64" {
        bail!(
            "the virtual machine runs this machine's programs on Debian's x86-64 kernels, and this is {ARCH}"
        );
    }
    let emulator = Emulator::ensure(workspace)?;
    let kernel = Kernel::ensure(workspace, series)?;
    Machine::new(workspace, &emulator, &kernel)?.run(job, limit)
}
