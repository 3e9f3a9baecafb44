//! `build-ebpf`: the eBPF object that `ipmp-ctl` embeds.
//!
//! The package is outside of the workspace because it is built for another target by another compiler. Cargo decides
//! whether there is work; the finished object is only rewritten when its bytes change, so that the daemon is not
//! built again for nothing.

use std::{env::consts::ARCH, process::Command};

use anyhow::{Context, Result};

use crate::{process, setup, workspace::Workspace};

mod object;
mod tools;

pub(crate) use tools::Tools;

/// The target of an eBPF program for this machine: the byte order is the host's.
pub(crate) const TARGET: &str =
    if cfg!(target_endian = "big") { "bpfeb-unknown-none" } else { "bpfel-unknown-none" };

/// Sets up what is missing and builds the object.
pub(crate) fn build(workspace: &Workspace, verbose: bool) -> Result<()> {
    setup::provide(&Tools::needs(workspace))?;
    let tools = Tools::ensure(workspace, verbose)?;
    if !workspace.ebpf_object().exists() {
        eprintln!("Building the eBPF object (about a minute the first time)");
    }
    let mut cargo = cargo(workspace, &tools, "cargo");
    cargo.args(["build", "--release", "-Zbuild-std=core", "--target", TARGET]);
    process::run(&mut cargo).context("cannot build the eBPF object")?;

    let built = workspace.ebpf_build().join(TARGET).join("release/ipmp-ebpf");
    object::publish(&built, &workspace.ebpf_object(), tools.toolchain.version.llvm)
}

/// A cargo program of the eBPF toolchain in the eBPF package, with what any build of it needs.
pub(crate) fn cargo(workspace: &Workspace, tools: &Tools, program: &str) -> Command {
    let flags = [
        "-Cdebuginfo=2", // what BTF is made of
        "-Clink-arg=--btf",
        "-Ctarget-cpu=v3", // 32-bit instructions; every kernel that the programs run on has them
        &format!("--cfg=bpf_target_arch=\"{ARCH}\""),
        "--check-cfg=cfg(bpf_target_arch,values(any()))",
    ]
    .join("\x1f");
    let linker = format!("CARGO_TARGET_{}_LINKER", TARGET.to_uppercase().replace('-', "_"));
    let mut cargo = tools.toolchain.command(program);
    cargo
        .current_dir(workspace.ebpf_package())
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", workspace.ebpf_build())
        .env(linker, &tools.linker.path);
    cargo
}
