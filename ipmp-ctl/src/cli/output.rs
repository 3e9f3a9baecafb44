//! What commands print.

use std::io::{self, ErrorKind, Write as _};

use anyhow::Context as _;
use ipmp_ctl::control::protocol::Reply;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde::Serialize;

/// Prints `text` on standard output. A reader who has seen enough and closed the pipe is no failure.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    print_on(text).map(drop)
}

/// The same for one of many texts: whether somebody reads on.
pub(super) fn print_on(text: &str) -> anyhow::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        outcome => outcome.map(|()| true).context("cannot write to standard output"),
    }
}

/// Whether standard output is a pipe or socket that nobody reads any more.
pub(super) fn is_reader_gone() -> bool {
    let stdout = io::stdout();
    let mut polled = [PollFd::new(&stdout, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut polled, Some(&at_once)).is_ok() && polled[0].revents().contains(PollFlags::ERR)
}

/// Prints `value` as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    print(&(serde_json::to_string(value)? + "\n"))
}

/// Prints `text` on standard error; it does not matter if nobody reads it.
pub(super) fn complain(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

/// Prints a warning on standard error.
pub(super) fn warn(text: &str) {
    complain(&format!("ipmp-ctl: warning: {text}"));
}

/// The error for a reply to something that was not asked.
pub(super) fn misplaced(reply: &Reply) -> anyhow::Error {
    anyhow::anyhow!("the daemon answered something else ({reply:?}): are both of the same version?")
}
