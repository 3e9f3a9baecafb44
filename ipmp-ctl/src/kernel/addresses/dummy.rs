//! The address of members that have none.
//!
//! The kernel drops every IPv4 packet that comes in on an interface without an IPv4 address, where it checks reverse paths.
//! With `receive = "member"` packets stay on the member, which may have no address at all (link detection only).

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
};

use rtnetlink::Handle;

use super::{AddressError, Interface, add_test_address, remove_address};
use crate::kernel::{
    netlink::Snapshot,
    settings::{SavedStore, SavedValue, Setting, SettingKey},
};

/// The dummy address of RFC 7600, which no packet ever carries.
pub const DUMMY_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 0, 8);

/// Gives a member the dummy address if it has no IPv4 address but those that are `leaving`, and notes it. `false`: there was nothing to do.
pub async fn lend(
    handle: &Handle,
    to: Interface<'_>,
    snapshot: &Snapshot,
    leaving: &[IpAddr],
    store: &mut dyn SavedStore,
) -> Result<bool, AddressError> {
    let is_enough = |address: IpAddr| address.is_ipv4() && !leaving.contains(&address);
    if snapshot.addresses_of(to.index).any(|address| is_enough(address.address)) {
        return Ok(false);
    }
    let failed = |source: io::Error| AddressError {
        verb: "note dummy",
        address: IpAddr::V4(DUMMY_ADDRESS).into(),
        ifname: to.name.to_owned(),
        source,
    };
    store.put(key(to), SavedValue { old: 0, ours: 1 }).map_err(failed)?;
    add_test_address(handle, to, DUMMY_ADDRESS.into()).await
}

/// Takes the dummy address away if [`lend`] gave it. `false`: there was nothing to do.
pub async fn take_back(
    handle: &Handle,
    from: Interface<'_>,
    store: &mut dyn SavedStore,
) -> Result<bool, AddressError> {
    if store.get(key(from)).is_none() {
        return Ok(false);
    }
    let removed = remove_address(handle, from, IpAddr::V4(DUMMY_ADDRESS).into()).await?;
    store.remove(key(from));
    Ok(removed)
}

fn key(of: Interface<'_>) -> SettingKey {
    SettingKey { ifindex: of.index, setting: Setting::DummyAddress }
}

#[cfg(test)]
mod tests;
