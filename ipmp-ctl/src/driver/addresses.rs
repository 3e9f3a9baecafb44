//! What happens to addresses: of the group interface, and on members.

use std::time::Instant;

use ipnet::IpNet;

use super::{DEMOTE_DELAY, Driver, group::GroupRuntime};
use crate::{
    engine::event::{Event, MemberIndex},
    kernel::{
        addresses::dummy::DUMMY_ADDRESS,
        netlink::{AddressInfo, Snapshot},
    },
};

impl Driver {
    pub(super) fn on_address(&mut self, address: &AddressInfo, present: bool) {
        // What is our own is no target, and routes go with addresses silently.
        self.routes_changed();
        for (number, group) in self.groups.iter_mut().enumerate() {
            let Some(group) = group else { continue };
            let now = Instant::now();
            if group.has_interface(address.ifindex) {
                group.keep_address(address, present);
                let event = if present {
                    Event::AddressAdded(address.address)
                } else {
                    Event::AddressRemoved(address.address)
                };
                group.engine.handle(event, now);
            } else if let Some(member) = group.member_with(address.ifindex) {
                if address.is_ipv6_link_local() {
                    self.demote_at = Some(now + DEMOTE_DELAY);
                    let present = present && address.is_usable();
                    let event = Event::TestAddress { member, address: address.address, present };
                    group.engine.handle(event, now);
                } else if !is_expected(group, member, address) {
                    if present {
                        warn_of_stray_address(group, member, address);
                    }
                } else if !present && !group.engine.is_retired(member) {
                    tracing::warn!(
                        group = group.name(),
                        member = group.config().members[member].name,
                        "{} has been removed from member {}: it is put back",
                        address.address,
                        group.config().members[member].name
                    );
                    self.repairs.push_front((number, member));
                    self.repair_at = Some(now);
                }
            }
        }
    }
}

impl GroupRuntime {
    /// Takes note of an address of the group interface. A configured one that somebody takes away stays away.
    fn keep_address(&mut self, address: &AddressInfo, present: bool) {
        if present {
            self.interface.addresses.add(address);
        } else if self.interface.is_up() && self.interface.addresses.remove(address) {
            self.tell_removed(address.net());
        }
    }

    /// Takes note of all addresses of the group interface.
    pub(super) fn keep_addresses(&mut self, snapshot: &Snapshot) {
        if self.interface.is_up() {
            for net in self.interface.addresses.replace(snapshot.addresses_of(self.link.ifindex)) {
                self.tell_removed(net);
            }
        }
    }

    fn tell_removed(&self, net: IpNet) {
        if self.config().addresses.iter().any(|data| data.net == net) {
            let group = self.name();
            tracing::warn!(
                group,
                "data address {net} has been removed from {group}: it is left alone; put it back with `ip addr add {net} dev \
                 {group}`, or take it out of the configuration"
            );
        }
    }
}

/// Tells the engine the link-local addresses of the members: they stay where they are, probed or not.
pub(super) fn tell_link_locals(group: &mut GroupRuntime, snapshot: &Snapshot) {
    for address in &snapshot.addresses {
        if let Some(member) = group.member_with(address.ifindex).filter(|_| address.is_ipv6_link_local()) {
            let present = address.is_usable();
            let event = Event::TestAddress { member, address: address.address, present };
            group.engine.handle(event, Instant::now());
        }
    }
}

/// Whether an address belongs on a member: its test addresses, and the dummy one.
fn is_expected(group: &GroupRuntime, member: MemberIndex, address: &AddressInfo) -> bool {
    let tests = group.config().members[member].test_addresses.v4();
    let is_test = tests.iter().any(|test| test.net.addr() == address.address);
    is_test || address.address == DUMMY_ADDRESS
}

/// Once for each address: it works against the group, since the kernel prefers the member for its subnet.
fn warn_of_stray_address(group: &mut GroupRuntime, member: MemberIndex, address: &AddressInfo) {
    let name = group.config().members[member].name.clone();
    let net = address.net();
    let text = format!(
        "{net} has been put on member {name}, where it does not move with the group: remove it with `ip addr del {net} dev {name}`, \
         and put it on {} if it is to be a data address",
        group.name()
    );
    if group.warned.insert(text.clone()) {
        tracing::warn!(group = group.name(), "{text}");
    }
}
