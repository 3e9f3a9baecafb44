//! Removing a group when no daemon runs.

use std::path::Path;

/// Removes a group.
pub fn without_daemon(
    group: &str,
    socket: &Path,
    netns: Option<&str>,
    pins: Option<&Path>,
) -> anyhow::Result<()> {
    anyhow::bail!("not built yet: {group} {socket:?} {netns:?} {pins:?}")
}
