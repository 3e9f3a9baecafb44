//! Files that are there whole, or not at all, also after the power has gone.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// What a file is called until it is whole.
const NEW: &str = ".new";

/// The configuration with the files of an adoption beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The configuration.
    pub config: PathBuf,
}

impl Files {
    /// Those of the configuration at `config`, or of the file that it is a link to.
    pub fn new(config: &Path) -> Self {
        Self { config: fs::canonicalize(config).unwrap_or_else(|_| config.to_owned()) }
    }

    /// The way back.
    pub fn way_back(&self) -> PathBuf {
        self.beside(".way-back")
    }

    /// The configuration that is to be.
    pub fn next(&self) -> PathBuf {
        self.beside(".adopting")
    }

    /// The configuration that was, or that the way back leads to.
    pub fn back(&self) -> PathBuf {
        self.beside(".returning")
    }

    /// The configuration as somebody had edited it before it was put back.
    pub fn edited(&self) -> PathBuf {
        self.beside(".edited")
    }

    /// What was edited in the configuration of other network software.
    pub fn persisted(&self) -> PathBuf {
        self.beside(".persisted")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.config, suffix)
    }

    /// Writes a text as readable as the configuration is, so that it can take its place by a mere renaming.
    pub fn write_like_config(&self, path: &Path, text: &str) -> io::Result<()> {
        let metadata = fs::metadata(&self.config)?;
        write(path, text.as_bytes(), metadata.permissions())?;
        // Who may read it counts; who owns it is a courtesy.
        let (uid, gid) =
            (std::os::unix::fs::MetadataExt::uid(&metadata), std::os::unix::fs::MetadataExt::gid(&metadata));
        drop(std::os::unix::fs::chown(path, Some(uid), Some(gid)));
        sync_directory(path)
    }

    /// Keeps the configuration under another name if it is none of these texts. That name. Takes no space, of which there may be
    /// none.
    pub fn keep_edited(&self, known: &[&str]) -> io::Result<Option<PathBuf>> {
        let present = match fs::read(&self.config) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            present => present?,
        };
        if known.iter().any(|text| text.as_bytes() == present) {
            return Ok(None);
        }
        let edited = self.edited();
        remove(&edited)?;
        // Not every file may be linked, and not everywhere. Until there is another configuration, the way back is there.
        fs::hard_link(&self.config, &edited).or_else(|_| fs::rename(&self.config, &edited))?;
        sync_directory(&edited)?;
        Ok(Some(edited))
    }

    /// Removes what an adoption needs no more. The way back, of which all else is an appendage, must be gone.
    pub fn tidy(&self) {
        for path in [self.next(), self.back(), beside(&self.way_back(), NEW)] {
            // A leftover that cannot be removed does no harm: the next adoption writes over it.
            drop(fs::remove_file(path));
        }
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Writes a file that only root may read, in place of one that may be there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with_mode(path, content, 0o600)
}

/// Writes a file of this mode, in place of one that may be there.
pub fn replace_with_mode(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let new = beside(path, NEW);
    write(&new, content, Permissions::from_mode(mode))?;
    rename(&new, path)
}

/// Renames a file.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_directory(to)
}

/// Removes a file; fine if there is none.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_directory(path),
    }
}

fn write(path: &Path, content: &[u8], permissions: Permissions) -> io::Result<()> {
    // One left by a crash, or a link put there by somebody else, must not be written through.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let written = file
        .write_all(content)
        .and_then(|()| file.set_permissions(permissions))
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is of no use to anybody, and takes space that may be short.
        drop(fs::remove_file(path));
    }
    written
}

fn sync_directory(of: &Path) -> io::Result<()> {
    let parent = of.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}
