//! `daemon`.

use std::path::PathBuf;

use ipmp_ctl::daemon::{self, Options};

use super::{DaemonArgs, log};

/// Runs the daemon until it is told to stop.
pub(super) fn run(args: DaemonArgs, socket: PathBuf) -> anyhow::Result<()> {
    let DaemonArgs { config, netns, pins, trace_packets, attach } = args;
    log::start(trace_packets)?;
    daemon::run(&Options { config, netns, pins, socket, trace: trace_packets, attach_by: attach })
}
