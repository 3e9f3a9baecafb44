//! QEMU, and the busybox that the guest begins with.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::archive;
use crate::{process, workspace::Workspace};

const QEMU: &str = "qemu-system-x86_64";
const PACKAGE: &str = "qemu-system-x86";
const BUSYBOX: &str = "busybox-static";
/// What shows the guest this machine's file system.
const NINE_P: &str = "virtio-9p-pci";

/// The programs that make a machine.
#[derive(Debug)]
#[cfg_attr(test, derive(Default))]
pub(super) struct Emulator {
    qemu: PathBuf,
    /// Where its libraries and firmware are, if it is not installed.
    unpacked: Option<PathBuf>,
    /// A busybox that needs no libraries.
    pub(super) busybox: PathBuf,
}

impl Emulator {
    /// Takes the QEMU that is installed, or fetches one.
    ///
    /// Fetched, it is unpacked and not installed: an installation could remove or replace other packages of QEMU.
    pub(super) fn ensure(workspace: &Workspace) -> Result<Self> {
        let busybox = workspace.vm().join("busybox");
        if !busybox.exists() {
            archive::possible("the busybox that the guest begins with")?;
            archive::unpack(&[BUSYBOX.to_owned()], &busybox)?;
        }
        let mut emulator =
            Self { qemu: PathBuf::from(QEMU), unpacked: None, busybox: busybox.join("bin/busybox") };
        if let Some(installed) = process::find_program(QEMU) {
            emulator.qemu = installed;
        } else {
            let place = workspace.vm().join("qemu");
            if !place.exists() {
                archive::possible("QEMU")?;
                archive::unpack(&missing_packages()?, &place)?;
            }
            emulator.qemu = place.join("usr/bin").join(QEMU);
            emulator.unpacked = Some(place);
        }
        emulator.require_9p()?;
        Ok(emulator)
    }

    /// A call of QEMU.
    pub(super) fn command(&self) -> Command {
        // A killed xtask takes its machine along, where the program for that is installed.
        let mut qemu = if let Some(setpriv) = process::find_program("setpriv") {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(&self.qemu);
            command
        } else {
            Command::new(&self.qemu)
        };
        if let Some(place) = &self.unpacked {
            qemu.env("LD_LIBRARY_PATH", libraries(place));
            for firmware in ["usr/share/qemu", "usr/share/seabios"] {
                qemu.arg("-L").arg(place.join(firmware));
            }
        }
        qemu
    }

    fn require_9p(&self) -> Result<()> {
        let devices = process::capture(self.command().args(["-device", "help"])).with_context(|| {
            let remedy = match &self.unpacked {
                Some(place) => format!("remove {} and try again", place.display()),
                None => format!("`apt-get install --reinstall {PACKAGE}` may mend it"),
            };
            format!("{} does not work: {remedy}", self.qemu.display())
        })?;
        if !devices.contains(NINE_P) {
            bail!(
                "{} has no 9p ({NINE_P}), by which the guest sees this machine's files: \
                 take Debian's with `apt-get install {PACKAGE}`, or build it with `--enable-virtfs`",
                self.qemu.display()
            );
        }
        Ok(())
    }
}

/// The library path of programs unpacked at `place`.
fn libraries(place: &Path) -> std::ffi::OsString {
    let mut path = place.join("usr/lib/x86_64-linux-gnu").into_os_string();
    path.push(":");
    path.push(place.join("lib/x86_64-linux-gnu"));
    path
}

/// QEMU and those packages of its libraries that this machine does not have.
fn missing_packages() -> Result<Vec<String>> {
    let mut plan = Command::new("apt-get");
    plan.args(["install", "--simulate", "-q", "--no-install-recommends", PACKAGE]);
    let packages = planned(&process::capture(&mut plan)?);
    if packages.is_empty() {
        bail!("`apt-get install --simulate {PACKAGE}` names no package: run `apt-get update`");
    }
    Ok(packages)
}

/// Package and version of each line `Inst NAME [OLD] (VERSION ARCHIVE ..)`, in the form that `apt-get download` takes.
fn planned(plan: &str) -> Vec<String> {
    let package = |line: &str| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        let version = rest.split_once('(')?.1.split(' ').next()?;
        Some(format!("{name}={version}"))
    };
    plan.lines().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::planned;

    #[test]
    fn the_plan_of_apt_names_packages_and_versions() {
        let plan = "Remv qemu-utils [1:10.0]\n\
                    Inst seabios (1.16.2-1 Debian:12.15/oldstable [all])\n\
                    Inst qemu-system-x86 [1:7.1] (1:7.2+dfsg-7 Debian:12.15/oldstable [amd64])\n\
                    Conf seabios (1.16.2-1 Debian:12.15/oldstable [all])\n";
        assert_eq!(planned(plan), ["seabios=1.16.2-1", "qemu-system-x86=1:7.2+dfsg-7"]);
    }
}
