//! `down`.

use std::path::Path;

use anyhow::bail;
use ipmp_ctl::{
    control::{
        client::{ClientError, ask},
        protocol::{Reply, Request},
    },
    down,
};

use super::{DownArgs, output};

/// Removes a group: the daemon does it if one runs, this process otherwise.
pub(super) fn run(args: &DownArgs, socket: &Path) -> anyhow::Result<()> {
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
