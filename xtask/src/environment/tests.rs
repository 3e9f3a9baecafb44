use super::belongs_to_other_toolchain;

#[test]
fn variables_of_the_outer_toolchain_are_taken_away() {
    for name in [
        "CARGO",
        "CARGO_TARGET_DIR",
        "CARGO_MANIFEST_DIR",
        "CARGO_PKG_NAME",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
        "RUSTDOCFLAGS",
        "RUSTUP_TOOLCHAIN",
        "RUST_RECURSION_COUNT",
        "LD_LIBRARY_PATH",
    ] {
        assert!(belongs_to_other_toolchain(name), "{name}");
    }
}

#[test]
fn wishes_of_the_person_stay() {
    for name in [
        "CARGO_HOME",
        "CARGO_NET_OFFLINE",
        "CARGO_HTTP_PROXY",
        "CARGO_TERM_COLOR",
        "CARGO_BUILD_JOBS",
        "PATH",
        "HOME",
    ] {
        assert!(!belongs_to_other_toolchain(name), "{name}");
    }
}
