//! Taking a group down: programs, pins, group interface; everything that was changed put back.
//!
//! All that is needed to know lies in the pinned maps, so it works with and without the daemon that set the group up.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    path::Path,
};

use rtnetlink::Handle;

use super::{group::GroupRuntime, prepare};
use crate::{
    dataplane::{
        group_path::{PathError, remove_left},
        pins::PinError,
        tables::Tables,
    },
    kernel::{
        group_link::{GroupLink, GroupLinkError, peer_name},
        multicast,
        netlink::{NetlinkError, dump},
    },
};

/// Why a group could not be taken down whole.
#[derive(Debug, thiserror::Error)]
pub enum TeardownError {
    /// The programs or maps.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The pins.
    #[error(transparent)]
    Pins(#[from] PinError),
    /// The group interface.
    #[error("group {group}: {source}")]
    Link {
        /// The group.
        group: String,
        /// Why.
        source: GroupLinkError,
    },
    /// The interfaces could not be listed.
    #[error(transparent)]
    List(#[from] NetlinkError),
    /// There is no such group.
    #[error("group {group}: no such group here: neither pins at {} nor an interface of that name", pins.display())]
    Absent {
        /// What was asked for.
        group: String,
        /// Where its pins would be.
        pins: std::path::PathBuf,
    },
}

/// Takes down a group of this daemon.
pub async fn running(handle: &Handle, group: GroupRuntime) -> Result<(), TeardownError> {
    let GroupRuntime { engine, mut path, link, link_worker, .. } = group;
    drop(link_worker);
    let name = engine.config().name.clone();
    restore_members(handle, &name, path.tables()).await;
    path.remove()?;
    link.delete(handle).await.map_err(|source| TeardownError::Link { group: name, source })
}

/// Takes down a group that no daemon runs. `pins` is its directory.
pub async fn left(handle: &Handle, group: &str, pins: &Path) -> Result<(), TeardownError> {
    let link_error = |source| TeardownError::Link { group: group.to_owned(), source };
    let link = GroupLink::find(&dump(handle).await?, group).map_err(link_error)?;
    if link.is_none() && !pins.is_dir() {
        return Err(TeardownError::Absent { group: group.to_owned(), pins: pins.to_owned() });
    }
    if let Ok(mut tables) = Tables::open(pins) {
        restore_members(handle, group, &mut tables).await;
    }
    remove_left(pins, group, &peer_name(group))?;
    match link {
        Some(link) => link.delete(handle).await.map_err(link_error),
        None => Ok(()),
    }
}

/// Puts back every interface that the maps tell of. The group interface is still there.
async fn restore_members(handle: &Handle, group: &str, tables: &mut Tables) {
    let Ok(snapshot) = dump(handle).await else { return };
    let assignment = tables.read().unwrap_or_default();
    let mut tests: BTreeMap<u32, Vec<IpAddr>> = BTreeMap::new();
    for (address, slot) in &assignment.test_addresses {
        // Link-local IPv6 addresses are the kernel's own.
        if let (IpAddr::V4(_), Some(link)) = (address, assignment.slots.get(slot)) {
            tests.entry(link.ifindex).or_default().push(*address);
        }
    }
    let in_slots = assignment.slots.values().map(|link| link.ifindex);
    let changed: Vec<_> =
        tables.saved_settings().keys().filter_map(Result::ok).map(|key| key.ifindex).collect();
    let all: BTreeSet<u32> = in_slots.chain(changed).collect();
    for ifindex in all {
        if let Some(link) = snapshot.links.get(&ifindex) {
            forget_multicast(group, &link.name);
            let tests = tests.get(&ifindex).map_or(&[][..], Vec::as_slice);
            prepare::restore_member(handle, &link.name, ifindex, tests, tables).await;
        }
    }
}

/// Takes the group's multicast addresses out of the filter of a member.
fn forget_multicast(group: &str, member: &str) {
    let (Ok(given), Ok(joined)) = (multicast::given(member), multicast::joined(group)) else { return };
    let ours = given.intersection(&joined).copied().collect();
    if let Err(error) = multicast::follow(member, &ours, &BTreeSet::new()) {
        tracing::warn!(group, "taking multicast addresses out of the filter of {member}: {error}");
    }
}
