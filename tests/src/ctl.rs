//! The binary under test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Output,
};

/// Path of `ipmp-ctl`: `$IPMP_CTL`, or `target/release/ipmp-ctl` of the workspace.
pub fn binary() -> PathBuf {
    let path = env::var_os("IPMP_CTL").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/ipmp-ctl"),
        PathBuf::from,
    );
    assert!(path.is_file(), "{} is not there: run `cargo xtask build`, or set IPMP_CTL", path.display());
    path
}

/// What a command gave, for people: exit code, standard output and standard error.
pub fn describe(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Standard output and standard error together.
pub fn text(output: &Output) -> String {
    [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat()
}
