//! What happened: detections, moves, announcements, commands. In memory for those who ask the daemon, and in a file beside
//! its socket for those who ask later; both hold the latest [`KEPT`].

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    time::Instant,
};

use tokio::sync::mpsc;

use crate::{
    hook_program::{HookProgram, RunCounts},
    scribe::Scribe,
};

mod entry;
mod file;
mod limiter;
mod readers;
mod row;
#[cfg(test)]
mod tests;
mod time;

pub use self::{
    entry::{Asker, Entry, now_us},
    file::{path, read},
    row::Row,
    time::local,
};
use self::{limiter::Limiter, readers::Readers};

/// Entries that are kept.
pub const KEPT: usize = 4096;

/// Lines of the file at which all but the latest [`KEPT`] are cut off.
const MOST_LINES: usize = 2 * KEPT;

/// What has happened, and who wants to know at once.
#[derive(Debug)]
pub struct Journal {
    entries: VecDeque<Entry>,
    path: PathBuf,
    lines: usize,
    limiter: Limiter,
    readers: Readers,
    program: HookProgram,
    scribe: Scribe,
}

impl Journal {
    /// Goes on where the last daemon at this socket ended. A file that cannot be read is begun anew.
    pub fn open(socket: &Path, scribe: Scribe) -> Self {
        let path = path(socket);
        let mut journal = Self {
            entries: VecDeque::new(),
            path,
            lines: 0,
            limiter: Limiter::default(),
            readers: Readers::default(),
            program: HookProgram::default(),
            scribe,
        };
        match file::load(&journal.path) {
            Ok(Some(loaded)) => {
                journal.lines = loaded.lines;
                journal.entries = loaded.entries.into();
                if !loaded.is_clean {
                    journal.cut();
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(
                "{}: {error}: the history of the last daemon is not shown",
                journal.path.display()
            ),
        }
        journal
    }

    /// Takes an entry in, unless there have been too many of its group and interface of late; whether it has.
    pub fn note(&mut self, entry: Entry, now: Instant) -> bool {
        let key = (entry.group.clone(), entry.interface.clone());
        let Some(left_out) = self.limiter.admit(key, now) else { return false };
        if left_out > 0 {
            self.write(Entry::more(entry.group.clone(), entry.interface.clone(), left_out));
        }
        self.write(entry);
        true
    }

    /// Says how many were left out, where things have calmed down.
    pub fn tell_left_out(&mut self, now: Instant) {
        for ((group, interface), left_out) in self.limiter.calmed(now) {
            let entry = Entry::more(group, interface, left_out);
            tracing::info!(group = entry.group, "{}", entry.text);
            self.write(entry);
        }
    }

    /// The program that is told of each entry.
    pub const fn program(&mut self) -> &mut HookProgram {
        &mut self.program
    }

    /// What became of the events that the program was to be told of; `None`: there is no program.
    pub fn program_counts(&self) -> Option<RunCounts> {
        self.program.program().map(|_| self.program.counts())
    }

    /// All that is known, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// All that is to come; `None` if too many are waiting for that already.
    pub fn follow(&mut self) -> Option<mpsc::Receiver<Entry>> {
        self.readers.add()
    }

    fn write(&mut self, entry: Entry) {
        self.readers.tell(&entry);
        self.program.tell(&entry);
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        let line = file::line(&entry);
        self.entries.push_back(entry);
        self.lines += 1;
        if self.lines > MOST_LINES {
            self.cut();
        } else {
            self.scribe.append(self.path.clone(), line);
        }
    }

    /// Writes the file anew with what is kept.
    fn cut(&mut self) {
        self.lines = self.entries.len();
        self.scribe.replace(self.path.clone(), self.entries.iter().map(file::line).collect());
    }
}
