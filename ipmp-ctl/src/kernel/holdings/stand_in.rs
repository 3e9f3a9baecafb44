//! Routes of routers' advertisements that were put on another interface: they stand in until an advertisement is heard there,
//! and then yield, for a router that withdraws takes only what was made of its advertisements.

use std::{collections::BTreeSet, time::Duration};

use rtnetlink::Handle;
use tokio::time::{sleep, timeout};

use super::{HeldRoute, take_route};
use crate::kernel::{
    netlink::{NetlinkError, RouteInfo, connect_strictly, dump_routes_by},
    routes::follow::RouteFollower,
};

/// After a change others are likely to follow.
const GATHER: Duration = Duration::from_millis(50);

/// Sees to it that these routes yield, as they were put. A task of its own: it ends when none of them is left, at the latest when
/// their time is over, for then the kernel takes them. The next daemon knows nothing of them. Call it inside a tokio runtime.
pub fn watch(handle: &Handle, stand_ins: Vec<HeldRoute>) {
    let Some(time) = stand_ins.iter().filter_map(HeldRoute::expires_s).max() else { return };
    let handle = handle.clone();
    tokio::spawn(async move {
        let yielding = timeout(Duration::from_secs(time.into()), until_yielded(&handle, stand_ins));
        if let Ok(Err(error)) = yielding.await {
            tracing::warn!("{error}; routes of advertisements that have moved stay until their time is over");
        }
    });
}

async fn until_yielded(handle: &Handle, mut stand_ins: Vec<HeldRoute>) -> Result<(), NetlinkError> {
    let strict = connect_strictly()?;
    let mut follower = RouteFollower::subscribe()?;
    let interfaces: BTreeSet<u32> = stand_ins.iter().map(|route| route.info().ifindex).collect();
    loop {
        let mut present = Vec::new();
        for ifindex in &interfaces {
            present.extend(dump_routes_by(&strict, *ifindex).await?);
        }
        stand_ins.retain(|route| present.iter().any(|present| is_same(present, route.info())));
        for route in has_successor(&stand_ins, &present) {
            match take_route(handle, &route).await {
                Ok(()) => tracing::info!("the {route} has yielded to the one of a new advertisement"),
                Err(error) => tracing::warn!("{error}"),
            }
            stand_ins.retain(|other| *other != route);
        }
        if stand_ins.is_empty() {
            return Ok(());
        }
        loop {
            let Some(touched) = follower.next().await else { return Ok(()) };
            if interfaces.iter().any(|ifindex| touched.includes(*ifindex)) {
                break;
            }
        }
        sleep(GATHER).await;
    }
}

/// Those beside which there is a route of an advertisement by the same router, which is no stand-in itself.
fn has_successor(stand_ins: &[HeldRoute], present: &[RouteInfo]) -> Vec<HeldRoute> {
    let is_stand_in = |route: &RouteInfo| stand_ins.iter().any(|held| is_same(route, held.info()));
    let made: Vec<_> = present.iter().filter(|route| !is_stand_in(route)).collect();
    let has_one = |held: &&HeldRoute| made.iter().any(|route| leads_alike(route, held.info()));
    stand_ins.iter().filter(has_one).cloned().collect()
}

fn is_same(present: &RouteInfo, held: &RouteInfo) -> bool {
    present.metric == held.metric && leads_alike(present, held)
}

/// Whether a route leads where this one does by the same router, which may be one of several.
fn leads_alike(present: &RouteInfo, held: &RouteInfo) -> bool {
    let key = |route: &RouteInfo| (route.destination, route.table, route.protocol);
    key(present) == key(held) && held.hops.iter().all(|hop| present.hops.contains(hop))
}

#[cfg(test)]
mod tests;
