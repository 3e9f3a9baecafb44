//! `demo` and `bench`: programs that need the built daemon, root and the usual network tools.

use std::{ffi::OsString, os::unix::process::CommandExt};

use anyhow::{Context, Result};

use crate::{
    ebpf::Tools,
    release,
    setup::{self, bpffs, programs, root},
    workspace::Workspace,
};

/// The variable that tells tests and demonstrations where the built daemon is.
pub(crate) const DAEMON: &str = "IPMP_CTL";

/// The variable that tells a bench that the clock counts instructions.
pub(crate) const COUNTED: &str = "IPMP_COUNTED";

/// Sets up all that a run against the real kernel needs, in one go, before anything long starts.
pub(crate) fn set(workspace: &Workspace) -> Result<()> {
    let needs: Vec<_> = Tools::needs(workspace).into_iter().chain(programs::needs()).collect();
    setup::provide(&needs)?;
    root::prefix()?; // said now rather than after minutes of building
    bpffs::ensure()
}

/// Builds a program of the test package and becomes it, as root: Ctrl-C and the exit code are the program's.
pub(crate) fn perform(
    workspace: &Workspace,
    program: &str,
    arguments: &[OsString],
    verbose: bool,
) -> Result<()> {
    set(workspace)?;
    release::build_with(workspace, Some(program), verbose)?;
    let why = root::command(workspace.release(program))?
        .args(arguments)
        .env(DAEMON, workspace.release("ipmp-ctl"))
        .exec();
    Err(why).with_context(|| format!("cannot start {program}"))
}
