//! Debian packages that are unpacked below `target`, not installed: nothing on the machine changes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, bail};

use super::space;
use crate::process;

/// What fetching takes.
const PROGRAMS: [&str; 3] = ["apt-get", "apt-cache", "dpkg-deb"];

/// Refuses where packages cannot be fetched at all. `wish` names what they were wanted for.
pub(crate) fn possible(wish: &str) -> Result<()> {
    if let Some(absent) = PROGRAMS.into_iter().find(|program| process::find_program(program).is_none()) {
        bail!(
            "{wish} comes from Debian's archive, and this machine has no {absent}: run this on Debian or Ubuntu"
        );
    }
    Ok(())
}

/// Fetches packages and unpacks them into `place`, which then holds all of them or does not exist.
pub(crate) fn unpack(packages: &[String], place: &Path) -> Result<()> {
    let beside = place.with_extension("new");
    let _ = fs::remove_dir_all(&beside);
    let outcome = fetch(packages, &beside);
    if outcome.is_err() {
        let _ = fs::remove_dir_all(&beside);
        return outcome;
    }
    let _ = fs::remove_dir_all(place);
    fs::rename(&beside, place).with_context(|| format!("cannot make {}", place.display()))
}

fn fetch(packages: &[String], place: &Path) -> Result<()> {
    let downloads = place.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| format!("cannot make {}", downloads.display()))?;
    space::require(place)?;

    eprintln!("Fetching {}", packages.join(" "));
    let mut download = Command::new("apt-get");
    download.args(["download", "-q", "-q"]).args(packages).current_dir(&downloads);
    // Without a root that may become another user, apt warns that it stays the one it is.
    download.args(["-o", "APT::Sandbox::User=root"]);
    process::capture(&mut download).with_context(|| {
        format!(
            "cannot fetch {}: look at the network, and bring the lists up to date with `apt-get update`",
            packages.join(" ")
        )
    })?;
    for package in fs::read_dir(&downloads)? {
        process::run(Command::new("dpkg-deb").arg("--extract").arg(package?.path()).arg(place))?;
    }
    fs::remove_dir_all(&downloads).with_context(|| format!("cannot remove {}", downloads.display()))
}
