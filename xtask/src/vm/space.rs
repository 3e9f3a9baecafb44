//! Room on the disk.

use std::{path::Path, process::Command};

use anyhow::{Context, Result, bail};

use crate::process;

/// What kernels, emulator and their packages take together, in bytes, with some to spare.
const NEEDED: u64 = 2 << 30;

/// Refuses if the file system of `place` has too little room.
pub(super) fn require(place: &Path) -> Result<()> {
    let mut df = Command::new("df");
    df.args(["--block-size=1", "--output=avail"]).arg(place);
    let free = available(&process::capture(&mut df)?).context("`df` does not say how much room there is")?;
    enough(free, place)
}

fn enough(free: u64, place: &Path) -> Result<()> {
    if free < NEEDED {
        bail!(
            "{} MiB are free at {}, and the virtual machine needs {} MiB there: `cargo clean` makes room",
            free >> 20,
            place.display(),
            NEEDED >> 20
        );
    }
    Ok(())
}

/// The figure below the heading.
fn available(df: &str) -> Option<u64> {
    df.lines().nth(1)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{NEEDED, available, enough};

    #[test]
    fn the_figure_stands_below_the_heading() {
        assert_eq!(available("       Avail\n 71227875328\n"), Some(71_227_875_328));
        assert_eq!(available("Avail\n-\n"), None);
        assert_eq!(available(""), None);
    }

    #[test]
    fn too_little_room_is_refused_with_both_figures_and_what_helps() {
        assert!(enough(NEEDED, "/t".as_ref()).is_ok());
        let said = enough(NEEDED - 1, "/t".as_ref()).unwrap_err().to_string();
        for part in ["2047 MiB are free at /t", "needs 2048 MiB", "`cargo clean`"] {
            assert!(said.contains(part), "{said}");
        }
    }
}
