//! A throw-away Debian, for tests of the package and of the service: a directory with the smallest system that has systemd.
//! Tests lay memory over it and change nothing.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    process,
    setup::{self, Need, root},
    workspace::Workspace,
};

#[cfg(test)]
mod tests;

/// The variable that tells tests where it is.
pub(crate) const ROOT: &str = "IPMP_DEBIAN_ROOT";

/// What it has beyond the packages that every Debian has: systemd and what it needs, and the network software that the
/// examples of coexistence are for.
const PACKAGES: [&str; 14] = [
    "adduser",
    "dbus",
    "firewalld",
    "frr",
    "ifupdown",
    "iproute2",
    "iptables",
    "iputils-ping",
    "network-manager",
    "nftables",
    "procps",
    "systemd",
    "systemd-sysv",
    "udev",
];

/// No service starts by itself: a test starts those that it is about.
const NOTHING_ENABLED: &str = r#"rm -rf "$1"/etc/systemd/system/*.wants"#;

/// Makes it, unless it is there; `None` where this machine is no Debian, on which the tests say that they are not run.
pub(crate) fn make(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let Some(release) = release(&fs::read_to_string("/etc/os-release").unwrap_or_default()) else {
        return Ok(None);
    };
    let place = workspace.target().join("debian-root");
    let (system, label) = (place.join("system"), place.join("label"));
    let wanted = format!("{release}: {}\n", PACKAGES.join(" "));
    if fs::read_to_string(&label).is_ok_and(|is| is == wanted) {
        return Ok(Some(system));
    }
    setup::provide(&need())?;
    eprintln!(
        "Making a throw-away Debian for tests of the service and the package (a minute): {}",
        system.display()
    );
    remove(&place)?;
    fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
    process::run(
        root::command("mmdebstrap")?
            .args(["--quiet", "--variant=minbase"])
            .arg(format!("--include={}", PACKAGES.join(",")))
            .arg(format!("--customize-hook={NOTHING_ENABLED}"))
            .arg(&release)
            .arg(&system),
    )
    .with_context(|| format!("cannot make a Debian in {}", system.display()))?;
    fs::write(&label, wanted).with_context(|| format!("cannot write {}", label.display()))?;
    Ok(Some(system))
}

/// What is half made, or of another time. It belongs to root.
fn remove(place: &Path) -> Result<()> {
    if !place.exists() {
        return Ok(());
    }
    process::run(root::command("rm")?.arg("-rf").arg(place))
}

/// The code name of a Debian or of what is made from it.
fn release(os_release: &str) -> Option<String> {
    let value = |key: &str| {
        let mut lines = os_release.lines();
        lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(|value| value.trim_matches('"'))
    };
    let is_debian = [value("ID"), value("ID_LIKE")]
        .into_iter()
        .flatten()
        .any(|ids| ids.split(' ').any(|id| id == "debian"));
    value("VERSION_CODENAME").filter(|name| is_debian && !name.is_empty()).map(str::to_owned)
}

fn need() -> Vec<Need> {
    let is_missing = process::find_program("mmdebstrap").is_none();
    let need = || Need {
        what: "the program mmdebstrap, for a throw-away Debian to test the package and the service in"
            .to_owned(),
        packages: vec!["mmdebstrap".to_owned()],
        otherwise: "install mmdebstrap".to_owned(),
    };
    is_missing.then(need).into_iter().collect()
}
