//! Kernel modules, each after those it depends on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection};

#[cfg(test)]
mod tests;

/// What the guest needs to see this machine's files and to be heard.
const MACHINE: [&str; 5] = ["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay"];

/// What tests and measurements use. The file system that the guest sees holds this machine's modules and not its
/// kernel's, so none can be loaded later.
const NETWORK: [&str; 32] = [
    // What nf_tables asks for by another name than its own.
    "crc32c_generic",
    "veth",
    "dummy",
    "bonding",
    "team",
    "team_mode_activebackup",
    "team_mode_loadbalance",
    "8021q",
    "bridge",
    "macvlan",
    "ipvlan",
    "vrf",
    "tun",
    "virtio_net",
    "pktgen",
    "sch_ingress",
    "sch_netem",
    "sch_fq",
    "sch_htb",
    "sch_prio",
    "sch_tbf",
    "cls_bpf",
    "cls_matchall",
    "cls_flower",
    "cls_u32",
    "act_bpf",
    "act_gact",
    "act_mirred",
    "nf_tables",
    "nf_conntrack",
    "nft_ct",
    "nft_limit",
];

/// A module as the kernel takes it.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// Every module that the guest loads, in an order in which they can be loaded.
pub(super) fn load(directory: &Path) -> Result<Vec<Module>> {
    let mut files = BTreeMap::new();
    find(&directory.join("kernel"), &mut files)?;
    let builtin =
        fs::read_to_string(directory.join("modules.builtin")).context("cannot read modules.builtin")?;
    let builtin: BTreeSet<_> = builtin.lines().filter_map(|path| name(Path::new(path))).collect();

    let mut modules = Vec::new();
    let mut seen = BTreeSet::new();
    for wanted in MACHINE.into_iter().chain(NETWORK) {
        visit(wanted, &mut seen, &mut modules, &mut |wanted| {
            if builtin.contains(wanted) {
                return Ok(None);
            }
            let Some(file) = files.get(wanted) else {
                bail!("the kernel in {} has no module {wanted}", directory.display());
            };
            read(file).map(Some)
        })?;
    }
    Ok(modules)
}

/// Appends a module after what it depends on. `read` gives the content of a module, or nothing if it is built in.
fn visit(
    wanted: &str,
    seen: &mut BTreeSet<String>,
    modules: &mut Vec<Module>,
    read: &mut impl FnMut(&str) -> Result<Option<Vec<u8>>>,
) -> Result<()> {
    if !seen.insert(wanted.to_owned()) {
        return Ok(());
    }
    let Some(content) = read(wanted)? else {
        return Ok(());
    };
    for dependency in dependencies(&content).with_context(|| format!("module {wanted}"))? {
        visit(&dependency, seen, modules, read)?;
    }
    modules.push(Module { name: wanted.to_owned(), content });
    Ok(())
}

/// The names after `depends=` in the module's own description.
fn dependencies(content: &[u8]) -> Result<Vec<String>> {
    let file = object::File::parse(content).context("not an ELF file")?;
    let section = file.section_by_name(".modinfo").context("no section .modinfo")?;
    Ok(depends(section.data()?))
}

/// The same from the text of the description: `key=value`, each ended by a zero.
fn depends(description: &[u8]) -> Vec<String> {
    let description = String::from_utf8_lossy(description);
    let names = description.split('\0').find_map(|field| field.strip_prefix("depends=")).unwrap_or_default();
    names.split(',').filter(|name| !name.is_empty()).map(spelt).collect()
}

/// Module files below a directory, by name.
fn find(directory: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else if let Some(name) = name(&entry.path()) {
            files.insert(name, entry.path());
        }
    }
    Ok(())
}

/// The module in a file `NAME.ko` or `NAME.ko.xz`.
fn name(file: &Path) -> Option<String> {
    let file = file.file_name()?.to_str()?;
    file.strip_suffix(".xz").unwrap_or(file).strip_suffix(".ko").map(spelt)
}

/// File names have dashes where the kernel has underscores.
fn spelt(name: &str) -> String {
    name.replace('-', "_")
}

/// The content of a module's file, decompressed: the busybox in the guest need not be able to.
fn read(file: &Path) -> Result<Vec<u8>> {
    if file.extension().is_none_or(|extension| extension != "xz") {
        return fs::read(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let output = Command::new("xz").args(["--decompress", "--stdout"]).arg(file).output();
    let output = output.context("cannot start xz: `apt-get install xz-utils`")?;
    if !output.status.success() {
        bail!("cannot decompress {}: {}", file.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}
