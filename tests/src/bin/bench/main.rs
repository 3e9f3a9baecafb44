//! Measurements: how long an outage lasts, what TCP loses by the group interface, how soon a loss of carrier is noticed, what
//! probes cost.

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use ipmp_tests::{
    interrupt::{self, Interrupted},
    machine,
};

mod cost;
mod detect;
mod outage;
mod probes;
mod throughput;
mod usage;
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
    /// How long traffic stops when a member, all or the switch fail, in several ways, and when it is repaired; IPMP and
    /// bonding
    Outage(Box<outage::Options>),
    /// TCP over the group interface against a bare veth of the same switch, 1 to 16 streams, sending and receiving
    Throughput(throughput::Options),
    /// Time from a loss of carrier to the daemon's action, for 1 to 8 members
    Detect(detect::Options),
    /// Processor time and memory of a daemon that probes
    Probes(probes::Options),
}

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let bench = match Arguments::try_parse() {
        Ok(Arguments { bench }) => bench,
        Err(error) => usage::refuse(&error),
    };
    if !rustix::process::geteuid().is_root() {
        eprintln!("error: a bench makes network namespaces and needs root: run `cargo xtask bench`");
        return ExitCode::FAILURE;
    }
    if matches!(bench, Bench::Cost(_)) && !machine::is_counted() {
        eprintln!(
            "error: only the virtual machine's clock counts instructions: run `cargo xtask bench cost`"
        );
        return ExitCode::FAILURE;
    }
    interrupt::listen();
    let measure = || {
        match &bench {
            Bench::Cost(options) => cost::run(options),
            Bench::Outage(options) => return outage::run(options),
            Bench::Throughput(options) => throughput::run(options),
            Bench::Detect(options) => detect::run(options),
            Bench::Probes(options) => probes::run(options),
        }
        Ok(())
    };
    match panic::catch_unwind(AssertUnwindSafe(measure)) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(why)) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
        Err(cause) if cause.is::<Interrupted>() || interrupt::requested() => {
            eprintln!("\ninterrupted: daemon, namespaces and pins are removed");
            ExitCode::from(INTERRUPTED)
        }
        // The cause was printed when it happened, and unwinding has cleaned up.
        Err(_) => ExitCode::FAILURE,
    }
}
