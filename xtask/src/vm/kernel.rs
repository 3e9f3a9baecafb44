//! Debian's kernels.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::archive;
use crate::{process, workspace::Workspace};

#[cfg(test)]
mod tests;

/// A kernel series that the tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Series {
    /// Debian 12's: no TCX, so the programs are clsact filters
    #[value(name = "6.1")]
    V6_1,
    /// Debian 13's: TCX
    #[value(name = "6.12")]
    V6_12,
}

impl Series {
    /// Every series, oldest first.
    pub(super) const ALL: [Self; 2] = [Self::V6_1, Self::V6_12];
    /// The series taken where none is named.
    pub(super) const NEWEST: Self = Self::V6_12;

    /// What the names of its packages begin with.
    fn prefix(self) -> String {
        format!("linux-image-{self}.")
    }

    /// The suites of Debian that carry it.
    const fn suites(self) -> &'static str {
        match self {
            Self::V6_1 => "bookworm or bookworm-security",
            Self::V6_12 => "bookworm-security, bookworm-backports or trixie",
        }
    }
}

impl fmt::Display for Series {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::V6_1 => "6.1",
            Self::V6_12 => "6.12",
        })
    }
}

/// An unpacked kernel.
#[derive(Debug)]
pub(super) struct Kernel {
    pub(super) series: Series,
    /// What a boot loader would load.
    pub(super) image: PathBuf,
    /// The directory of its modules.
    pub(super) modules: PathBuf,
}

impl Kernel {
    /// Takes the kernel that was unpacked before, or fetches the newest of the series.
    pub(super) fn ensure(workspace: &Workspace, series: Series) -> Result<Self> {
        let place = workspace.vm().join(format!("kernel-{series}"));
        if !place.exists() {
            archive::possible(&format!("the kernel {series}"))?;
            archive::unpack(&[package(series)?], &place)?;
        }
        Self::unpacked(series, &place).with_context(|| {
            format!("{} is not a kernel: remove the directory and try again", place.display())
        })
    }

    fn unpacked(series: Series, place: &Path) -> Result<Self> {
        let image = entry(&place.join("boot"), "vmlinuz-")?;
        // The directory moved below /usr when Debian merged the two.
        let modules =
            entry(&place.join("lib/modules"), "").or_else(|_| entry(&place.join("usr/lib/modules"), ""))?;
        Ok(Self { series, image, modules })
    }
}

/// The one entry of a directory whose name begins so.
fn entry(directory: &Path, prefix: &str) -> Result<PathBuf> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    entries
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
        .map(|entry| entry.path())
        .with_context(|| format!("{} has no {prefix}*", directory.display()))
}

/// The newest package of a series that the configured suites have.
fn package(series: Series) -> Result<String> {
    let mut search = Command::new("apt-cache");
    search.args(["search", "--names-only", &format!("^{}.*-amd64$", series.prefix().replace('.', "\\."))]);
    let Some(newest) = newest(series, &process::capture(&mut search)?) else {
        bail!(
            "no suite that apt knows here has a package {}*-amd64: add {} to /etc/apt/sources.list, \
             and run `apt-get update`",
            series.prefix(),
            series.suites()
        );
    };
    Ok(newest)
}

/// The newest plain kernel in a list of `NAME - DESCRIPTION`.
fn newest(series: Series, found: &str) -> Option<String> {
    let prefix = series.prefix();
    found
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| {
            let version = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix("-amd64"));
            // Other flavours have letters after the version: -rt, -cloud, -unsigned.
            version.is_some_and(|version| {
                version.rsplit('-').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()))
            })
        })
        .max_by_key(|name| numbers(name))
        .map(str::to_owned)
}

/// The numbers in a name, in order: what versions are compared by.
fn numbers(name: &str) -> Vec<u64> {
    name.split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect()
}
