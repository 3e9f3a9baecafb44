use std::{fs, path::PathBuf};

use super::EXAMPLE;
use crate::config::Config;

/// A file of its own for one test, removed with it.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("ipmp-config-{}-{name}.toml", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn load_error(path: &std::path::Path) -> String {
    Config::load(path).unwrap_err().to_string().replace(&path.display().to_string(), "FILE")
}

#[test]
fn a_file_is_read_under_its_name() {
    let file = Temporary::new("good", EXAMPLE.as_bytes());
    assert_eq!(Config::load(&file.0).unwrap().0.file, file.0);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_a_remedy() {
    let absent = std::env::temp_dir().join("ipmp-config-absent.toml");
    assert_eq!(load_error(&absent), "FILE: no such file; write it, or name another with --config FILE");
    assert_eq!(
        load_error(&std::env::temp_dir()),
        "FILE: a directory; name the file in it with --config FILE"
    );
    let file = Temporary::new("latin", b"# first\n# caf\xe9\n");
    assert_eq!(load_error(&file.0), "FILE:2: not UTF-8 text; save the file as UTF-8");
    let file = Temporary::new("large", &vec![b'#'; (1 << 20) + 1]);
    assert_eq!(
        load_error(&file.0),
        "FILE: larger than 1 MiB: not a configuration; name the right file with --config FILE"
    );
}
