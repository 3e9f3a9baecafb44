//! Files that are there whole, or not at all, also after the power has gone.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

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
        self.beside(".next")
    }

    /// The configuration that was, or that the way back leads to.
    pub fn back(&self) -> PathBuf {
        self.beside(".back")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = OsString::from(&self.config);
        name.push(suffix);
        name.into()
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

    /// Removes what an adoption needs no more. The way back, of which all else is an appendage, must be gone.
    pub fn tidy(&self) {
        for path in [self.next(), self.back()] {
            // A leftover that cannot be removed does no harm: the next adoption writes over it.
            drop(fs::remove_file(path));
        }
    }
}

/// Writes a file that only root may read, in place of one that may be there.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    write(&new, content, Permissions::from_mode(0o600))?;
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
