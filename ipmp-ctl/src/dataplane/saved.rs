//! Old values of kernel settings, kept in a pinned map: they outlive the daemon.

use std::{io, path::Path};

use aya::maps::{HashMap, MapData};
use ipmp_common::{SettingValue, layout::names};

use super::tables::{self, TableError};
use crate::kernel::settings::{SavedStore, SavedValue, SettingKey};

/// The `saved_settings` map of a group.
pub struct SavedMap<'a>(pub &'a mut HashMap<MapData, ipmp_common::SettingKey, SettingValue>);

/// The same map, opened once more: for another thread.
pub struct OwnSavedMap(HashMap<MapData, ipmp_common::SettingKey, SettingValue>);

impl OwnSavedMap {
    /// Opens the map pinned in `pins`.
    pub fn open(pins: &Path) -> Result<Self, TableError> {
        tables::open(pins, names::SAVED_SETTINGS).map(Self)
    }

    /// The map.
    pub const fn map(&mut self) -> SavedMap<'_> {
        SavedMap(&mut self.0)
    }
}

fn key(key: SettingKey) -> ipmp_common::SettingKey {
    ipmp_common::SettingKey { ifindex: key.ifindex, setting: key.setting as u32 }
}

impl SavedStore for SavedMap<'_> {
    fn get(&self, setting: SettingKey) -> Option<SavedValue> {
        let value = self.0.get(&key(setting), 0).ok()?;
        Some(SavedValue { old: value.old, ours: value.written })
    }

    fn put(&mut self, setting: SettingKey, value: SavedValue) -> io::Result<()> {
        let value = SettingValue { old: value.old, written: value.ours };
        self.0.insert(key(setting), value, 0).map_err(io::Error::other)
    }

    fn remove(&mut self, setting: SettingKey) {
        // An absent one is as good as removed.
        drop(self.0.remove(&key(setting)));
    }
}
