//! A file that is written, and what was there before.

use std::{
    fmt, fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::tree::Tree;
use crate::adopt::files;

/// A change of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The file, within its tree.
    pub path: PathBuf,
    /// Its text before; `None`: there was no such file.
    pub before: Option<String>,
    /// Its text after.
    pub after: String,
    /// Who may read it, if it is new.
    pub mode: u32,
    /// What it is good for.
    pub purpose: String,
}

impl Edit {
    /// A new file, or one in place of another.
    pub(super) fn of(tree: &Tree, path: &str, after: String, mode: u32, purpose: String) -> Self {
        Self { path: PathBuf::from(path), before: tree.read(path), after, mode, purpose }
    }

    /// Whether it could be done: directory and space are there. Leaves nothing.
    pub(super) fn try_out(&self, tree: &Tree) -> io::Result<()> {
        let place = self.place(tree);
        let directories = missing_directories(&place);
        let trial = place.with_file_name(".ipmp-trial");
        let tried =
            make(&directories).and_then(|()| files::replace_with_mode(&trial, self.after.as_bytes(), 0o600));
        drop(fs::remove_file(trial));
        // The innermost first.
        directories.iter().rev().for_each(|directory| drop(fs::remove_dir(directory)));
        tried
    }

    /// Does it. A link is written to where it leads.
    pub(super) fn apply(&self, tree: &Tree) -> io::Result<()> {
        let place = self.place(tree);
        make(&missing_directories(&place))?;
        files::replace_with_mode(&place, self.after.as_bytes(), self.mode_at(&place))
    }

    /// Puts back what was there. `false`: somebody has changed the file since, and it is left alone.
    pub(super) fn undo(&self, tree: &Tree) -> io::Result<bool> {
        let place = self.place(tree);
        let present = match fs::read_to_string(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            present => Some(present?),
        };
        if present == self.before {
            return Ok(true);
        }
        if present.as_ref() != Some(&self.after) {
            return Ok(false);
        }
        match &self.before {
            Some(before) => files::replace_with_mode(&place, before.as_bytes(), self.mode_at(&place))?,
            None => files::remove(&place)?,
        }
        Ok(true)
    }

    fn place(&self, tree: &Tree) -> PathBuf {
        let place = tree.place(&self.path.to_string_lossy());
        fs::canonicalize(&place).unwrap_or(place)
    }

    fn mode_at(&self, place: &Path) -> u32 {
        fs::metadata(place).map_or(self.mode, |about| about.permissions().mode() & 0o7777)
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.before.is_some() { "change" } else { "write" };
        write!(f, "{verb} {}: {}", self.path.display(), self.purpose)
    }
}

/// The directories above a file that are not there, from the outermost on.
fn missing_directories(of: &Path) -> Vec<PathBuf> {
    let above = of.ancestors().skip(1).take_while(|directory| !directory.exists());
    let mut missing: Vec<_> = above.map(Path::to_owned).collect();
    missing.reverse();
    missing
}

fn make(directories: &[PathBuf]) -> io::Result<()> {
    directories.iter().try_for_each(fs::create_dir)
}
