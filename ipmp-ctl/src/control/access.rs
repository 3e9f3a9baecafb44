//! Who may ask what.
//!
//! Anyone may ask for status. Where the host has a group `ipmp`, which the package makes, following what happens is for its
//! members and root: each follower keeps a place in the daemon for as long as he likes. Changes are root's.

use std::{fs, os::fd::AsFd};

use super::protocol::Request;
use crate::kernel::peer_groups::peer_groups;

#[cfg(test)]
mod tests;

/// The group whose members may follow.
pub const GROUP: &str = "ipmp";

/// Where the host keeps its groups.
const GROUPS: &str = "/etc/group";

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The user.
    pub uid: u32,
    /// The user's groups.
    pub groups: Vec<u32>,
}

impl Peer {
    /// The peer of a connection with these credentials.
    pub fn new(uid: u32, gid: u32, connection: impl AsFd) -> Self {
        let mut groups = peer_groups(connection).unwrap_or_else(|error| {
            tracing::debug!("asking for the groups of a peer: {error}");
            Vec::new()
        });
        groups.push(gid);
        Self { uid, groups }
    }
}

/// Why a request is refused, in words for the user. `peer` is `None` if the kernel does not tell.
pub fn refusal(request: &Request, peer: Option<&Peer>) -> Option<String> {
    let is_root = peer.is_some_and(|peer| peer.uid == 0);
    if is_root {
        return None;
    }
    match request {
        Request::Events { follow: true } => refused_follower(group_id(), peer),
        _ if request.changes() => Some("only root may change a group: run it with sudo".to_owned()),
        _ => None,
    }
}

fn refused_follower(group: Option<u32>, peer: Option<&Peer>) -> Option<String> {
    let is_member = |group| peer.is_some_and(|peer| peer.groups.contains(&group));
    (!group.is_none_or(is_member)).then(|| {
        format!(
            "only root and members of the group {GROUP} may follow events: `adduser USER {GROUP}` makes one, from the next \
             login; without --follow anyone may see them"
        )
    })
}

/// The number of the group, if the host has it.
pub fn group_id() -> Option<u32> {
    number(&fs::read_to_string(GROUPS).ok()?, GROUP)
}

/// The number of a group in what `/etc/group` says.
fn number(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}
