//! The daemon's log, on standard error.

use std::{
    env,
    io::{self, IsTerminal as _},
};

use ipmp_ctl::dataplane::trace::TraceLevel;
use tracing_subscriber::{EnvFilter, filter::LevelFilter, util::SubscriberInitExt as _};

/// Begins to log. `RUST_LOG` says what, as everywhere in Rust; without it, what an operator should know, and what the
/// packet path logs.
pub(super) fn start(trace: TraceLevel) -> anyhow::Result<()> {
    let packet_path = match trace {
        TraceLevel::Off => LevelFilter::INFO,
        TraceLevel::Debug => LevelFilter::DEBUG,
        TraceLevel::Trace => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env()
        .map_err(|error| anyhow::anyhow!("RUST_LOG is not understood: {error}"))?
        .add_directive(format!("ipmp_ebpf={packet_path}").parse()?);
    let log = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter)
        .with_target(false);
    // The journal has times of its own.
    if env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().finish().try_init()?;
    } else {
        log.finish().try_init()?;
    }
    Ok(())
}
