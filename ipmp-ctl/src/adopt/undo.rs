//! The host is brought where the way back leads.

use std::{io, net::IpAddr};

use rtnetlink::Handle;

use super::{
    files::{self, Files},
    way_back::{Of, WayBack},
};
use crate::{
    dataplane::pins::GroupPins,
    driver::teardown::{self, TeardownError},
    kernel::{
        announce::Announcer,
        holdings::{HeldAddress, HeldRoute, Holdings, put_addresses, put_route, stand_in, take_route},
        netlink::{NetlinkError, Snapshot, dump},
        netns::{self, NetnsId},
        solicit, sysctl,
    },
};

/// The host could not be brought back whole. What could be done is done, and the file says what is left.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// The file cannot be read.
    #[error("{}: {source}: what it says cannot be put back; see to addresses and routes by hand, and remove it", path.display())]
    Unreadable {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration cannot be put back.
    #[error("{}: {source}: the configuration cannot be put back", path.display())]
    File {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The group cannot be taken down.
    #[error(transparent)]
    Teardown(#[from] TeardownError),
    /// The kernel cannot be asked.
    #[error(transparent)]
    Kernel(#[from] NetlinkError),
    /// Another daemon has the group.
    #[error(transparent)]
    Pins(#[from] crate::dataplane::pins::PinError),
    /// The namespace cannot be told from others.
    #[error("asking for the network namespace: {0}")]
    Netns(io::Error),
}

/// Brings the host back where a daemon that is no longer there has begun to move it, if one has. The group in question, and
/// of what that was.
pub async fn left(handle: &Handle, files: &Files) -> Result<Option<(Of, String)>, UndoError> {
    let path = files.way_back();
    let way_back = WayBack::read(files).map_err(|source| UndoError::Unreadable { path, source })?;
    let Some(way_back) = way_back else { return Ok(None) };
    let here = netns::identity().map_err(|error| UndoError::Netns(io::Error::other(error)))?;
    if way_back.is_of(&here) {
        take_down(handle, &way_back, &here).await?;
    }
    if let Some(edited) = put_files_back(files, &way_back)? {
        tracing::warn!(group = way_back.group, "{edited}");
    }
    Ok(Some((way_back.of, way_back.group)))
}

async fn take_down(handle: &Handle, way_back: &WayBack, here: &NetnsId) -> Result<(), UndoError> {
    let mut pins = GroupPins::new(&way_back.pins, here, &way_back.group);
    if pins.exists() {
        pins.lock()?;
    }
    for problem in holdings(handle, way_back).await? {
        tracing::warn!(group = way_back.group, "{problem}");
    }
    match teardown::left(handle, &way_back.group, pins.path()).await {
        Err(TeardownError::Absent { .. }) | Ok(()) => {}
        Err(error) => return Err(error.into()),
    }
    announce(handle, way_back).await?;
    Ok(())
}

/// Puts addresses and routes where they belong, and then takes the group's routes away. The group is still there, and what
/// its members receive still goes to its interface. What could not be done.
pub async fn holdings(handle: &Handle, way_back: &WayBack) -> Result<Vec<String>, NetlinkError> {
    let (snapshot, present) = (dump(handle).await?, Holdings::read(handle).await?);
    let group = snapshot.link(&way_back.group).map(|link| link.ifindex);
    if group.is_some() {
        accept_detours(&way_back.group);
    }
    let at_group = group.map(|ifindex| present.of(ifindex)).unwrap_or_default();
    let mut problems = Vec::new();
    let addresses = way_back.addresses.iter().filter_map(|held| in_place(way_back, &snapshot, held));
    let addresses: Vec<_> = addresses.filter_map(|held| with_time(way_back, &at_group, held)).collect();
    problems.extend(put_addresses(handle, &addresses).await.iter().map(ToString::to_string));
    let mut stand_ins = Vec::new();
    for route in way_back.routes.iter().filter_map(|held| route_in_place(way_back, &snapshot, held)) {
        let is_there = present.routes.iter().any(|present| is_same(present, &route));
        let (is_advertised, aged) = (route.is_advertised(), route.aged(way_back.age_s()));
        let Some(mut route) = aged.filter(|_| !is_there) else { continue };
        if is_advertised {
            route = route.standing_in();
            stand_ins.push(route.clone());
        }
        problems.extend(put_route(handle, &route).await.err().map(|error| error.to_string()));
    }
    stand_in::watch(handle, stand_ins);
    announce(handle, way_back).await?;
    for route in at_group.routes.iter().filter(|route| route.is_own() && route.strange().is_none()) {
        problems.extend(take_route(handle, route).await.err().map(|error| error.to_string()));
    }
    Ok(problems)
}

/// Tells the link where the addresses are now, and routers that this host would like to hear them.
pub async fn announce(handle: &Handle, way_back: &WayBack) -> Result<(), NetlinkError> {
    let snapshot = dump(handle).await?;
    let announcer = match Announcer::open() {
        Ok(announcer) => announcer,
        Err(error) => {
            tracing::warn!("{error}");
            return Ok(());
        }
    };
    for held in way_back.addresses.iter().filter_map(|held| in_place(way_back, &snapshot, held)) {
        let (ifindex, address): (u32, IpAddr) = (held.info().ifindex, held.info().address);
        let Some((link, mac)) = snapshot.links.get(&ifindex).and_then(|link| Some((link, link.mac?))) else {
            continue;
        };
        if let Err(error) = announcer.announce(ifindex, mac, address, sysctl::is_ipv6_router(&link.name)) {
            tracing::debug!("{error}");
        }
    }
    for name in way_back.interfaces.values() {
        if way_back.routes.iter().any(HeldRoute::is_advertised)
            && let Err(error) = solicit::router(name)
        {
            tracing::debug!("asking the routers at {name}: {error}");
        }
    }
    Ok(())
}

/// Puts the configuration back and removes the way back: the host is there. Where the configuration is that somebody has edited
/// meanwhile, in words, if so.
pub fn put_files_back(files: &Files, way_back: &WayBack) -> Result<Option<String>, UndoError> {
    let failed = |path: std::path::PathBuf| move |source| UndoError::File { path, source };
    let edited = match std::fs::read_to_string(files.back()) {
        Ok(back) if !way_back.config.is_empty() => files.keep_edited(&[&way_back.config, &back]),
        _ => Ok(None),
    };
    let edited = edited.map_err(failed(files.edited()))?;
    match files::rename(&files.back(), &files.config) {
        // It has been, or nothing had been changed yet.
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(files.config.clone())(error));
        }
        _ => {}
    }
    files::remove(&files.way_back()).map_err(failed(files.way_back()))?;
    files.tidy();
    Ok(edited.map(|path| {
        format!("the configuration was edited meanwhile, and that text is in {}", path.display())
    }))
}

/// What arrives by a member goes to the group interface, while routes lead by the member: a strict check of the way back
/// would drop it.
pub fn accept_detours(group: &str) {
    const STRICT: u32 = 1;
    const LOOSE: u32 = 2;
    let own = sysctl::of_interface("ipv4", group, "rp_filter");
    let checks = sysctl::read("ipv4/conf/all/rp_filter").unwrap_or(0).max(sysctl::read(&own).unwrap_or(0));
    if checks == STRICT
        && let Err(error) = sysctl::write(&own, LOOSE)
    {
        tracing::warn!(group, "{own}: {error}");
    }
}

/// The address on its interface as that is now; `None` if it is gone.
fn in_place(way_back: &WayBack, snapshot: &Snapshot, held: &HeldAddress) -> Option<HeldAddress> {
    let name = way_back.interfaces.get(&held.info().ifindex)?;
    Some(held.moved(name, name, snapshot.link(name)?.ifindex))
}

fn route_in_place(way_back: &WayBack, snapshot: &Snapshot, held: &HeldRoute) -> Option<HeldRoute> {
    let name = way_back.interfaces.get(&held.info().ifindex)?;
    Some(held.moved(snapshot.link(name)?.ifindex))
}

/// The address with the time that it has left: the group's may have got some more meanwhile.
fn with_time(way_back: &WayBack, at_group: &Holdings, address: HeldAddress) -> Option<HeldAddress> {
    let now = at_group.addresses.iter().find(|held| held.info().net() == address.info().net());
    match now.filter(|held| held.valid_s().is_some() && address.valid_s().is_some()) {
        Some(held) => Some(address.with_lifetime_of(held)),
        None => address.aged(way_back.age_s()),
    }
}

/// Whether both lead to the same destination in the same way.
fn is_same(a: &HeldRoute, b: &HeldRoute) -> bool {
    let key = |route: &HeldRoute| {
        let info = route.info();
        (info.destination, info.table, info.metric, info.ifindex, info.gateway)
    };
    key(a) == key(b)
}
