//! Members and group interface as the group needs them: settings, addresses, routes. And back.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use rtnetlink::Handle;

use super::group::GroupRuntime;
use crate::{
    config::{self, Receive, TestAddresses},
    dataplane::{saved::SavedMap, tables::Tables},
    engine::event::MemberIndex,
    kernel::{
        addresses::{self, AddressError, Interface, dummy},
        group_link::GroupLink,
        netlink::{AddressInfo, Snapshot},
        routes::{self, RouteError},
        settings::{self, Role, SettingsError},
        sysctl, token,
    },
};

/// Why something could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// A setting.
    #[error(transparent)]
    Setting(#[from] SettingsError),
    /// An address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A route.
    #[error(transparent)]
    Route(#[from] RouteError),
}

/// Prepares the group interface: settings, data addresses, routes. The kernel says no to nothing that is there already.
pub async fn group(
    handle: &Handle,
    config: &config::Group,
    link: &GroupLink,
    snapshot: &Snapshot,
    tables: &mut Tables,
) -> Result<(), PrepareError> {
    settings::apply(Role::Group, &link.name, link.ifindex, &mut SavedMap(tables.saved_settings()))?;
    let interface = Interface { name: &link.name, index: link.ifindex };
    keep_other_addresses(config, interface);
    addresses_and_routes(handle, config, interface, snapshot).await.map(drop)
}

/// Sees to it that the group interface has the configured addresses, token and routes, and no address that an earlier
/// configuration gave it. What it did not have.
pub async fn addresses_and_routes(
    handle: &Handle,
    config: &config::Group,
    interface: Interface<'_>,
    snapshot: &Snapshot,
) -> Result<Vec<String>, PrepareError> {
    remove_forgotten(handle, config, interface, snapshot).await?;
    let mut new = Vec::new();
    for address in addresses::in_order(&config.addresses, |data| data.net.addr()) {
        if addresses::add_address(handle, interface, address.net).await? {
            new.push(address.net.to_string());
        }
    }
    new.extend(token(handle, config, interface).await);
    new.extend(routes(handle, config, interface).await?);
    Ok(new)
}

/// Prepares a group interface that was made anew, with the addresses that the old one had. Goes on past errors and says
/// them.
pub async fn group_anew(handle: &Handle, config: &config::Group, link: &GroupLink, addresses: &[IpNet]) {
    let interface = Interface { name: &link.name, index: link.ifindex };
    keep_other_addresses(config, interface);
    token(handle, config, interface).await;
    group_addresses(handle, config, interface, addresses).await;
    if let Err(error) = routes(handle, config, interface).await {
        tracing::error!(group = config.name, "{error}");
    }
}

/// Puts addresses on the group interface, those of the configuration under our own sign. Goes on past errors and says them.
pub async fn group_addresses(
    handle: &Handle,
    config: &config::Group,
    interface: Interface<'_>,
    addresses: &[IpNet],
) {
    for &net in addresses::in_order(addresses, IpNet::addr) {
        let is_configured = config.addresses.iter().any(|data| data.net == net);
        let added = if is_configured {
            addresses::add_address(handle, interface, net).await
        } else {
            addresses::add_foreign_address(handle, interface, net).await
        };
        if let Err(error) = added {
            tracing::error!(group = config.name, "{error}");
        }
    }
}

/// With the first address of a subnet the kernel would take all others of it away.
fn keep_other_addresses(config: &config::Group, interface: Interface<'_>) {
    let promote = sysctl::of_interface("ipv4", interface.name, "promote_secondaries");
    if let Err(error) = sysctl::write(&promote, 1) {
        tracing::warn!(group = config.name, "{promote}: {error}");
    }
}

/// Gives the group interface the token of the configuration. What, if it did not have it. An error is only said: what routers'
/// advertisements would give is not worth a group.
async fn token(handle: &Handle, config: &config::Group, interface: Interface<'_>) -> Option<String> {
    let token = config.ipv6_token?;
    match token::set(handle, interface.index, token).await {
        Ok(is_new) => is_new.then(|| format!("token {token}")),
        Err(error) => {
            let name = interface.name;
            tracing::warn!(
                group = config.name,
                "`ipv6-token` {token} cannot be used: {error}; does {name} accept router advertisements (sysctl \
                 net.ipv6.conf.{name}.accept_ra; 2 on a router)?"
            );
            None
        }
    }
}

/// Takes the token of an earlier configuration from the group interface.
pub async fn no_token(handle: &Handle, interface: Interface<'_>) {
    if let Err(error) = token::set(handle, interface.index, Ipv6Addr::UNSPECIFIED).await {
        tracing::warn!("taking the token from {}: {error}", interface.name);
    }
}

/// Adds the routes of the configuration. Those that were not there.
async fn routes(
    handle: &Handle,
    config: &config::Group,
    interface: Interface<'_>,
) -> Result<Vec<String>, PrepareError> {
    let mut new = Vec::new();
    for prefix in foreign_test_prefixes(config) {
        routes::add_test_prefix(handle, interface, prefix).await?;
    }
    for route in &config.routes {
        if routes::add_route(handle, interface, route).await? {
            new.push(format!("route to {} via {}", route.destination, route.via));
        }
    }
    Ok(new)
}

/// Takes away the data addresses that an earlier daemon put there and the configuration no longer names. Those that were
/// added by hand stay.
async fn remove_forgotten(
    handle: &Handle,
    config: &config::Group,
    interface: Interface<'_>,
    snapshot: &Snapshot,
) -> Result<(), PrepareError> {
    let is_named = |net: IpNet| config.addresses.iter().any(|data| data.net == net);
    let ours = snapshot
        .addresses_of(interface.index)
        .filter(|address| address.protocol == Some(addresses::SIGNATURE))
        .map(AddressInfo::net);
    for address in ours.filter(|&net| !is_named(net)) {
        addresses::remove_address(handle, interface, address).await?;
        tracing::info!(group = config.name, "removed {address}, which the configuration no longer names");
    }
    Ok(())
}

/// The subnets of test addresses in which the group has no data address. Without a route to them by the group interface
/// the kernel would drop what comes from there as misdirected.
pub fn foreign_test_prefixes(config: &config::Group) -> Vec<IpNet> {
    let mut prefixes = Vec::new();
    for member in &config.members {
        let TestAddresses::V4(tests) = &member.test_addresses else { continue };
        for prefix in tests.iter().map(|test| IpNet::V4(test.net.trunc())) {
            let covered = config.addresses.iter().any(|data| data.net.contains(&prefix));
            if !covered && !prefixes.contains(&prefix) {
                prefixes.push(prefix);
            }
        }
    }
    prefixes
}

/// Whether a member is in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// It is: it has its test addresses.
    In,
    /// The administrator has taken it offline: its test addresses are off it. What still arrives is received.
    Out,
}

impl Service {
    /// That of a member.
    pub fn of(group: &GroupRuntime, member: MemberIndex) -> Self {
        if group.engine.is_retired(member) { Self::Out } else { Self::In }
    }
}

/// What members are prepared with.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// Requests to the kernel.
    pub handle: &'a Handle,
    /// Their group.
    pub group: &'a config::Group,
    /// What the kernel has.
    pub snapshot: &'a Snapshot,
}

/// Prepares a member that has appeared: its settings, its test addresses, its place behind the group interface in the
/// routing tables. Safe to repeat: udev, `sysctl --system` and the kernel itself undo parts of it.
pub async fn member(
    &Place { handle, group, snapshot }: &Place<'_>,
    member: &config::Member,
    ifindex: u32,
    service: Service,
    saved: &mut SavedMap<'_>,
) -> Result<(), PrepareError> {
    let interface = Interface { name: &member.name, index: ifindex };
    let changed = settings::apply(Role::Member, &member.name, ifindex, saved)?;
    if !changed.is_empty() {
        tracing::debug!(member = member.name, ?changed, "settings changed");
    }
    let tests: Vec<_> = member.test_addresses.v4().iter().map(|test| IpAddr::V4(test.net.addr())).collect();
    let (staying, leaving) = match service {
        Service::In => (tests.as_slice(), &[][..]),
        Service::Out => (&[][..], tests.as_slice()),
    };
    for &test in staying {
        addresses::add_test_address(handle, interface, test).await?;
    }
    if group.receive == Receive::Member {
        dummy::lend(handle, interface, snapshot, leaving, saved).await?;
    }
    for &test in leaving {
        addresses::remove_address(handle, interface, IpNet::from(test)).await?;
    }
    routes::common::demote(handle, interface).await?;
    Ok(())
}

/// Puts a member back as it was: settings, routes, and the addresses of `tests` and the dummy one taken away. Goes on past
/// errors and says them.
pub async fn restore_member(
    handle: &Handle,
    ifname: &str,
    ifindex: u32,
    tests: &[IpAddr],
    tables: &mut Tables,
) {
    let interface = Interface { name: ifname, index: ifindex };
    let warn = |error: PrepareError| tracing::warn!(member = ifname, "{error}");
    for &test in tests {
        if let Err(error) = addresses::remove_address(handle, interface, IpNet::from(test)).await {
            warn(error.into());
        }
    }
    let mut saved = SavedMap(tables.saved_settings());
    if let Err(error) = dummy::take_back(handle, interface, &mut saved).await {
        warn(error.into());
    }
    if let Err(error) = routes::common::restore(handle, interface).await {
        warn(error.into());
    }
    for error in settings::restore(ifname, ifindex, &mut saved) {
        warn(error.into());
    }
}
