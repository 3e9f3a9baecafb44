//! The environment of a cargo of another toolchain.

use std::{env, path::Path, process::Command};

#[cfg(test)]
mod tests;

/// Settings of the person at the keyboard, which hold for any cargo.
const KEPT: [&str; 8] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TERM_",
    "CARGO_BUILD_JOBS",
];

/// Takes away what `cargo xtask` itself was given by cargo and rustup: those variables name the host's compiler,
/// flags and target directory and would silently replace those of the child.
pub(crate) fn scrub(command: &mut Command) -> &mut Command {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(belongs_to_other_toolchain) {
            command.env_remove(name);
        }
    }
    command
}

/// Makes a scrubbed call stay with the toolchain that runs this program.
///
/// Without it a crate that brings a `rust-toolchain.toml` chooses for itself: rustup's proxies would fetch or update a
/// toolchain in the middle of the build.
pub(crate) fn hold_host_toolchain(command: &mut Command) {
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    let rustc = env::var_os("CARGO").map(|cargo| Path::new(&cargo).with_file_name("rustc"));
    if let Some(rustc) = rustc.filter(|path| path.is_file()) {
        command.env("RUSTC", rustc);
    }
}

/// Whether a variable speaks of the toolchain that runs this program rather than of the person's wishes.
fn belongs_to_other_toolchain(name: &str) -> bool {
    let toolchains = ["CARGO", "RUSTC", "RUSTUP", "RUSTFLAGS", "RUSTDOC"];
    if name == "LD_LIBRARY_PATH" || name == "RUST_RECURSION_COUNT" {
        return true;
    }
    toolchains.iter().any(|prefix| name.starts_with(prefix))
        && !KEPT.iter().any(|prefix| name.starts_with(prefix))
}
