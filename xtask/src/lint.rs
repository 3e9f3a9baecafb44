//! `lint`: everything that is checked without running the code.

use std::{fs, process::Command};

use anyhow::{Context, Result, bail};

use crate::{
    ebpf::{self, Tools},
    process, release,
    setup::{self, Need},
    workspace::Workspace,
};

mod purity;

/// One check.
type Check = fn(&Workspace, &Tools) -> Result<()>;

/// All checks, with the name under which a failure is reported.
const CHECKS: [(&str, Check); 6] = [
    ("format of the workspace", format),
    ("format of ipmp-ebpf", format_ebpf),
    ("purity of the engine", |workspace, _| purity::check(workspace)),
    ("clippy on the workspace", clippy),
    ("clippy on ipmp-ebpf", clippy_ebpf),
    ("documentation", documentation),
];

/// Runs every check, also after one has failed, and names those that failed.
pub(crate) fn run(workspace: &Workspace, verbose: bool) -> Result<()> {
    // The daemon embeds the object: without it not even clippy can read the daemon.
    ebpf::build(workspace, verbose)?;
    let tools = Tools::ensure(workspace, false)?;
    provide_clippy_and_rustfmt(workspace)?;
    provide_ebpf_clippy(&tools)?;

    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        eprintln!("== {name}");
        if let Err(why) = check(workspace, &tools) {
            eprintln!("{why:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("lint failed: {}", failed.join(", "));
    }
    eprintln!("lint passed");
    Ok(())
}

fn format(workspace: &Workspace, _: &Tools) -> Result<()> {
    process::run(release::cargo(workspace, "fmt").args(["--all", "--check"]))
}

fn format_ebpf(workspace: &Workspace, _: &Tools) -> Result<()> {
    process::run(release::cargo(workspace, "fmt").arg("--check").current_dir(workspace.ebpf_package()))
}

fn clippy(workspace: &Workspace, _: &Tools) -> Result<()> {
    process::run(release::cargo(workspace, "clippy").args([
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))
}

fn clippy_ebpf(workspace: &Workspace, tools: &Tools) -> Result<()> {
    // Called by itself: through `cargo clippy`, a clippy of another toolchain in cargo's home would come first.
    let mut clippy = ebpf::cargo(workspace, tools, "cargo-clippy");
    clippy.args([
        "clippy",
        "--release",
        "-Zbuild-std=core",
        "--target",
        ebpf::TARGET,
        "--",
        "-D",
        "warnings",
    ]);
    process::run(&mut clippy)
}

fn documentation(workspace: &Workspace, _: &Tools) -> Result<()> {
    process::run(
        release::cargo(workspace, "doc")
            .args(["--workspace", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

/// The host toolchain's own checkers; a minimal rustup toolchain lacks them.
fn provide_clippy_and_rustfmt(workspace: &Workspace) -> Result<()> {
    let missing = |verb: &&&str| process::capture(release::cargo(workspace, verb).arg("--version")).is_err();
    let components: Vec<&str> = ["fmt", "clippy"]
        .iter()
        .filter(missing)
        .map(|verb| if *verb == "fmt" { "rustfmt" } else { verb })
        .collect();
    if components.is_empty() {
        return Ok(());
    }
    let wanted = components.join(" ");
    eprintln!("Adding to the host toolchain: {wanted}");
    process::run(Command::new("rustup").args(["component", "add"]).args(&components))
        .with_context(|| format!("the host toolchain lacks {wanted}: install it with your Rust toolchain"))
}

/// The eBPF toolchain's clippy, which must be of the same release as its compiler.
fn provide_ebpf_clippy(tools: &Tools) -> Result<()> {
    let bin = &tools.toolchain.bin;
    if bin.join("cargo-clippy").is_file() {
        return Ok(());
    }
    let rustup_toolchain = bin.parent().filter(|home| {
        home.parent().is_some_and(|all| all.ends_with("toolchains"))
            && fs::symlink_metadata(home).is_ok_and(|entry| entry.is_dir())
    });
    if let Some(name) = rustup_toolchain.and_then(|home| home.file_name()) {
        return process::run(
            Command::new("rustup").args(["component", "add", "clippy", "--toolchain"]).arg(name),
        );
    }
    setup::provide(&[Need {
        what: format!("the clippy of the toolchain in {}", bin.display()),
        packages: vec!["rust-web-clippy".to_owned()],
        otherwise: "install the clippy of that toolchain".to_owned(),
    }])
}
