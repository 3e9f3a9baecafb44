//! Debian's package manager.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::root;
use crate::process;

/// Whether this machine installs packages with apt.
pub(super) fn present() -> bool {
    process::find_program("apt-get").is_some()
}

/// Installs packages. Nothing is ever removed for them: a package that conflicts with one that is there fails.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    eprintln!("Installing with apt-get (a minute or two): {}", packages.join(" "));
    if let Err(why) = process::run(apt_get()?.args(["update", "-q"])) {
        // One broken archive of several is common and need not matter.
        eprintln!("warning: {why:#}");
    }
    process::run(
        apt_get()?.args(["install", "-q", "-y", "--no-install-recommends", "--no-remove"]).args(packages),
    )
    .context("cannot install what is missing")
}

/// A call that asks no question.
fn apt_get() -> Result<Command> {
    let mut command = root::command("env")?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).stdin(Stdio::null());
    Ok(command)
}
