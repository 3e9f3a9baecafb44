//! Data addresses that somebody puts on a member: a DHCP client that renews a lease there, or what configures the host's NICs
//! when it starts. They are moved on to the group interface, with the member's routes, and no connection is lost.

use std::time::Instant;

use super::Driver;
use crate::{
    adopt::undo::accept_detours,
    config,
    dataplane::pins::GroupPins,
    journal::Entry,
    kernel::{
        addresses::SIGNATURE,
        group_link::GroupLink,
        holdings::{HeldAddress, HoldingError, Holdings, put_addresses, put_route, take_address, take_route},
        netlink::{AddressInfo, NetlinkError, Snapshot, dump},
        stable_mac::{End, stable_mac},
    },
};

impl Driver {
    /// Sets up a group, on whose members data addresses may be found: those are moved.
    ///
    /// # Errors
    /// What keeps it from being set up, or them from being moved.
    pub async fn set_up_with_strays(&mut self, group: config::Group, pins: GroupPins) -> Result<(), String> {
        let snapshot = dump(&self.handle).await.map_err(|error| error.to_string())?;
        if !carries_data(&group, &snapshot) {
            return Box::pin(self.set_up(group, pins)).await;
        }
        let (name, routes) = (group.name.clone(), group.routes.clone());
        let path = pins.path().to_owned();
        let is_new = snapshot.link(&name).is_none();
        let made = self.lend_addresses(&group, &snapshot).await;
        let made = match made {
            // The routes of the configuration have no room beside the same ones by the member.
            Ok(()) => {
                Box::pin(self.set_up(config::Group { routes: Vec::new(), ..group.clone() }, pins)).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            if is_new {
                // What keeps it from being removed is told with the next attempt.
                drop(super::teardown::left(&self.handle, &name, &path).await);
            }
            return Err(error);
        }
        let snapshot = dump(&self.handle).await.map_err(|error| error.to_string())?;
        for member in &group.members {
            let Some(index) = snapshot.link(&member.name).map(|link| link.ifindex) else { continue };
            let is_data =
                |held: &AddressInfo| group.addresses.iter().any(|data| data.net.addr() == held.address);
            let found: Vec<_> = snapshot.addresses_of(index).filter(|held| is_data(held)).cloned().collect();
            for address in found {
                self.move_stray(&name, &member.name, &address).await;
            }
        }
        let Some(group) = self.groups.iter_mut().flatten().find(|group| group.name() == name) else {
            return Ok(());
        };
        group.engine.set_routes(routes);
        let interface = crate::kernel::addresses::Interface { name: &name, index: group.link.ifindex };
        let config = group.engine.config();
        let put = super::prepare::addresses_and_routes(&self.handle, config, interface, &snapshot).await;
        self.routes_changed();
        put.map(drop).map_err(|error| error.to_string())
    }

    /// Gives the group interface what the members carry, before it takes in what arrives by them.
    async fn lend_addresses(&self, group: &config::Group, snapshot: &Snapshot) -> Result<(), String> {
        let name = &group.name;
        let mac = |end| stable_mac(&self.site.around.host, name, end);
        let made = GroupLink::create(&self.handle, name, mac(End::Group), mac(End::Peer)).await;
        let (link, _) = made.map_err(|error| format!("group {name}: {error}"))?;
        accept_detours(name);
        let held = Holdings::read(&self.handle).await.map_err(|error| error.to_string())?;
        let is_data = |held: &&HeldAddress| group.addresses.iter().any(|data| data.net == held.info().net());
        let addresses = held.addresses.iter().filter(is_data).filter_map(|held| {
            let from = &snapshot.links.get(&held.info().ifindex)?.name;
            let is_member = group.member(from).is_some() && held.valid_s().is_none();
            is_member.then(|| held.moved(from, name, link.ifindex).signed(Some(SIGNATURE)))
        });
        let errors = put_addresses(&self.handle, &addresses.collect::<Vec<_>>()).await;
        errors.first().map_or(Ok(()), |error| Err(error.to_string()))
    }

    /// An address has appeared on a member: if it is one of the group's, it is moved.
    pub(super) async fn look_for_stray(&mut self, address: &AddressInfo) {
        if address.is_ipv6_link_local() {
            return;
        }
        let found = self.groups.iter().flatten().find_map(|group| {
            let member = group.member_with(address.ifindex).filter(|_| group.interface.is_there())?;
            let is_configured =
                group.config().addresses.iter().any(|data| data.net.addr() == address.address);
            let is_there =
                || self.snapshot.addresses_of(group.link.ifindex).any(|own| own.address == address.address);
            let is_data = is_configured || is_there();
            is_data.then(|| (group.name().to_owned(), group.config().members[member].name.clone()))
        });
        // While it is adopted its members still carry everything for a moment.
        if let Some((group, member)) = found.filter(|(group, _)| !self.is_adopting(group)) {
            self.move_stray(&group, &member, address).await;
        }
    }

    async fn move_stray(&mut self, group: &str, member: &str, address: &AddressInfo) {
        let moved = match move_over(&self.handle, group, member, address).await {
            Ok(moved) => moved,
            Err(error) => return tracing::warn!(group, "moving {} from {member}: {error}", address.net()),
        };
        if moved.is_empty() {
            return;
        }
        let text = format!("moved from {member} to {group}: {}", moved.join(", "));
        let (of, interface) = (Some(group.to_owned()), Some(member.to_owned()));
        let entry = Entry { group: of, interface, ..Entry::now("address-moved", text.clone()) };
        if self.journal.note(entry, Instant::now()) {
            tracing::info!(group, "{text}");
        }
    }
}

/// Whether a member carries a data address.
fn carries_data(group: &config::Group, snapshot: &Snapshot) -> bool {
    let links = group.members.iter().filter_map(|member| snapshot.link(&member.name));
    let mut held = links.flat_map(|link| snapshot.addresses_of(link.ifindex));
    held.any(|held| group.addresses.iter().any(|data| data.net.addr() == held.address))
}

/// Moves an address, and the routes that somebody has made by the member. What has moved.
async fn move_over(
    handle: &rtnetlink::Handle,
    group: &str,
    member: &str,
    address: &AddressInfo,
) -> Result<Vec<String>, MoveError> {
    let (snapshot, present) = (dump(handle).await?, Holdings::read(handle).await?);
    let Some(to) = snapshot.link(group).map(|link| link.ifindex) else { return Ok(Vec::new()) };
    let held = present.of(address.ifindex);
    let Some(stray) = held.addresses.iter().find(|held| held.info().is_same(address)) else {
        return Ok(Vec::new());
    };
    let own = present
        .addresses
        .iter()
        .find(|own| own.info().ifindex == to && own.info().address == address.address);
    // What is there for good stays so; a lease gets its new time.
    let is_renewed = own.is_none_or(|own| own.valid_s().is_some());
    if is_renewed {
        let moved = stray.moved(member, group, to);
        if let Some(error) = put_addresses(handle, &[moved]).await.into_iter().next() {
            return Err(error.into());
        }
    }
    let mut said = vec![stray.to_string()];
    for route in held.routes.iter().filter(|route| route.is_made() && route.strange().is_none()) {
        put_route(handle, &route.moved(to)).await?;
        take_route(handle, route).await?;
        said.push(format!("the {route}"));
    }
    take_address(handle, stray).await?;
    Ok(said)
}

/// Why an address could not be moved.
#[derive(Debug, thiserror::Error)]
enum MoveError {
    /// The kernel cannot be asked.
    #[error(transparent)]
    Kernel(#[from] NetlinkError),
    /// It says no.
    #[error(transparent)]
    Holding(#[from] HoldingError),
}
