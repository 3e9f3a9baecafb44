//! The daemon.

use std::path::PathBuf;

use crate::dataplane::{hook::AttachBy, trace::TraceLevel};

/// What the command line tells the daemon.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// Network namespace to work in, by name or path; `None`: this one.
    pub netns: Option<String>,
    /// Directory of the pins.
    pub pins: PathBuf,
    /// Where to listen.
    pub socket: PathBuf,
    /// What the packet path logs.
    pub trace: TraceLevel,
    /// How programs are attached.
    pub attach_by: AttachBy,
}

/// Runs the daemon until it is told to stop.
pub fn run(options: Options) -> anyhow::Result<()> {
    anyhow::bail!("not built yet: {options:?}")
}
