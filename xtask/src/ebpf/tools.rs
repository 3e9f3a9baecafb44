//! The compiler and the linker of the eBPF object.

use std::fmt::Write;

use anyhow::{Result, bail};

use crate::{
    linker::{self, Linker},
    setup::Need,
    toolchain::{Search, Toolchain},
    workspace::Workspace,
};

/// The LLVM of the distribution's compiler that [`Tools::needs`] asks for.
const DISTRIBUTION_LLVM: u32 = 22;

/// A compiler and a linker that fit each other.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The compiler, with the source of its library.
    pub(crate) toolchain: Toolchain,
    /// A linker whose LLVM is not older than the compiler's.
    pub(crate) linker: Linker,
}

impl Tools {
    /// What the machine lacks to get there.
    pub(crate) fn needs(workspace: &Workspace) -> Vec<Need> {
        let linkers = Linker::find_all(workspace);
        let search = Search::run();
        let mut needs = Vec::new();
        let llvm = choose(&search, &linkers).map_or(DISTRIBUTION_LLVM, |toolchain| toolchain.version.llvm);
        if search.usable.is_empty() {
            needs.push(Need {
                what: "a Rust toolchain with its library source, to build for the bpf target".to_owned(),
                packages: ["rustc-web", "cargo-web", "rust-web-src"].map(str::to_owned).to_vec(),
                otherwise: "rustup toolchain install nightly --component rust-src".to_owned(),
            });
        }
        if !linkers.iter().any(|linker| linker.serves(llvm)) && linker::llvm_prefix(llvm).is_none() {
            needs.push(Need {
                what: format!("LLVM {llvm} with its development files, to build bpf-linker"),
                packages: vec![format!("llvm-{llvm}-dev")],
                otherwise: format!("a bpf-linker in PATH that was built with LLVM {llvm} or later"),
            });
        }
        needs
    }

    /// The tools, building the linker if the machine has none that fits.
    pub(crate) fn ensure(workspace: &Workspace, verbose: bool) -> Result<Self> {
        let linkers = Linker::find_all(workspace);
        let search = Search::run();
        if verbose {
            eprint!("{}", skipped(&search));
        }
        let Some(toolchain) = choose(&search, &linkers) else {
            bail!(
                "no Rust toolchain that can build for the bpf target was found:\n{}\
                 Install one, for example: rustup toolchain install nightly --component rust-src",
                skipped(&search)
            );
        };
        let llvm = toolchain.version.llvm;
        let linker = match linkers.into_iter().find(|linker| linker.serves(llvm)) {
            Some(linker) => linker,
            None if linker::can_be_built_for(llvm) => Linker::install(workspace, llvm)?,
            None => bail!(
                "the compiler in {} uses LLVM {llvm}: put a bpf-linker that was built with LLVM {llvm} or later into PATH",
                toolchain.bin.display()
            ),
        };
        if verbose {
            eprintln!(
                "using Rust 1.{} (LLVM {llvm}) of {} and {} (LLVM {})",
                toolchain.version.minor,
                toolchain.bin.display(),
                linker.path.display(),
                linker.llvm
            );
        }
        Ok(Self { toolchain: toolchain.clone(), linker })
    }
}

/// The toolchain to use: one that a linker serves, or that one can be built for here, goes first.
fn choose<'a>(search: &'a Search, linkers: &[Linker]) -> Option<&'a Toolchain> {
    search.choose(|llvm| {
        linkers.iter().any(|linker| linker.serves(llvm))
            || (linker::can_be_built_for(llvm) && linker::llvm_prefix(llvm).is_some())
    })
}

/// One line for each toolchain that is of no use.
fn skipped(search: &Search) -> String {
    search.skipped.iter().fold(String::new(), |mut lines, skipped| {
        let _ = writeln!(lines, "  {}: {}", skipped.bin.display(), skipped.why);
        lines
    })
}
