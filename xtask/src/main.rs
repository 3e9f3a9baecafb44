//! The commands of a developer and of a newcomer: `cargo xtask --help`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod ebpf;
mod environment;
mod linker;
mod process;
mod setup;
mod toolchain;
mod workspace;

use workspace::Workspace;

/// Builds, tests and demonstrates IPMP for Linux. Every command sets up what it needs by itself.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
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
    /// Build the eBPF object, target/bpf/ipmp-ebpf.o.
    BuildEbpf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let workspace = Workspace::new();
    let done = match arguments.command {
        Verb::BuildEbpf => ebpf::build(&workspace, arguments.verbose),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why:#}");
            ExitCode::FAILURE
        }
    }
}
