//! Doing things as root.

use std::{ffi::OsStr, fs, os::unix::fs::MetadataExt, process::Command};

use anyhow::{Result, bail};

use crate::process;

/// Whether this program runs as root.
pub(crate) fn is_root() -> bool {
    // The kernel gives a process's directory to its effective user.
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// A call of a program as root: as it is when we are root, else through sudo.
///
/// Through sudo, `PATH` stays as it is: sudo's own lacks a cargo of the user's home, and the programs under test look
/// for their tools in it.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Result<Command> {
    let prefix = prefix()?;
    let Some((first, rest)) = prefix.split_first() else {
        return Ok(Command::new(program));
    };
    let mut command = Command::new(first);
    command.args(rest).arg(program);
    Ok(command)
}

/// The words to put before a command line so that it runs as root; none when we are root.
pub(crate) fn prefix() -> Result<Vec<String>> {
    if is_root() {
        return Ok(Vec::new());
    }
    if process::find_program("sudo").is_none() {
        bail!("this needs root, and there is no sudo here: run the same command as root");
    }
    let mut words = vec!["sudo".to_owned(), "--preserve-env".to_owned(), "env".to_owned()];
    words.extend(
        ["PATH", "HOME"]
            .into_iter()
            .filter_map(|name| std::env::var(name).ok().map(|value| format!("{name}={value}"))),
    );
    Ok(words)
}
