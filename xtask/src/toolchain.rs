//! The Rust toolchain that can build for the bpf target.
//!
//! The target has no finished standard library, so `core` is built from source: what is wanted is a compiler with its
//! library source beside it. The binaries are called by path and never through rustup's proxies, because a toolchain
//! of the distribution and one of rustup may both be there under the same names.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{environment, process};

#[cfg(test)]
mod tests;
mod version;

pub(crate) use version::CompilerVersion;

/// A variable with which a person names the toolchain's directory of programs.
const CHOICE: &str = "EBPF_TOOLCHAIN_DIR";

/// The oldest minor release (of Rust 1) that takes the workspace's sources.
const OLDEST_MINOR: u32 = 95;

/// A toolchain that can build the eBPF object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toolchain {
    /// The directory of `rustc` and `cargo`.
    pub(crate) bin: PathBuf,
    /// What its compiler says about itself.
    pub(crate) version: CompilerVersion,
}

/// A directory that was looked at and is of no use.
#[derive(Debug)]
pub(crate) struct Skipped {
    /// The directory.
    pub(crate) bin: PathBuf,
    /// Why not.
    pub(crate) why: String,
}

/// What a search for toolchains found.
#[derive(Debug)]
pub(crate) struct Search {
    /// Usable ones, the preferred first.
    pub(crate) usable: Vec<Toolchain>,
    /// The others, with the reason.
    pub(crate) skipped: Vec<Skipped>,
}

impl Toolchain {
    /// A call of one of its programs, with nothing of the toolchain that runs this program in the environment.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        environment::scrub(&mut command)
            .env("CARGO", self.bin.join("cargo"))
            .env("RUSTC", self.bin.join("rustc"))
            .env("PATH", self.path());
        if !self.version.nightly {
            command.env("RUSTC_BOOTSTRAP", "1"); // building `core` is an unstable feature of cargo
        }
        command
    }

    /// `PATH` with its programs first.
    fn path(&self) -> OsString {
        let rest = env::var_os("PATH").unwrap_or_default();
        let directories = std::iter::once(self.bin.clone()).chain(env::split_paths(&rest));
        env::join_paths(directories).unwrap_or(rest)
    }

    /// The toolchain in a directory, or why it is of no use.
    fn inspect(bin: &Path) -> Result<Self> {
        for program in ["rustc", "cargo"] {
            ensure!(bin.join(program).is_file(), "no {program} there");
        }
        // A rustc that is a link to rustup would answer for another toolchain.
        let target = fs::canonicalize(bin.join("rustc"))?;
        ensure!(target.file_name().is_none_or(|name| name != "rustup"), "a proxy of rustup");

        let ask = |question: &[&str]| {
            let mut rustc = Command::new(bin.join("rustc"));
            process::capture(environment::scrub(&mut rustc).args(question))
        };
        let sysroot = ask(&["--print", "sysroot"])?;
        let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
        for file in ["core/Cargo.toml", "Cargo.lock"] {
            let path = library.join(file);
            ensure!(path.is_file(), "the library source is not installed ({} is absent)", path.display());
        }

        let version = CompilerVersion::parse(&ask(&["-vV"])?).context("cannot read what `rustc -vV` says")?;
        let minor = version.minor;
        ensure!(minor >= OLDEST_MINOR, "rustc 1.{minor} is too old, 1.{OLDEST_MINOR} or later is needed");
        Ok(Self { bin: bin.to_path_buf(), version })
    }
}

impl Search {
    /// Looks at every place where a toolchain may be.
    pub(crate) fn run() -> Self {
        let mut search = Self { usable: Vec::new(), skipped: Vec::new() };
        for bin in candidates(env::var_os(CHOICE).map(PathBuf::from), &rustup_toolchains()) {
            match Toolchain::inspect(&bin) {
                Ok(toolchain) => search.usable.push(toolchain),
                Err(why) => search.skipped.push(Skipped { bin, why: format!("{why:#}") }),
            }
        }
        search
    }

    /// The toolchain to use, given which LLVM versions a linker can be had for at once.
    ///
    /// The preferred one that such a linker serves; else the preferred one, for which a linker is then built.
    pub(crate) fn choose(&self, served: impl Fn(u32) -> bool) -> Option<&Toolchain> {
        self.usable.iter().find(|toolchain| served(toolchain.version.llvm)).or(self.usable.first())
    }
}

/// The directories to look at, in order of preference: the person's choice, rustup's toolchains (a nightly first, it
/// needs no leave to build `core`), the distribution's.
fn candidates(choice: Option<PathBuf>, rustup: &[PathBuf]) -> Vec<PathBuf> {
    let is_nightly = |toolchain: &&PathBuf| {
        toolchain.file_name().is_some_and(|name| name.to_string_lossy().starts_with("nightly"))
    };
    let (nightly, other): (Vec<&PathBuf>, Vec<&PathBuf>) = rustup.iter().partition(is_nightly);
    choice
        .into_iter()
        .chain(nightly.into_iter().chain(other).map(|toolchain| toolchain.join("bin")))
        .chain(["/usr/bin", "/usr/local/bin"].map(PathBuf::from))
        .collect()
}

/// The directories of rustup's toolchains, in the order of their names.
fn rustup_toolchains() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".rustup")));
    let Some(entries) = home.and_then(|home| fs::read_dir(home.join("toolchains")).ok()) else {
        return Vec::new();
    };
    let mut toolchains: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    toolchains.sort();
    toolchains
}
