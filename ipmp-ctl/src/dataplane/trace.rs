//! What the programs log (`daemon --trace-packets LEVEL`), passed on to the daemon's log.

use aya_log::EbpfLogger;
use tokio::io::{Interest, unix::AsyncFd};

/// Levels of `--trace-packets`. A level that is off is cut out of the programs by the verifier and costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum TraceLevel {
    /// Nothing.
    #[default]
    Off,
    /// Packets that were dropped, with the reason.
    Debug,
    /// Every packet.
    Trace,
}

impl TraceLevel {
    /// The number that the programs compare with.
    pub const fn number(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }
}

/// Why the log of a program cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The object has no log ring.
    #[error(transparent)]
    Ring(#[from] aya_log::Error),
    /// The ring cannot be waited for.
    #[error(transparent)]
    Wait(#[from] std::io::Error),
}

/// Passes on what one loaded object logs, until it is dropped.
#[derive(Debug)]
pub struct Trace(tokio::task::JoinHandle<()>);

impl Trace {
    /// Begins to read the log of a loaded object; needs a tokio runtime and a global logger.
    pub fn start(object: &mut aya::Ebpf) -> Result<Self, TraceError> {
        let logger = EbpfLogger::init(object)?;
        // SAFETY: the logger owns its descriptor and keeps it until it is dropped with the `AsyncFd`.
        let ring = unsafe { AsyncFd::register_with_interest(logger, Interest::READABLE) };
        let mut ring = ring.map_err(std::io::Error::from)?;
        Ok(Self(tokio::spawn(async move {
            while let Ok(mut guard) = ring.readable_mut().await {
                guard.get_inner_mut().flush();
                guard.clear_ready();
            }
        })))
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        self.0.abort();
    }
}
