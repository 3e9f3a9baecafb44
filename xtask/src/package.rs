//! `package`: a Debian package with the daemon, its unit, manual pages, completions, alerts and examples.
//!
//! What goes into it says `[package.metadata.deb]` of `ipmp-ctl/Cargo.toml`; manual pages and completions are made here by
//! the daemon's own program, so that they stay in step with `--help`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    environment, process, release,
    setup::{self, Need},
    workspace::Workspace,
};

/// The release of cargo-deb that is installed.
const CARGO_DEB: &str = "3.8.0";

/// The shells for which there are completions.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// The variable that tells tests where the package is.
pub(crate) const PACKAGE: &str = "IPMP_PACKAGE";

/// The package, whatever its version.
const FILE: &str = "ipmp.deb";

/// Builds the daemon and packages it.
pub(crate) fn run(workspace: &Workspace, verbose: bool) -> Result<()> {
    release::build(workspace, verbose)?;
    let package = build(workspace)?;
    println!("{}", package.display());
    Ok(())
}

/// Packages the daemon that has been built; where the package is.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    setup::provide(&needs())?;
    make_parts(workspace).context("cannot make manual pages and completions")?;
    let cargo_deb = ensure_cargo_deb(workspace)?;
    let package = workspace.packages().join(FILE);
    let mut command = Command::new(cargo_deb);
    command
        .args(["--no-build", "--quiet", "--package", "ipmp-ctl", "--output"])
        .arg(&package)
        .current_dir(workspace.root())
        .env("CARGO_TARGET_DIR", workspace.target());
    process::capture(&mut command).context("cannot make the package")?;
    Ok(package)
}

/// What the machine lacks: cargo-deb asks Debian's own tools which libraries the daemon needs.
fn needs() -> Vec<Need> {
    let need = || Need {
        what: "the program dpkg-shlibdeps, to make packages".to_owned(),
        packages: vec!["dpkg-dev".to_owned()],
        otherwise: "make the package on Debian or what is made from it".to_owned(),
    };
    process::find_program("dpkg-shlibdeps").is_none().then(need).into_iter().collect()
}

/// Has the daemon's program write its manual pages and completions.
fn make_parts(workspace: &Workspace) -> Result<()> {
    let program = workspace.release("ipmp-ctl");
    let parts = workspace.package_parts();
    let (manual, completions) = (parts.join("man"), parts.join("completions"));
    // Pages of commands that are no more must not be packaged.
    let _ = fs::remove_dir_all(&parts);
    fs::create_dir_all(&completions)?;
    process::run(Command::new(&program).arg("manual").arg(manual))?;
    for shell in SHELLS {
        let script = process::capture(Command::new(&program).args(["completions", shell]))?;
        fs::write(completions.join(format!("ipmp-ctl.{shell}")), script)?;
    }
    Ok(())
}

/// The maker of packages of the release above, built if it is not there.
fn ensure_cargo_deb(workspace: &Workspace) -> Result<PathBuf> {
    let root = workspace.cargo_deb_install();
    let program = root.join("bin/cargo-deb");
    if version(&program).as_deref() == Some(CARGO_DEB) {
        return Ok(program);
    }
    eprintln!("Building cargo-deb {CARGO_DEB} into {} (about a minute)", root.display());
    let mut cargo = process::cargo();
    environment::scrub(&mut cargo)
        .args(["install", "cargo-deb", "--version", CARGO_DEB, "--locked", "--force", "--root"])
        .arg(&root)
        .current_dir(env::temp_dir()); // the workspace's cargo settings are not meant for it
    environment::hold_host_toolchain(&mut cargo);
    process::run(&mut cargo).context("cannot build cargo-deb")?;
    Ok(program)
}

/// The version of a cargo-deb; `None` if there is none.
fn version(program: &Path) -> Option<String> {
    program
        .is_file()
        .then(|| process::capture(Command::new(program).arg("--version")).ok())
        .flatten()
        .map(|said| said.trim().rsplit(' ').next().unwrap_or_default().to_owned())
}
