//! Keeps the state file of a running daemon true.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    StateFile,
    remembered::{Identity, Remembered},
};
use crate::{engine::memory::Memory, scribe::Scribe};

/// What a running daemon wants the file to say.
#[derive(Debug)]
pub struct StateKeeper {
    state: StateFile,
    socket: PathBuf,
    /// What was last written down of each group.
    known: BTreeMap<String, (Identity, Memory)>,
    /// What the last daemon has written down.
    past: BTreeMap<String, serde_json::Value>,
    scribe: Scribe,
}

impl StateKeeper {
    /// For a daemon that listens at `socket`. Nothing is written yet.
    pub fn new(netns: Option<PathBuf>, pins: PathBuf, socket: PathBuf, scribe: Scribe) -> Self {
        let past = match StateFile::read(&socket) {
            Ok(state) => state.map(|state| state.memory).unwrap_or_default(),
            Err(error) => {
                let path = StateFile::path(&socket);
                tracing::warn!("{}: {error}: it is ignored", path.display());
                BTreeMap::new()
            }
        };
        // It stays in the file until the group is recalled and has something newer to say.
        let state = StateFile { netns, pins, memory: past.clone(), ..StateFile::default() };
        Self { state, socket, known: BTreeMap::new(), past, scribe }
    }

    /// The same of a daemon with this configuration.
    #[must_use]
    pub fn configured_by(mut self, config: &Path) -> Self {
        self.state.config = Some(std::path::absolute(config).unwrap_or_else(|_| config.to_owned()));
        self
    }

    /// What the last daemon has written down of a group, if it is true of this one.
    pub fn recall(&mut self, group: &str, of: &Identity) -> Option<Remembered> {
        let value = self.past.remove(group)?;
        let ignored = |why: &str| {
            tracing::warn!(
                group,
                "what the last daemon knew of the group is ignored: {why}; its members are judged anew"
            );
        };
        match serde_json::from_value::<Remembered>(value) {
            Ok(remembered) => match of.differs(&remembered.of) {
                None => Some(remembered),
                Some(why) => {
                    ignored(why);
                    None
                }
            },
            Err(error) => {
                ignored(&error.to_string());
                None
            }
        }
    }

    /// Writes down which groups are up, and waits until that is done. The daemon goes on without the file; the operator is
    /// told.
    pub fn groups_are(&mut self, groups: Vec<String>) {
        self.known.retain(|name, _| groups.contains(name));
        self.state.memory.retain(|name, _| groups.contains(name) || self.past.contains_key(name));
        self.state.groups = groups;
        self.write();
        self.scribe.wait();
    }

    /// Writes down what a group knows, if that is news.
    pub fn remember(&mut self, group: &str, of: &Identity, memory: Memory) {
        if self.known.get(group).is_some_and(|known| known.0 == *of && known.1 == memory) {
            return;
        }
        self.known.insert(group.to_owned(), (of.clone(), memory.clone()));
        // Numbers, text, lists and maps by text: there is nothing in it that JSON has not.
        let Ok(value) = serde_json::to_value(Remembered::new(of.clone(), memory)) else { return };
        self.state.memory.insert(group.to_owned(), value);
        self.write();
    }

    /// Has the scribe write the file.
    fn write(&self) {
        self.scribe.state(self.socket.clone(), self.state.clone());
    }
}
