//! The commands' end of the control socket.

use std::{
    io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _},
    marker::PhantomData,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;

use super::protocol::{Event, ProbeLine, Reply, Request};

#[cfg(test)]
mod tests;

/// How long the daemon may take to apply a configuration: it makes programs ready and waits for the kernel.
const RELOAD_PATIENCE: Duration = Duration::from_mins(2);
/// How long an operator may take to confirm, and then some.
const CONFIRM_PATIENCE: Duration = Duration::from_mins(65);
/// How long the daemon may take otherwise.
const PATIENCE: Duration = Duration::from_secs(10);
/// Size beyond which a reply is not read on, in bytes: 64 groups of 64 members are far below.
const LONGEST: usize = 16 << 20;

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("cannot contact the daemon at {}: is it running?", .socket.display())]
    NotRunning {
        /// Where.
        socket: PathBuf,
    },
    /// The socket cannot be used.
    #[error("cannot talk to the daemon at {}", .socket.display())]
    Socket {
        /// Where.
        socket: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// No whole reply in time.
    #[error("the daemon at {} did not answer within {} s: it is busy or hangs, see its log", .socket.display(), .after.as_secs())]
    Timeout {
        /// Where.
        socket: PathBuf,
        /// How long it had.
        after: Duration,
    },
    /// The connection ended before a whole reply.
    #[error("the daemon at {} closed the connection without an answer: see its log", .socket.display())]
    NoReply {
        /// Where.
        socket: PathBuf,
    },
    /// The reply makes no sense.
    #[error("the daemon at {} answered what this ipmp-ctl does not understand: are both of the same version?", .socket.display())]
    BadReply {
        /// Where.
        socket: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Asks the daemon that listens at `socket`, and waits for its answer.
pub fn ask(socket: &Path, request: &Request) -> Result<Reply, ClientError> {
    let patience = match request {
        Request::Reload | Request::Adopt(_) | Request::Release(_) => RELOAD_PATIENCE,
        Request::Confirm { wait: true } => CONFIRM_PATIENCE,
        _ => PATIENCE,
    };
    ask_within(socket, request, patience)
}

fn ask_within(socket: &Path, request: &Request, patience: Duration) -> Result<Reply, ClientError> {
    let named = || socket.to_owned();
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ClientError::NotRunning { socket: named() },
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            ClientError::Timeout { socket: named(), after: patience }
        }
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            ClientError::NoReply { socket: named() }
        }
        _ => ClientError::Socket { socket: named(), source: error },
    };
    let line = exchange(socket, request, patience).map_err(failed)?;
    serde_json::from_slice(&line).map_err(|source| ClientError::BadReply { socket: named(), source })
}

/// Lines that the daemon goes on writing.
#[derive(Debug)]
pub struct Lines<T> {
    socket: PathBuf,
    reader: BufReader<UnixStream>,
    of: PhantomData<T>,
}

/// Why no lines are seen, or no more.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The daemon says why.
    #[error("{0}")]
    Refused(String),
    /// The daemon cannot be asked, or is gone.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// Asks the daemon that listens at `socket` for every probe from now on.
pub fn watch_probes(socket: &Path) -> Result<Lines<ProbeLine>, ClientError> {
    watch(socket, &Request::Probes)
}

/// Asks the daemon that listens at `socket` for what happened, and with `follow` for what happens from now on.
pub fn events(socket: &Path, follow: bool) -> Result<Lines<Event>, ClientError> {
    watch(socket, &Request::Events { follow })
}

fn watch<T>(socket: &Path, request: &Request) -> Result<Lines<T>, ClientError> {
    let named = || socket.to_owned();
    let connect = || {
        let mut stream = UnixStream::connect(socket)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut question = serde_json::to_vec(request)?;
        question.push(b'\n');
        stream.write_all(&question).map(|()| stream)
    };
    match connect() {
        Ok(stream) => Ok(Lines { socket: named(), reader: BufReader::new(stream), of: PhantomData }),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            Err(ClientError::NotRunning { socket: named() })
        }
        Err(source) => Err(ClientError::Socket { socket: named(), source }),
    }
}

impl<T: DeserializeOwned> Lines<T> {
    /// Waits for the next line; `None`: there are no more.
    pub fn next_line(&mut self) -> Result<Option<T>, WatchError> {
        let socket = || self.socket.clone();
        let mut text = String::new();
        match self.reader.by_ref().take(LONGEST as u64).read_line(&mut text) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(source) => return Err(ClientError::Socket { socket: socket(), source }.into()),
        }
        if let Ok(Reply::Refused { reason }) = serde_json::from_str(&text) {
            return Err(WatchError::Refused(reason));
        }
        let line = serde_json::from_str(&text);
        line.map(Some).map_err(|source| ClientError::BadReply { socket: socket(), source }.into())
    }
}

/// Sends one line, receives one.
fn exchange(socket: &Path, request: &Request, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + patience;
    let mut stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(patience))?;
    let mut question = serde_json::to_vec(request)?;
    question.push(b'\n');
    stream.write_all(&question)?;

    let mut line = Vec::new();
    let mut chunk = [0; 8192];
    while line.len() < LONGEST {
        // The time-out of a socket is for one read; a daemon that dribbles must not stretch it.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let length = match stream.read(&mut chunk) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let end = chunk[..length].iter().position(|&byte| byte == b'\n');
        line.extend_from_slice(&chunk[..end.unwrap_or(length)]);
        if end.is_some() {
            return Ok(line);
        }
    }
    Err(io::Error::other("the answer has no end"))
}
