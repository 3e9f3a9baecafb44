//! Measurements: how long an outage lasts, what TCP loses by the group interface, how soon a loss of carrier is noticed.

use std::{
    env,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use ipmp_tests::interrupt::{self, Interrupted};

mod cost;
mod detect;
mod outage;
mod tcp;
mod veth;

/// Measures in network namespaces of its own, which it removes at the end and on Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "bench", bin_name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

/// What to measure.
#[derive(Debug, Subcommand)]
enum Bench {
    /// Instructions that a packet costs, beside bonding; in the virtual machine, whose clock counts them
    Cost(cost::Options),
    /// Outage of a numbered stream each way when the cable of the member that carries both is cut, and when it is back
    Outage(outage::Options),
    /// TCP over the group interface against a bare veth of the same switch, sending and receiving
    Tcp(tcp::Options),
    /// Time from a loss of carrier to the daemon's action, for 1 to 8 members
    Detect(detect::Options),
}

/// The variable that `cargo xtask` sets where the clock counts instructions.
const COUNTED: &str = "IPMP_COUNTED";

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let Arguments { bench } = Arguments::parse();
    if !rustix::process::geteuid().is_root() {
        eprintln!("error: a bench makes network namespaces and needs root: run `cargo xtask bench`");
        return ExitCode::FAILURE;
    }
    if matches!(bench, Bench::Cost(_)) && env::var_os(COUNTED).is_none() {
        eprintln!(
            "error: only the virtual machine's clock counts instructions: run `cargo xtask bench cost`"
        );
        return ExitCode::FAILURE;
    }
    interrupt::listen();
    let measure = || match &bench {
        Bench::Cost(options) => cost::run(options),
        Bench::Outage(options) => outage::run(options),
        Bench::Tcp(options) => tcp::run(options),
        Bench::Detect(options) => detect::run(options),
    };
    match panic::catch_unwind(AssertUnwindSafe(measure)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) if cause.is::<Interrupted>() || interrupt::requested() => {
            eprintln!("\ninterrupted: daemon, namespaces and pins are removed");
            ExitCode::from(INTERRUPTED)
        }
        // The cause was printed when it happened, and unwinding has cleaned up.
        Err(_) => ExitCode::FAILURE,
    }
}
