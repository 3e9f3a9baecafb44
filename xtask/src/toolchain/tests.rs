use std::path::{Path, PathBuf};

use super::{CompilerVersion, Search, Toolchain, candidates};

const STABLE: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\nbinary: rustc\n\
    host: x86_64-unknown-linux-gnu\nrelease: 1.96.0\nLLVM version: 22.1.8\n/usr\n";
const NIGHTLY: &str = "rustc 1.98.0-nightly\nrelease: 1.98.0-nightly\nLLVM version: 23.1.0\n";

#[test]
fn compiler_versions_are_read() {
    let cases = [
        (STABLE, Some(CompilerVersion { minor: 96, nightly: false, llvm: 22 })),
        (NIGHTLY, Some(CompilerVersion { minor: 98, nightly: true, llvm: 23 })),
        ("release: 1.96.0\n", None),
        ("release: 2.0.0\nLLVM version: 30.0.0\n", None),
        ("release: 1.x\nLLVM version: 22.1.8\n", None),
        ("", None),
    ];
    for (said, expected) in cases {
        assert_eq!(CompilerVersion::parse(said), expected, "{said}");
    }
}

#[test]
fn candidates_are_the_choice_then_nightlies_then_other_toolchains_then_the_distribution() {
    let rustup = ["/r/1.95.0-x", "/r/nightly-x", "/r/stable-x"].map(PathBuf::from);
    let order = candidates(Some("/mine".into()), &rustup);
    let expected =
        ["/mine", "/r/nightly-x/bin", "/r/1.95.0-x/bin", "/r/stable-x/bin", "/usr/bin", "/usr/local/bin"];
    assert_eq!(order, expected.map(PathBuf::from));
}

#[test]
fn the_preferred_toolchain_with_a_linker_at_hand_is_chosen() {
    let toolchain = |bin: &str, llvm| Toolchain {
        bin: bin.into(),
        version: CompilerVersion { minor: 96, nightly: false, llvm },
    };
    let search = Search {
        usable: vec![toolchain("/a", 23), toolchain("/b", 22), toolchain("/c", 21)],
        skipped: vec![],
    };
    let chosen =
        |served: fn(u32) -> bool| search.choose(served).map(|toolchain| toolchain.bin.to_str().unwrap());
    assert_eq!(chosen(|llvm| llvm <= 22), Some("/b"));
    assert_eq!(chosen(|_| true), Some("/a"));
    assert_eq!(chosen(|_| false), Some("/a"), "a linker has to be built in any case");
    assert_eq!(Search { usable: vec![], skipped: vec![] }.choose(|_| true), None);
}

#[test]
fn a_directory_without_a_compiler_is_of_no_use_and_says_why() {
    let why = Toolchain::inspect(Path::new("/nonexistent")).unwrap_err();
    assert_eq!(why.to_string(), "no rustc there");
}
