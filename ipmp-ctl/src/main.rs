//! `ipmp-ctl`: the daemon of IPMP for Linux and the commands that talk to it.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::Parser as _;

use self::cli::Cli;

mod cli;

fn main() -> ExitCode {
    let Err(error) = Cli::parse().run() else { return ExitCode::SUCCESS };
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        usage.exit();
    }
    // Nobody is left to tell if standard error is closed too.
    drop(writeln!(io::stderr(), "ipmp-ctl: {error:#}"));
    ExitCode::FAILURE
}
