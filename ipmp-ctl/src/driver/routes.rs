//! The routes of the group interfaces, which name targets.

use std::{
    net::IpAddr,
    time::{Duration, Instant},
};

use super::{Driver, found::Found, group::GroupRuntime};
use crate::{
    engine::event::Event,
    kernel::{
        netlink::{NetlinkError, RouteInfo, Snapshot, dump_routes_by},
        routes::{follow::Touched, targets::targets},
    },
};

/// After a change others are likely to follow.
const GATHER: Duration = Duration::from_millis(50);

/// Routes are read this often at most: where a routing daemon works they change all the time.
const INTERVAL: Duration = Duration::from_secs(1);

impl Driver {
    /// Routes have changed.
    pub(super) fn on_routes(&mut self, touched: &Touched) {
        if self.groups.iter().flatten().any(|group| touched.includes(group.link.ifindex)) {
            self.routes_changed();
        }
    }

    /// Routes, or what is our own, may have changed.
    pub(super) fn routes_changed(&mut self) {
        let soonest = (Instant::now() + GATHER).max(self.routes_read + INTERVAL);
        self.routes_at.get_or_insert(soonest);
    }

    /// Reads the routes by the group interfaces anew. Tasks of their own: it waits for the kernel.
    pub(super) fn read_routes(&mut self) {
        self.routes_at = None;
        self.routes_read = Instant::now();
        // While there is no group interface, targets stay as they were.
        for group in self.groups.iter().flatten().filter(|group| group.interface.is_there()) {
            let (name, ifindex) = (group.name().to_owned(), group.link.ifindex);
            let (strict, found) = (self.strict.clone(), self.found.0.clone());
            tokio::spawn(async move {
                match dump_routes_by(&strict, ifindex).await {
                    // The receiver goes only when the daemon ends.
                    Ok(routes) => drop(found.send(Found::Routes { group: name, routes })),
                    Err(error) => tracing::debug!(group = name, "{error}"),
                }
            });
        }
    }

    /// Reads the routes of a group that is being set up.
    pub(super) async fn read_first_routes(&self, group: &mut GroupRuntime) -> Result<(), NetlinkError> {
        let routes = dump_routes_by(&self.strict, group.link.ifindex).await?;
        group.tell_routes(&routes, &self.snapshot);
        Ok(())
    }
}

impl GroupRuntime {
    /// Tells the engine the targets that routes offer, if they are others than before.
    pub(super) fn tell_routes(&mut self, routes: &[RouteInfo], snapshot: &Snapshot) {
        let is_own = |target: IpAddr| snapshot.addresses.iter().any(|address| address.address == target);
        let offered = targets(routes, self.link.ifindex, is_own);
        if self.routes.as_ref() != Some(&offered) {
            self.engine.handle(Event::Routes(offered.clone()), Instant::now());
            self.routes = Some(offered);
        }
    }
}
