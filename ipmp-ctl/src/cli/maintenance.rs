//! `offline` and `online`.

use std::path::Path;

use anyhow::bail;
use ipmp_ctl::control::{
    client::ask,
    protocol::{Reply, Request},
};

use super::{OfflineArgs, OnlineArgs, output};

/// Takes a member out of service.
pub(super) fn offline(args: &OfflineArgs, socket: &Path) -> anyhow::Result<()> {
    command(socket, &Request::Offline { interface: args.interface.clone(), force: args.force })
}

/// Puts a member back into service.
pub(super) fn online(args: &OnlineArgs, socket: &Path) -> anyhow::Result<()> {
    command(socket, &Request::Online { interface: args.interface.clone() })
}

fn command(socket: &Path, request: &Request) -> anyhow::Result<()> {
    match ask(socket, request)? {
        Reply::Done => Ok(()),
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}
