//! The finished eBPF object.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSymbol};

use crate::process;

#[cfg(test)]
mod tests;

/// A part of the name of everything that a Rust panic calls, in the old and the new mangling.
const PANIC: &str = "core9panicking";

/// Checks the object that was built and leaves it, without its DWARF, at its place. The file there is touched only
/// if its content changes.
pub(super) fn publish(built: &Path, place: &Path, llvm: u32) -> Result<()> {
    let bytes = fs::read(built).with_context(|| format!("cannot read {}", built.display()))?;
    refuse_panics(&bytes)?;

    let stripped = built.with_extension("stripped");
    let finished = if strip(built, &stripped, llvm)? { fs::read(&stripped)? } else { bytes };
    if fs::read(place).is_ok_and(|present| present == finished) {
        return Ok(());
    }
    // Written beside and renamed: a build of the daemon that runs meanwhile sees the old or the new object whole.
    let beside = place.with_extension("new");
    fs::write(&beside, &finished).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, place).with_context(|| format!("cannot write {}", place.display()))?;
    eprintln!("eBPF object: {} ({} bytes)", place.display(), finished.len());
    Ok(())
}

/// A panic cannot run in the kernel, and the verifier's refusal does not say where it came from.
fn refuse_panics(bytes: &[u8]) -> Result<()> {
    let found = panics(&symbol_names(bytes)?);
    if !found.is_empty() {
        bail!(
            "the eBPF object can panic, so the kernel would refuse it: {}\n\
             An index or a slice is not proved to be in bounds: mask the index, use `get`, or check the length first.",
            found.join(", ")
        );
    }
    Ok(())
}

/// The names of all symbols of an ELF file.
fn symbol_names(bytes: &[u8]) -> Result<Vec<&str>> {
    let file = object::File::parse(bytes).context("what the eBPF linker wrote is not an ELF file")?;
    Ok(file.symbols().filter_map(|symbol| symbol.name().ok()).collect())
}

/// Those of the names that belong to panics.
fn panics<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().copied().filter(|name| name.contains(PANIC)).collect()
}

/// Removes the DWARF and leaves the BTF. False if the machine has no program for it: the object then works as well,
/// it is only six times as large.
fn strip(from: &Path, to: &Path, llvm: u32) -> Result<bool> {
    let names = [format!("llvm-strip-{llvm}"), "llvm-strip".to_owned()];
    let prefix = Path::new("/usr/lib").join(format!("llvm-{llvm}/bin/llvm-strip"));
    let found = names
        .iter()
        .find_map(|name| process::find_program(name))
        .or_else(|| prefix.is_file().then_some(prefix));
    let Some(program) = found else {
        eprintln!("note: no llvm-strip found, the eBPF object keeps its debug information");
        return Ok(false);
    };
    process::run(Command::new(program).arg("-g").arg("-o").arg(to).arg(from))?;
    Ok(true)
}
