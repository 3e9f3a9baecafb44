//! The demonstration: a group that spreads its traffic and survives cut cables, live, in network namespaces of its own.
//!
//! | module | holds |
//! | --- | --- |
//! | `stage` | the host with its group, the switch, the peers, and the programs that use the network |
//! | `rides` | the four numbered streams, aimed at the member that is cut next |
//! | `script` | what happens, in order |
//! | `record` | what an event cost |
//! | `rates` | what each member carries at this moment |
//! | `table` | all events at the end |
//! | `screen` | standard output, in colour on a terminal |

use std::{
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
};

use clap::Parser;
use ipmp_tests::interrupt::{self, Interrupted};

use self::screen::{Paint, Screen};

mod rates;
mod record;
mod rides;
mod screen;
mod script;
mod stage;
mod table;

/// Shows a group of three NICs that keeps its connections while their cables are cut, in about 40 seconds.
///
/// Everything happens in network namespaces of its own, which it removes at the end, and on Ctrl-C. Exits 0 only if no
/// TCP connection was lost.
#[derive(Debug, Parser)]
#[command(name = "demo", bin_name = "cargo xtask demo")]
struct Arguments {}

/// What a shell expects of a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    Arguments::parse();
    if !rustix::process::geteuid().is_root() {
        eprintln!("error: the demonstration makes network namespaces and needs root: run `cargo xtask demo`");
        return ExitCode::FAILURE;
    }
    interrupt::listen();
    let screen = Screen::new();
    match panic::catch_unwind(AssertUnwindSafe(|| script::play(&screen))) {
        Ok(true) => ExitCode::SUCCESS,
        Err(cause) if cause.is::<Interrupted>() || interrupt::requested() => {
            screen.line(&Paint::Faint.on("\ninterrupted: daemon, namespaces and pins are removed"));
            ExitCode::from(INTERRUPTED)
        }
        // Connections were lost; or something broke, which was said when it happened, and unwinding has cleaned up.
        Ok(false) | Err(_) => ExitCode::FAILURE,
    }
}
