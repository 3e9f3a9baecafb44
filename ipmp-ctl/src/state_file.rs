//! Where a daemon's groups are, for `down` when the daemon is no longer there: a small file beside its control socket.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// The argument of `--netns`, a name made absolute.
    pub netns: Option<PathBuf>,
    /// The argument of `--pins`.
    pub pins: PathBuf,
    /// The groups that are up.
    pub groups: Vec<String>,
}

impl StateFile {
    /// Its place, beside the socket.
    pub fn path(socket: &Path) -> PathBuf {
        let mut path = socket.as_os_str().to_owned();
        path.push(".state");
        PathBuf::from(path)
    }

    /// Reads the file beside `socket`; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or is not of this version.
    pub fn read(socket: &Path) -> io::Result<Option<Self>> {
        match fs::read_to_string(Self::path(socket)) {
            Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the file beside `socket`, or removes it when no group is left. Whoever reads meanwhile sees the old one or
    /// the new one.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, socket: &Path) -> io::Result<()> {
        let path = Self::path(socket);
        if self.groups.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let mut new = path.clone().into_os_string();
        new.push(".new");
        fs::write(&new, serde_json::to_string_pretty(self)?)?;
        fs::rename(&new, &path)
    }
}

/// Keeps the file of a running daemon true.
#[derive(Debug)]
pub struct StateKeeper {
    state: StateFile,
    socket: PathBuf,
}

impl StateKeeper {
    /// For a daemon that listens at `socket`. Nothing is written yet.
    pub fn new(netns: Option<PathBuf>, pins: PathBuf, socket: PathBuf) -> Self {
        Self { state: StateFile { netns, pins, groups: Vec::new() }, socket }
    }

    /// Writes down which groups are up. The daemon goes on without the file; the operator is told.
    pub fn groups_are(&mut self, groups: Vec<String>) {
        self.state.groups = groups;
        if let Err(error) = self.state.write(&self.socket) {
            let path = StateFile::path(&self.socket);
            tracing::warn!(
                "{}: {error}; `ipmp-ctl down` without a daemon will need --netns and --pins",
                path.display()
            );
        }
    }
}
