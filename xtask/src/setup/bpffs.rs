//! The BPF file system, in which maps and links are pinned.

use std::fs;

use anyhow::{Context, Result};

use super::root;
use crate::process;

/// Where it belongs.
const PLACE: &str = "/sys/fs/bpf";

/// Mounts it if it is not.
pub(crate) fn ensure() -> Result<()> {
    let mounts = fs::read_to_string("/proc/mounts").context("cannot read /proc/mounts")?;
    if is_mounted(&mounts) {
        return Ok(());
    }
    eprintln!("Mounting the BPF file system at {PLACE}");
    process::run(root::command("mount")?.args(["-t", "bpf", "bpf", PLACE]))
        .with_context(|| format!("cannot mount the BPF file system at {PLACE}"))
}

/// Whether a table of mounts has it.
fn is_mounted(mounts: &str) -> bool {
    mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(1);
        fields.next() == Some(PLACE) && fields.next() == Some("bpf")
    })
}

#[cfg(test)]
mod tests {
    use super::is_mounted;

    #[test]
    fn only_a_bpf_file_system_at_its_place_counts() {
        let cases = [
            ("sysfs /sys sysfs rw 0 0\nbpf /sys/fs/bpf bpf rw 0 0\n", true),
            ("none /sys/fs/bpf bpf rw,mode=700 0 0\n", true),
            ("tmpfs /sys/fs/bpf tmpfs rw 0 0\n", false),
            ("bpf /run/bpf bpf rw 0 0\n", false),
            ("", false),
        ];
        for (mounts, expected) in cases {
            assert_eq!(is_mounted(mounts), expected, "{mounts}");
        }
    }
}
