//! What is going on, on standard error.

use std::{
    io::{IsTerminal, Write, stderr},
    time::Duration,
};

/// A line for every so many steps where there is no terminal.
const EVERY: u32 = 10;

/// The current state, in a line that is written over on a terminal.
pub(super) struct Progress {
    terminal: bool,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { terminal: stderr().is_terminal() }
    }

    /// Something that is said once.
    pub(super) fn say(&self, what: &str) {
        self.clear();
        eprintln!("{what}");
    }

    /// Step `done` of `all`, after so much time.
    pub(super) fn step(&self, what: &str, done: u32, all: u32, spent: Duration) {
        if self.terminal {
            eprint!("\r\x1b[K[{}] {what}: {done} of {all}", clock(spent));
            // A terminal that is gone is no reason to stop.
            let _ = stderr().flush();
        } else if done.is_multiple_of(EVERY) || done == all {
            eprintln!("[{}] {what}: {done} of {all}", clock(spent));
        }
    }

    /// Takes the current line away.
    pub(super) fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{:02}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
