//! The files of a host.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A file system, from its root. Paths within it are absolute, as people know them.
#[derive(Clone, Debug)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// That below a directory.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Where a path is to be opened.
    pub fn place(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether there is something at this path.
    pub fn has(&self, path: &str) -> bool {
        self.place(path).symlink_metadata().is_ok()
    }

    /// Whether this is a link to somewhere else.
    pub fn is_link(&self, path: &str) -> bool {
        self.place(path).symlink_metadata().is_ok_and(|about| about.is_symlink())
    }

    /// The text of a file; `None`: it is not there, or not to be read.
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read(self.place(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The paths of the files in a directory, by name; empty if there is no such directory.
    pub fn list(&self, directory: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.place(directory)) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut paths: Vec<_> =
            names.map(|name| format!("{}/{name}", directory.trim_end_matches('/'))).collect();
        paths.sort();
        paths
    }

    /// The files of several directories as systemd reads them: by name, and of equal names that of the first directory.
    pub fn merged(&self, directories: &[&str], suffix: &str) -> Vec<String> {
        let mut by_name = BTreeMap::new();
        for path in directories.iter().flat_map(|directory| self.list(directory)) {
            if path.ends_with(suffix) {
                by_name.entry(name_of(&path).to_owned()).or_insert(path);
            }
        }
        by_name.into_values().collect()
    }

    /// Whether systemd starts a service when the host boots.
    pub fn is_enabled(&self, unit: &str) -> bool {
        let directories = self.list("/etc/systemd/system").into_iter();
        let mut wants =
            directories.filter(|path| path.rsplit_once('.').is_some_and(|(_, kind)| kind == "wants"));
        wants.any(|directory| self.has(&format!("{directory}/{unit}")))
    }
}

/// The name of a file.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
