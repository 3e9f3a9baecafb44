//! The eBPF linker, `bpf-linker`.
//!
//! It reads the compiler's LLVM bitcode, so its LLVM must not be older than the compiler's.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{environment, process, workspace::Workspace};

#[cfg(test)]
mod tests;

/// The release that is installed when the machine has none that fits.
const VERSION: &str = "0.13.0";

/// The LLVM major versions that this release can be built with.
const SUPPORTED_LLVM: std::ops::RangeInclusive<u32> = 21..=23;

/// A linker on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Linker {
    /// The program.
    pub(crate) path: PathBuf,
    /// The major version of its LLVM.
    pub(crate) llvm: u32,
}

impl Linker {
    /// Every linker on this machine, our own installation first.
    pub(crate) fn find_all(workspace: &Workspace) -> Vec<Self> {
        let cargo_home = env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
        std::iter::once(workspace.linker_install().join("bin"))
            .chain(process::search_path())
            .chain(cargo_home.map(|home| home.join("bin")))
            .filter_map(|directory| Self::inspect(&directory.join("bpf-linker")))
            .collect()
    }

    /// Whether it can read what a compiler with this LLVM writes.
    pub(crate) fn serves(&self, compiler_llvm: u32) -> bool {
        self.llvm >= compiler_llvm
    }

    /// Builds a linker for a compiler's LLVM into the workspace's target directory.
    pub(crate) fn install(workspace: &Workspace, llvm: u32) -> Result<Self> {
        let root = workspace.linker_install();
        eprintln!("Building bpf-linker {VERSION} with LLVM {llvm} into {} (about 2 minutes)", root.display());
        let mut cargo = process::cargo();
        environment::scrub(&mut cargo)
            .args(["install", "bpf-linker", "--version", VERSION, "--locked", "--force"])
            .args(["--no-default-features", "--features", &format!("llvm-{llvm}"), "--root"])
            .arg(&root)
            .current_dir(env::temp_dir()); // the workspace's cargo settings are not meant for it
        if let Some(prefix) = llvm_prefix(llvm) {
            cargo.env("LLVM_PREFIX", prefix);
        }
        environment::hold_host_toolchain(&mut cargo);
        process::run(&mut cargo).context("cannot build bpf-linker")?;
        Self::inspect(&root.join("bin/bpf-linker"))
            .context("bpf-linker was built, but does not say which LLVM it uses")
    }

    /// The linker at a path, if there is one and its LLVM can be told.
    fn inspect(path: &Path) -> Option<Self> {
        if !path.is_file() {
            return None;
        }
        // Its version does not tell the LLVM: the shared library it wants does, or the text in it when it is
        // linked statically.
        let llvm = process::capture(Command::new("ldd").arg(path))
            .ok()
            .and_then(|libraries| shared_llvm(&libraries))
            .or_else(|| static_llvm(&fs::read(path).ok()?))?;
        Some(Self { path: path.to_path_buf(), llvm })
    }
}

/// Whether a linker can be built for a compiler with this LLVM.
pub(crate) fn can_be_built_for(llvm: u32) -> bool {
    SUPPORTED_LLVM.contains(&llvm)
}

/// Where an LLVM with its development files is: in the place that Debian gives it, else by `llvm-config` in `PATH`.
pub(crate) fn llvm_prefix(llvm: u32) -> Option<PathBuf> {
    let debian = PathBuf::from(format!("/usr/lib/llvm-{llvm}"));
    if debian.join("lib/libLLVM.so").exists() {
        return Some(debian);
    }
    let said = process::capture(Command::new("llvm-config").args(["--version", "--prefix"])).ok()?;
    let (version, prefix) = said.trim().split_once('\n')?;
    (leading_number(version.as_bytes()) == Some(llvm)).then(|| PathBuf::from(prefix))
}

/// The LLVM major version in what `ldd` lists: `libLLVM.so.22.1`, `libLLVM-22.so` or `libLLVM-22-rust...so`.
fn shared_llvm(libraries: &str) -> Option<u32> {
    let resolved = libraries.lines().filter(|line| !line.contains("not found"));
    resolved.filter_map(|line| line.trim().strip_prefix("libLLVM")).find_map(|rest| {
        let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
        leading_number(digits.as_bytes())
    })
}

/// The LLVM major version in a program's text: LLVM signs its bitcode with `LLVM22.1.8`.
fn static_llvm(program: &[u8]) -> Option<u32> {
    const SIGNATURE: &[u8] = b"LLVM";
    program.windows(SIGNATURE.len() + 3).find_map(|window| {
        let (name, version) = window.split_at(SIGNATURE.len());
        (name == SIGNATURE && version[2] == b'.').then(|| leading_number(version)).flatten()
    })
}

/// The number at the start of a text.
fn leading_number(text: &[u8]) -> Option<u32> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}
