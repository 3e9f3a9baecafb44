//! The group is made, and what its members hold moves to it.

use std::time::Instant;

use super::{PATIENCE, Phase};
use crate::{
    adopt::{
        plan::Plan,
        undo,
        way_back::{Of, WayBack},
    },
    dataplane::pins::GroupPins,
    driver::Driver,
    kernel::{
        addresses::SIGNATURE,
        group_link::GroupLink,
        holdings::{
            HeldRoute, HoldingError, Holdings, put_addresses, put_route, stand_in, take_address, take_route,
        },
        netlink::dump,
        stable_mac::{End, stable_mac},
        sysctl,
    },
};

impl Driver {
    /// The gateways answer: the way back is written down, and the group made.
    pub(super) async fn start_adopted_group(&mut self) {
        match Box::pin(self.make_adopted_group()).await {
            Ok(()) => {
                let Some(adoption) = &mut self.adoption else { return };
                adoption.phase = Phase::Starting;
                adoption.until = Instant::now() + PATIENCE;
            }
            Err(error) => self.undo_adoption(&error).await,
        }
    }

    async fn make_adopted_group(&mut self) -> Result<(), String> {
        let site = self.site.clone();
        let Some(adoption) = &mut self.adoption else { return Ok(()) };
        // Lifetimes have gone on, and renewals may have come, while the gateway was asked.
        let present = Holdings::read(&self.handle).await.map_err(|error| error.to_string())?;
        let plan = &mut adoption.plan;
        plan.refresh(&present);
        let way_back = WayBack::new(
            Of::Adoption,
            &plan.group.name,
            &site.pins,
            &site.around.netns,
            plan.interfaces.clone(),
            plan.moving.clone(),
        );
        let journal = adoption.files.way_back();
        let written = way_back.and_then(|way_back| {
            let way_back = way_back.leaving(&plan.text);
            way_back.write(&adoption.files).map(|()| way_back)
        });
        adoption.way_back = Some(written.map_err(|error| format!("{}: {error}", journal.display()))?);
        let plan = plan.clone();
        self.make_adopted_interface(&plan).await?;
        let mut pins = GroupPins::new(&site.pins, &site.around.netns, &plan.group.name);
        pins.lock().map_err(|error| error.to_string())?;
        // Its routes move, so that they need not be made.
        let group = crate::config::Group { routes: Vec::new(), ..plan.group };
        Box::pin(self.set_up(group, pins)).await
    }

    /// The group interface has the addresses before it is heard: what arrives by it is for this host from the first packet on.
    async fn make_adopted_interface(&self, plan: &Plan) -> Result<(), String> {
        let name = &plan.group.name;
        let mac = |end| stable_mac(&self.site.around.host, name, end);
        let made = GroupLink::create(&self.handle, name, mac(End::Group), mac(End::Peer)).await;
        let (link, _) = made.map_err(|error| format!("group {name}: {error}"))?;
        undo::accept_detours(name);
        plan.inherit(name);
        let mut addresses = Vec::new();
        for held in &plan.moving.addresses {
            let from = plan.interfaces.get(&held.info().ifindex).map_or("", String::as_str);
            let is_ours = plan.group.addresses.iter().any(|data| data.net == held.info().net());
            let moved = held.moved(from, name, link.ifindex);
            addresses.push(if is_ours { moved.signed(Some(SIGNATURE)) } else { moved });
        }
        let errors = put_addresses(&self.handle, &addresses).await;
        errors.first().map_or(Ok(()), |error| Err(error.to_string()))
    }

    /// The group carries traffic: routes and addresses leave the members.
    pub(super) async fn move_over(&mut self) {
        match self.take_over().await {
            Ok(()) => {
                let Some(adoption) = &mut self.adoption else { return };
                adoption.phase = Phase::Checking;
                adoption.until = Instant::now() + PATIENCE;
            }
            Err(error) => self.undo_adoption(&error).await,
        }
    }

    async fn take_over(&self) -> Result<(), String> {
        let Some(adoption) = &self.adoption else { return Ok(()) };
        let plan = &adoption.plan;
        let said = |error: HoldingError| error.to_string();
        let snapshot = dump(&self.handle).await.map_err(|error| error.to_string())?;
        let name = &plan.group.name;
        let ifindex = snapshot.link(name).map(|link| link.ifindex);
        let ifindex = ifindex.ok_or_else(|| format!("the group interface {name} is gone"))?;
        let mut stand_ins = Vec::new();
        for route in &plan.moving.routes {
            let mut moved = route.moved(ifindex);
            if route.is_advertised() {
                moved = moved.standing_in();
                stand_ins.push(moved.clone());
            }
            put_route(&self.handle, &moved).await.map_err(said)?;
            take_route(&self.handle, route).await.map_err(said)?;
        }
        stand_in::watch(&self.handle, stand_ins);
        // Backwards: with the first address of a subnet the kernel would take the others of it away.
        for held in plan.moving.addresses.iter().rev() {
            take_address(&self.handle, held).await.map_err(said)?;
        }
        let left = Holdings::read(&self.handle).await.map_err(|error| error.to_string())?;
        for route in left.routes.iter().filter(|route| plan.is_left_over(route)) {
            take_route(&self.handle, route).await.map_err(said)?;
        }
        check_paths_again(name);
        Ok(())
    }
}

impl Plan {
    /// What moves, as it is now.
    fn refresh(&mut self, present: &Holdings) {
        for held in &mut self.moving.addresses {
            if let Some(now) = present.addresses.iter().find(|now| now.info().is_same(held.info())) {
                *held = now.clone();
            }
        }
    }

    /// The group interface treats router advertisements as the member did whose addresses it gets.
    fn inherit(&self, group: &str) {
        /// Accept them although this host is a router.
        const EVEN_IF_ROUTER: u32 = 2;
        let of = |ifname: &str| sysctl::of_interface("ipv6", ifname, "accept_ra");
        let wants = |name: &String| sysctl::read(&of(name)).is_ok_and(|value| value == EVEN_IF_ROUTER);
        if self.interfaces.values().any(wants)
            && let Err(error) = sysctl::write(&of(group), EVEN_IF_ROUTER)
        {
            tracing::warn!(group, "{}: {error}", of(group));
        }
    }

    /// Whether a route is one of those that the kernel keeps although the addresses have gone.
    fn is_left_over(&self, route: &HeldRoute) -> bool {
        self.interfaces.contains_key(&route.info().ifindex) && route.is_own() && route.strange().is_none()
    }
}

/// Packets take one way only from now on: the check of that way is the host's own again.
fn check_paths_again(group: &str) {
    let of = |ifname: &str| sysctl::of_interface("ipv4", ifname, "rp_filter");
    if let Ok(usual) = sysctl::read(&of("default"))
        && let Err(error) = sysctl::write(&of(group), usual)
    {
        tracing::warn!(group, "{}: {error}", of(group));
    }
}
