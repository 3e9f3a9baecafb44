//! What was edited, written down beside the configuration: `ipmp.toml.persisted`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{edit::Edit, tree::Tree};
use crate::adopt::files::{self, Files};

/// Why something could not be edited. Nothing has been changed then.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; nothing has been changed", path.display())]
pub struct EditError {
    path: PathBuf,
    source: io::Error,
}

/// The edits, by group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Record {
    groups: BTreeMap<String, Vec<Edit>>,
}

impl Record {
    fn read(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            text => Ok(serde_json::from_slice(&text?)?),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        if self.groups.is_empty() {
            files::remove(path)
        } else {
            files::replace(path, &serde_json::to_vec_pretty(self)?)
        }
    }
}

/// Sees whether all of it could be written. Leaves nothing.
///
/// # Errors
/// The first that could not.
pub fn try_out(tree: &Tree, edits: &[Edit]) -> Result<(), EditError> {
    edits.iter().try_for_each(|edit| {
        edit.try_out(tree).map_err(|source| EditError { path: edit.path.clone(), source })
    })
}

/// Writes all of it, or nothing.
///
/// # Errors
/// A file could not be written; those before it are as they were.
pub fn apply(tree: &Tree, files: &Files, group: &str, edits: &[Edit]) -> Result<(), EditError> {
    let path = files.persisted();
    let failed = |source| EditError { path: path.clone(), source };
    let known = Record::read(&path).map_err(failed)?;
    let mut record = known.clone();
    let of_group = record.groups.entry(group.to_owned()).or_default();
    // What is changed a second time goes back to what it was before the first.
    for edit in edits {
        match of_group.iter_mut().find(|known| known.path == edit.path) {
            Some(known) => known.after.clone_from(&edit.after),
            None => of_group.push(edit.clone()),
        }
    }
    // Written first: whatever happens, what was there is known.
    record.write(&path).map_err(failed)?;
    for (number, edit) in edits.iter().enumerate() {
        if let Err(source) = edit.apply(tree) {
            for done in edits[..number].iter().rev() {
                drop(done.undo(tree));
            }
            drop(known.write(&path));
            return Err(EditError { path: edit.path.clone(), source });
        }
    }
    Ok(())
}

/// Puts back what was edited for a group. Returns a line for each file: what became of it. Empty: nothing was edited.
///
/// # Errors
/// A file could not be written; it stays in the record, and the next call begins there.
pub fn undo(tree: &Tree, files: &Files, group: &str) -> io::Result<Vec<String>> {
    let path = files.persisted();
    let named =
        |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut record = Record::read(&path).map_err(|error| named(&path, error))?;
    let Some(edits) = record.groups.remove(group) else { return Ok(Vec::new()) };
    let mut said = Vec::new();
    for edit in edits.iter().rev() {
        let shown = edit.path.display();
        said.push(match (edit.undo(tree).map_err(|error| named(&edit.path, error))?, &edit.before) {
            (false, _) => format!("{shown} has been changed by somebody since, and is left as it is"),
            (true, None) => format!("{shown} is removed"),
            (true, Some(_)) => format!("{shown} is as it was"),
        });
    }
    record.write(&path).map_err(|error| named(&path, error))?;
    Ok(said)
}
