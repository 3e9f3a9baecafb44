//! Where a daemon's groups are, for `down` when the daemon is no longer there: a small file beside its control socket.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::MetadataExt as _,
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
    /// It cannot be read, is not of this version, or belongs to somebody else: in a directory that anyone may write to,
    /// anyone could tell root what to take down.
    pub fn read(socket: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(Self::path(socket)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if file.metadata()?.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "it belongs to another user and is not trusted",
            ));
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok(Some(serde_json::from_str(&text)?))
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
        // One left by a crash, or put there by somebody else, must not be written through.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::create_new(&new)?.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
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
