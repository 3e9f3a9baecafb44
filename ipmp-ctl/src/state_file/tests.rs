use super::{remembered::Identity, *};
use crate::engine::memory::Memory;

/// A directory of its own, removed in the end.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ipmp-state-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }

    fn keeper(&self) -> StateKeeper {
        let scribe = crate::scribe::Scribe::start().unwrap();
        StateKeeper::new(None, "/pins".into(), self.socket(), scribe)
    }

    /// The file as a daemon leaves it that has a group `ipmp0` of interface 7.
    fn written(&self) -> StateFile {
        let mut keeper = self.keeper();
        keeper.groups_are(vec!["ipmp0".to_owned()]);
        keeper.remember("ipmp0", &Identity::new(1, 7), known());
        drop(keeper);
        StateFile::read(&self.socket()).unwrap().unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn known() -> Memory {
    Memory { candidates: vec!["e0".to_owned()], unusable_told: true, ..Memory::default() }
}

#[test]
fn what_was_written_down_is_recalled_once_and_by_its_own_group_only() {
    let place = Place::new("recall");
    place.written();
    let recall = |of: &Identity, group: &str| place.keeper().recall(group, of).map(|found| found.memory);
    assert_eq!(recall(&Identity::new(1, 7), "ipmp0"), Some(known()));
    assert_eq!(recall(&Identity::new(1, 7), "ipmp1"), None);
    assert_eq!(recall(&Identity::new(1, 8), "ipmp0"), None, "another interface");
    assert_eq!(recall(&Identity::new(2, 7), "ipmp0"), None, "another namespace");
}

#[test]
fn nothing_is_recalled_of_another_start_version_or_layout_but_where_the_groups_are() {
    let place = Place::new("versions");
    for field in ["boot", "version", "layout"] {
        let mut state = place.written();
        let value = state.memory.get_mut("ipmp0").unwrap();
        value["of"][field] = if field == "boot" { "other".into() } else { 4_000_000.into() };
        state.write(&place.socket()).unwrap();
        assert_eq!(place.keeper().recall("ipmp0", &Identity::new(1, 7)), None, "{field}");
        assert_eq!(StateFile::read(&place.socket()).unwrap().unwrap().groups, ["ipmp0"]);
    }
}

#[test]
fn a_file_that_makes_no_sense_is_as_none() {
    let place = Place::new("garbage");
    let whole = serde_json::to_string(&place.written()).unwrap();
    for text in ["", "{", "null", "\0\0\0", &whole[..whole.len() / 2]] {
        fs::write(StateFile::path(&place.socket()), text).unwrap();
        assert_eq!(place.keeper().recall("ipmp0", &Identity::new(1, 7)), None, "{text:?}");
    }
    let strange = whole.replace("\"candidates\":[", "\"candidates\":[7,");
    assert_ne!(strange, whole);
    fs::write(StateFile::path(&place.socket()), strange).unwrap();
    assert_eq!(place.keeper().recall("ipmp0", &Identity::new(1, 7)), None);
    assert!(StateFile::read(&place.socket()).unwrap().is_some(), "`down` still finds its groups");
}

#[test]
fn the_file_goes_with_the_last_group() {
    let place = Place::new("gone");
    place.written();
    place.keeper().groups_are(Vec::new());
    assert_eq!(StateFile::read(&place.socket()).unwrap(), None);
}

#[test]
fn what_is_no_news_is_not_written() {
    let place = Place::new("news");
    place.written();
    let mut keeper = place.keeper();
    keeper.groups_are(vec!["ipmp0".to_owned()]);
    keeper.remember("ipmp0", &Identity::new(1, 7), known());
    keeper.groups_are(vec!["ipmp0".to_owned()]);
    let inode = || fs::metadata(StateFile::path(&place.socket())).unwrap().ino();
    let before = inode();
    keeper.remember("ipmp0", &Identity::new(1, 7), known());
    drop(keeper);
    assert_eq!(inode(), before);
}
