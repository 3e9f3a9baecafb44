//! `build`: the daemon with the eBPF object inside, and the programs that show it at work.

use std::process::Command;

use anyhow::{Context, Result};

use crate::{ebpf, process, workspace::Workspace};

/// Builds the eBPF object and the daemon.
pub(crate) fn build(workspace: &Workspace, verbose: bool) -> Result<()> {
    build_with(workspace, None, verbose)
}

/// The same and one more program of the test package.
pub(crate) fn build_with(workspace: &Workspace, program: Option<&str>, verbose: bool) -> Result<()> {
    ebpf::build(workspace, verbose)?;
    if !workspace.release("ipmp-ctl").exists() {
        eprintln!("Building the daemon (about two minutes the first time)");
    }
    let mut cargo = cargo(workspace, "build");
    cargo.args(["--release", "-p", "ipmp-ctl", "--bin", "ipmp-ctl"]);
    if let Some(program) = program {
        cargo.args(["-p", "ipmp-tests", "--bin", program]);
    }
    // Without this, CARGO_TARGET_DIR would take the result elsewhere.
    process::run(cargo.arg("--target-dir").arg(workspace.target())).context("cannot build the daemon")
}

/// A call of the host's cargo in the workspace.
pub(crate) fn cargo(workspace: &Workspace, verb: &str) -> Command {
    let mut cargo = process::cargo();
    cargo.arg(verb).current_dir(workspace.root());
    cargo
}
