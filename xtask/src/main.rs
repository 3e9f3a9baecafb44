//! The commands of a developer and of a newcomer: `cargo xtask --help`.

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

mod debian_root;
mod ebpf;
mod environment;
mod linker;
mod lint;
mod package;
mod process;
mod prometheus;
mod release;
mod setup;
mod stage;
mod test;
mod toolchain;
mod vm;
mod workspace;

use workspace::Workspace;

/// Builds, tests and demonstrates IPMP for Linux. Every command sets up what it needs by itself.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    /// Say which tools were found, and why others were not taken.
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Build the eBPF object, target/bpf/ipmp-ebpf.o
    BuildEbpf,
    /// Build the daemon with the eBPF object inside, target/release/ipmp-ctl
    Build,
    /// Run every test, as root (through sudo if need be)
    Test {
        /// Arguments for `cargo test`, such as a part of the names of the tests to run
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Show a group that survives cut cables, as root (through sudo if need be)
    Demo {
        /// Arguments for the demonstration
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Measure, as root (through sudo if need be); `cost`, and anything with `--vm` or `--kernel 6.1|6.12`, in a virtual machine
    Bench {
        /// What to measure, and arguments for it; nothing lists what there is
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Boot one of Debian's kernels in an emulator, and run the tests or a command there
    Vm(vm::Arguments),
    /// Build the Debian package, with manual pages and completions made by the daemon's own definitions
    Package,
    /// Check format, lints on both targets, documentation and the purity of the engine
    Lint,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { verbose, command }: &Arguments) -> Result<ExitCode> {
    let workspace = Workspace::new();
    match command {
        Verb::BuildEbpf => ebpf::build(&workspace, *verbose)?,
        Verb::Build => release::build(&workspace, *verbose)?,
        Verb::Test { arguments } => test::run(&workspace, arguments, *verbose)?,
        Verb::Demo { arguments } => stage::perform(&workspace, "demo", arguments, *verbose)?,
        Verb::Bench { arguments } => match vm::InMachine::asked_for(arguments)? {
            Some(bench) => return bench.run(&workspace, *verbose),
            None => stage::perform(&workspace, "bench", arguments, *verbose)?,
        },
        Verb::Vm(arguments) => return vm::run(&workspace, arguments, *verbose),
        Verb::Package => package::run(&workspace, *verbose)?,
        Verb::Lint => lint::run(&workspace, *verbose)?,
    }
    Ok(ExitCode::SUCCESS)
}
