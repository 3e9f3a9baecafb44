//! Debian's Prometheus, unpacked and not installed: the tests try the alerts and the queries of the dashboard with it.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::{process, setup::root, vm::archive, workspace::Workspace};

/// The variable that tells tests the directory of its programs.
pub(crate) const PROGRAMS: &str = "IPMP_PROMETHEUS";

/// The Debian package. What it depends on serves its web pages, which nobody looks at.
const PACKAGE: &str = "prometheus";

/// Fetches it, unless it is there; `None` where packages cannot be fetched, on which the test says that it is not run.
pub(crate) fn fetch(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let place = workspace.target().join("prometheus");
    let programs = place.join("usr/bin");
    if !place.exists() {
        if let Err(why) = archive::possible("Prometheus, for tests of the metrics,") {
            eprintln!("warning: {why:#}");
            return Ok(None);
        }
        let packages = [PACKAGE.to_owned()];
        if archive::unpack(&packages, &place).is_err() {
            // The lists are old, or were never there.
            process::run(root::command("apt-get")?.args(["update", "-q"]))?;
            archive::unpack(&packages, &place)?;
        }
    }
    ensure!(
        programs.join("prometheus").is_file(),
        "{} has no Prometheus: remove the directory and try again",
        place.display()
    );
    programs.canonicalize().map(Some).with_context(|| format!("cannot find {}", programs.display()))
}
