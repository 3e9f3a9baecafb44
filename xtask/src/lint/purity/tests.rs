use std::path::{Path, PathBuf};

use super::{test_modules, violations};

/// The forbidden words found in a source, with their lines.
fn found(source: &str) -> Vec<(usize, String)> {
    let word = |what: String| what.split_once(": ").map(|(word, _)| word.to_owned()).unwrap();
    violations(source).into_iter().map(|(line, what)| (line, word(what))).collect()
}

#[test]
fn a_planted_violation_is_found_wherever_it_hides() {
    let cases = [
        ("fn f() { let t = Instant::now(); }", 1, "Instant::now"),
        ("fn f() {\n    tokio::spawn(g());\n}", 2, "tokio"),
        ("use std::fs;", 1, "std::fs"),
        ("use std::{\n    collections::BTreeMap,\n    fs,\n};", 1, "std::fs"),
        ("pub(crate) use std::{io::{self, Read}, thread};", 1, "std::thread"),
        ("use std::{net::{IpAddr, UdpSocket}};", 1, "UdpSocket"),
        ("struct S(std::collections::HashMap<u8, u8>);", 1, "HashMap"),
        ("use aya::maps::Array;", 1, "aya::"),
        ("#[cfg(test)]\nmod tests;\nuse std::process::Command;", 3, "std::process"),
    ];
    for (source, line, word) in cases {
        assert_eq!(found(source), [(line, word.to_owned())], "{source}");
    }
}

#[test]
fn what_the_engine_may_do_is_no_violation() {
    let sources = [
        "use std::{collections::BTreeMap, net::{IpAddr, Ipv4Addr}, time::{Duration, Instant}};",
        "/// Never calls Instant::now(): the shell does.\nfn f(now: Instant) {} // no tokio here",
        "use crate::engine::papaya::X;",
        "fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}",
    ];
    for source in sources {
        assert_eq!(found(source), [], "{source}");
    }
}

#[test]
fn modules_declared_for_tests_are_no_part_of_the_engine() {
    let source = "mod homes;\n#[cfg(test)]\npub(crate) mod fixture;\n#[cfg(test)]\nmod tests;\n";
    let expected = ["src/engine/fixture", "src/engine/tests"].map(PathBuf::from);
    assert_eq!(test_modules(Path::new("src/engine.rs"), source), expected);
}
