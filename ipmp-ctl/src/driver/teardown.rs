//! Taking a group down: programs, pins, group interface; everything that was changed put back.
//!
//! All that is needed to know lies in the pinned maps, so it works with and without the daemon that set the group up.

use std::{collections::BTreeSet, net::IpAddr, path::Path};

use rtnetlink::Handle;

use super::{Driver, group::GroupRuntime, prepare};
use crate::{
    config,
    dataplane::{
        group_path::{PathError, remove_left},
        pins::PinError,
        tables::Tables,
    },
    kernel::{
        group_link::{GroupLink, GroupLinkError, peer_name},
        multicast,
        netlink::{NetlinkError, Snapshot, dump},
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

impl TeardownError {
    /// Whether there was nothing to take down.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent { .. })
    }
}

impl Driver {
    /// Takes down the groups that this daemon has made, when another of its groups cannot be set up. Those of an earlier
    /// daemon stay.
    pub async fn undo_new(&mut self) {
        let (new, old): (Vec<_>, Vec<_>) = self.groups.drain(..).flatten().partition(|group| group.is_new);
        self.groups = old.into_iter().map(Some).collect();
        self.keeper.groups_are(self.group_names());
        for group in new {
            if let Err(error) = running(&self.handle, group).await {
                tracing::warn!("{error}");
            }
        }
    }
}

/// Takes down a group of this daemon.
pub async fn running(handle: &Handle, group: GroupRuntime) -> Result<(), TeardownError> {
    let GroupRuntime { engine, mut path, link, link_worker, interface, .. } = group;
    drop(link_worker);
    let is_uncertain = interface.give_up().await;
    let name = engine.config().name.clone();
    restore_members(handle, &name, path.tables()).await;
    path.remove()?;
    let link_error = |source| TeardownError::Link { group: name.clone(), source };
    // Nobody knows how far it got that was being made anew.
    let link = if is_uncertain {
        GroupLink::find(&dump(handle).await?, &name).map_err(link_error)?
    } else {
        Some(link)
    };
    match link {
        Some(link) => link.delete(handle).await.map_err(link_error),
        None => Ok(()),
    }
}

/// Takes down a group that no daemon runs. `pins` is its directory.
pub async fn left(handle: &Handle, group: &str, pins: &Path) -> Result<(), TeardownError> {
    let link_error = |source| TeardownError::Link { group: group.to_owned(), source };
    let link = GroupLink::find(&dump(handle).await?, group).map_err(link_error)?;
    if link.is_none() && !pins.is_dir() {
        return Err(TeardownError::Absent { group: group.to_owned(), pins: pins.to_owned() });
    }
    put_back(handle, group, pins).await;
    remove_left(pins, group, &peer_name(group))?;
    match link {
        Some(link) => link.delete(handle).await.map_err(link_error),
        None => Ok(()),
    }
}

/// Puts back what the pins at `pins` tell of, before they are thrown away.
pub async fn put_back(handle: &Handle, group: &str, pins: &Path) {
    if let Ok(mut tables) = Tables::open(pins) {
        restore_members(handle, group, &mut tables).await;
    }
}

/// Puts back every interface that the maps tell of. The group interface is still there.
async fn restore_members(handle: &Handle, group: &str, tables: &mut Tables) {
    let Ok(snapshot) = dump(handle).await else { return };
    for ifindex in known(tables) {
        let Some(Changed { name, tests, .. }) = changed(ifindex, &snapshot, tables) else { continue };
        forget_multicast(group, &name);
        prepare::restore_member(handle, &name, ifindex, &tests, tables).await;
    }
}

/// An interface that the group has changed.
#[derive(Clone, Debug)]
pub struct Changed {
    ifindex: u32,
    name: String,
    /// Test addresses of ours that it has.
    tests: Vec<IpAddr>,
}

/// The interfaces that the maps tell of and the configuration does not: members of an earlier one. To be asked before the
/// maps are written: then they tell no more of what these were.
pub fn strangers(config: &config::Group, snapshot: &Snapshot, tables: &mut Tables) -> Vec<Changed> {
    let belongs = |name: &str| name == config.name || config.members.iter().any(|member| member.name == name);
    let all = known(tables).into_iter().filter_map(|ifindex| changed(ifindex, snapshot, tables));
    all.filter(|changed| !belongs(&changed.name)).collect()
}

/// Puts these interfaces back as they were.
pub async fn restore(handle: &Handle, group: &str, strangers: Vec<Changed>, tables: &mut Tables) {
    for Changed { ifindex, name, tests } in strangers {
        tracing::info!(group, member = name, "{name} is no member any more: its settings are put back");
        forget_multicast(group, &name);
        prepare::restore_member(handle, &name, ifindex, &tests, tables).await;
    }
}

/// The interfaces of which the maps tell: those in slots, and those with changed settings.
fn known(tables: &mut Tables) -> BTreeSet<u32> {
    let slots = tables.read().unwrap_or_default().slots;
    let changed = tables.saved_settings().keys().filter_map(Result::ok).map(|key| key.ifindex);
    slots.values().map(|link| link.ifindex).chain(changed).collect()
}

/// What the maps tell of an interface; `None` if it is gone.
fn changed(ifindex: u32, snapshot: &Snapshot, tables: &Tables) -> Option<Changed> {
    let name = snapshot.links.get(&ifindex)?.name.clone();
    let assignment = tables.read().unwrap_or_default();
    // Link-local IPv6 addresses are the kernel's own.
    let is_ours = |(address, slot): &(&IpAddr, &u16)| {
        address.is_ipv4() && assignment.slots.get(slot).is_some_and(|link| link.ifindex == ifindex)
    };
    let tests = assignment.test_addresses.iter().filter(is_ours).map(|(address, _)| *address).collect();
    Some(Changed { ifindex, name, tests })
}

/// Takes the group's multicast addresses out of the filter of a member.
fn forget_multicast(group: &str, member: &str) {
    let (Ok(given), Ok(joined)) = (multicast::given(member), multicast::joined(group)) else { return };
    let ours = given.intersection(&joined).copied().collect();
    if let Err(error) = multicast::follow(member, &ours, &BTreeSet::new()) {
        tracing::warn!(group, member, "taking multicast addresses out of the filter of {member}: {error}");
    }
}
