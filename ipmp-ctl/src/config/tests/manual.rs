//! The manual page of the file, and the files that the package brings.

use std::{fs, path::Path};

use super::{super::keys::Scope, good};

const PAGE: &str = include_str!("../../../dist/man/ipmp.toml.5");
const DEFAULT: &str = include_str!("../../../dist/debian/ipmp.toml");

#[test]
fn the_manual_page_knows_every_key() {
    let page = PAGE.replace("\\-", "-");
    for scope in [Scope::File, Scope::Group, Scope::Member] {
        for key in scope.keys().iter().filter(|key| **key != "group") {
            let entry = [".B ", ".BR "].into_iter().any(|font| {
                page.lines()
                    .any(|line| line.strip_prefix(font).and_then(|rest| rest.split(' ').next()) == Some(*key))
            });
            assert!(entry, "ipmp.toml(5) has no entry for `{key}`");
        }
    }
}

#[test]
fn the_default_file_has_no_groups_and_what_it_shows_is_good() {
    let (config, warnings) = good(DEFAULT);
    assert!(config.groups.is_empty(), "{config:?}");
    assert_eq!(warnings.len(), 1, "only that it has no groups: {warnings:?}");
    let shown = DEFAULT.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| {
        line.starts_with('[') || line.split_once('=').is_some_and(|(key, _)| !key.trim().contains(' '))
    });
    let (config, warnings) = good(&shown.collect::<Vec<_>>().join("\n"));
    assert_eq!(config.groups.len(), 1);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn every_example_is_good() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/examples");
    let files = fs::read_dir(examples).expect("examples").flatten().map(|entry| entry.path());
    let mut count = 0;
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let (config, warnings) = good(&fs::read_to_string(&file).expect("an example"));
        assert!(!config.groups.is_empty() && warnings.is_empty(), "{}: {warnings:?}", file.display());
        count += 1;
    }
    assert!(count > 0, "there are examples");
}
