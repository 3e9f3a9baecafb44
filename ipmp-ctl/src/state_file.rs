//! What outlives a daemon beside its pins: a small file beside its control socket. It says where the groups are, for `down`
//! when the daemon is no longer there, and what each of them knew, for the next daemon.
//!
//! The file is replaced whole and by renaming, so nobody ever reads half of one; what is remembered of a group names what
//! it is true of, and is ignored for anything else.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use self::remembered::Remembered;

mod keeper;
pub mod remembered;
#[cfg(test)]
mod tests;

pub use self::keeper::StateKeeper;

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFile {
    /// The argument of `--netns`, a name made absolute.
    pub netns: Option<PathBuf>,
    /// The argument of `--pins`.
    pub pins: PathBuf,
    /// The configuration.
    #[serde(default)]
    pub config: Option<PathBuf>,
    /// The groups that are up.
    pub groups: Vec<String>,
    /// What each of them knew, as [`Remembered`]. A value of another version is not understood, and the rest is.
    #[serde(default)]
    pub memory: BTreeMap<String, serde_json::Value>,
}

impl StateFile {
    /// Its place, beside the socket.
    pub fn path(socket: &Path) -> PathBuf {
        beside(socket, ".state")
    }

    /// Reads the file beside `socket`; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, is not of this version, or belongs to somebody else: in a directory that anyone may write to,
    /// anyone could tell root what to take down.
    pub fn read(socket: &Path) -> io::Result<Option<Self>> {
        let Some(mut file) = open_own(&Self::path(socket))? else { return Ok(None) };
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
        replace(&path, serde_json::to_string(self)?.as_bytes())
    }

    /// What is remembered of a group; `Err` says why it is not understood.
    pub fn remembered(&self, group: &str) -> Result<Option<Remembered>, serde_json::Error> {
        self.memory.get(group).map(Remembered::deserialize).transpose()
    }
}

/// The path of a file beside the socket.
pub fn beside(socket: &Path, suffix: &str) -> PathBuf {
    let mut path = socket.as_os_str().to_owned();
    path.push(suffix);
    PathBuf::from(path)
}

/// Opens a file that this user has written; `None` if there is none.
///
/// # Errors
/// It cannot be opened, or belongs to somebody else.
pub fn open_own(path: &Path) -> io::Result<Option<File>> {
    let file = match File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let owner = file.metadata()?.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "it belongs to another user and is not trusted",
        ));
    }
    Ok(Some(file))
}

/// Puts a file with this content in place of one that may be there.
///
/// # Errors
/// What the file system says.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    // One left by a crash, or put there by somebody else, must not be written through.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(&new)?.write_all(content)?;
    fs::rename(&new, path)
}
