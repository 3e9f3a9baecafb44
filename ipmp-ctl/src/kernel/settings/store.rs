//! Where old values are kept.

use std::{collections::BTreeMap, io};

use super::Setting;

/// A setting of an interface. The index and not the name: an interface may be renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingKey {
    /// The interface.
    pub ifindex: u32,
    /// The setting.
    pub setting: Setting,
}

/// What a setting was and what we made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedValue {
    /// Its value before us.
    pub old: u32,
    /// The value that we wrote.
    pub ours: u32,
}

/// Keeps old values. The daemon's is a pinned map, which outlives it.
pub trait SavedStore {
    /// What is saved of a setting.
    fn get(&self, key: SettingKey) -> Option<SavedValue>;
    /// Saves. After an error nothing is changed on the interface.
    fn put(&mut self, key: SettingKey, value: SavedValue) -> io::Result<()>;
    /// Forgets; fine if there is nothing.
    fn remove(&mut self, key: SettingKey);
}

/// A store that goes with the process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore(BTreeMap<SettingKey, SavedValue>);

impl MemoryStore {
    /// Whether nothing is saved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl SavedStore for MemoryStore {
    fn get(&self, key: SettingKey) -> Option<SavedValue> {
        self.0.get(&key).copied()
    }

    fn put(&mut self, key: SettingKey, value: SavedValue) -> io::Result<()> {
        self.0.insert(key, value);
        Ok(())
    }

    fn remove(&mut self, key: SettingKey) {
        self.0.remove(&key);
    }
}
