//! `reload`.

use std::path::Path;

use anyhow::bail;
use ipmp_ctl::control::{
    client::ask,
    protocol::{Reply, Request},
};

use super::output;

/// Has the daemon read its configuration again.
pub(super) fn run(socket: &Path) -> anyhow::Result<()> {
    match ask(socket, &Request::Reload)? {
        Reply::Reloaded { changes, warnings } => {
            for warning in &warnings {
                output::complain(warning);
            }
            if changes.is_empty() {
                return output::print("nothing has changed\n");
            }
            output::print(&(changes.join("\n") + "\n"))
        }
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}
