//! The daemon's log: on standard error, or in the journal if that is where standard error goes.

use std::{
    env,
    io::{self, IsTerminal as _},
};

use ipmp_ctl::dataplane::trace::TraceLevel;
use rustix::fs::fstat;
use tracing_subscriber::{
    EnvFilter, Registry, filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

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
    if is_journal() {
        // Fields of their own: `journalctl GROUP=ipmp0`.
        let journal =
            tracing_journald::layer()?.with_field_prefix(None).with_syslog_identifier("ipmp-ctl".to_owned());
        Registry::default().with(filter).with(journal).try_init()?;
    } else {
        tracing_subscriber::fmt()
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_env_filter(filter)
            .with_target(false)
            .finish()
            .try_init()?;
    }
    Ok(())
}

/// Whether standard error goes to the journal: the service manager says which file that would be.
fn is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else { return false };
    fstat(io::stderr()).is_ok_and(|file| stream == format!("{}:{}", file.st_dev, file.st_ino))
}
