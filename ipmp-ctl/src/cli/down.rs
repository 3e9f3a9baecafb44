//! `down`.

use std::path::Path;

use anyhow::bail;
use ipmp_ctl::{
    control::{
        client::{ClientError, ask},
        protocol::{Reply, Request},
    },
    cut::Cut,
    down,
};

use super::{DownArgs, output};

/// Removes a group: the daemon does it if one runs, this process otherwise. The caller who sits on it is stopped first.
pub(super) fn run(args: &DownArgs, socket: &Path) -> anyhow::Result<()> {
    // Only root can see whose connections these are, and only root may go on.
    if rustix::process::geteuid().is_root() {
        warn_of_cut(args, socket)?;
    }
    match ask(socket, &Request::Down { group: args.group.clone() }) {
        Ok(Reply::Done) => Ok(()),
        Ok(Reply::Refused { reason }) => bail!(reason),
        Ok(other) => Err(output::misplaced(&other)),
        Err(ClientError::NotRunning { .. }) => {
            down::without_daemon(&args.group, socket, args.netns.as_deref(), args.pins.as_deref())
        }
        Err(error) => Err(error.into()),
    }
}

/// Names the connections that the group carries, and refuses if the caller's own is among them.
fn warn_of_cut(args: &DownArgs, socket: &Path) -> anyhow::Result<()> {
    let group = &args.group;
    let cut = down::enter(group, socket, args.netns.as_deref()).and_then(|()| Cut::of(group));
    let Cut { own, others } = match cut {
        Ok(cut) => cut,
        Err(error) => {
            output::warn(&format!("group {group}: whether connections are cut is not known: {error:#}"));
            return Ok(());
        }
    };
    if !own.is_empty() && !args.force {
        bail!(
            "group {group}: your own session runs over it ({own}), and `down` would cut it. `ipmp-ctl release {group} \
             IFACE` puts the addresses back on a member and keeps it; with -f the group goes down all the same"
        );
    }
    if !others.is_empty() {
        let count = others.count();
        let lost = if count == 1 { "connection is" } else { "connections are" };
        output::warn(&format!("group {group}: {count} established {lost} lost: {others}"));
    }
    Ok(())
}
