//! The file: an entry a line, as JSON.

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::{Entry, KEPT};
use crate::state_file::{beside, open_own};

/// Size beyond which a file is not read, in bytes: far more than entries take.
const LONGEST: u64 = 64 << 20;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    /// The latest entries, oldest first.
    pub(super) entries: Vec<Entry>,
    /// Lines of the file.
    pub(super) lines: usize,
    /// Whether every line is an entry and the last one has an end.
    pub(super) is_clean: bool,
}

/// Its place, beside the socket.
pub fn path(socket: &Path) -> PathBuf {
    beside(socket, ".events")
}

/// The latest entries in the file beside `socket`, oldest first; `None` if there is none.
///
/// # Errors
/// It cannot be read, or belongs to somebody else.
pub fn read(socket: &Path) -> io::Result<Option<Vec<Entry>>> {
    Ok(load(&path(socket))?.map(|loaded| loaded.entries))
}

/// An entry as a line.
pub(super) fn line(entry: &Entry) -> String {
    // Text and numbers: there is nothing in it that JSON has not.
    let mut line = serde_json::to_string(entry).unwrap_or_default();
    line.push('\n');
    line
}

/// Reads the file. Lines that are no entries, such as the last one of a daemon that was killed while it wrote, are passed
/// over.
pub(super) fn load(path: &Path) -> io::Result<Option<Loaded>> {
    let Some(file) = open_own(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut loaded = Loaded { is_clean: text.is_empty() || text.ends_with('\n'), ..Loaded::default() };
    for line in text.lines() {
        loaded.lines += 1;
        match serde_json::from_str(line) {
            Ok(entry) => loaded.entries.push(entry),
            Err(_) => loaded.is_clean = false,
        }
    }
    let surplus = loaded.entries.len().saturating_sub(KEPT);
    loaded.entries.drain(..surplus);
    Ok(Some(loaded))
}
