//! The group interface at run time: it is watched, and made anew when somebody has deleted it.
//!
//! Making it waits for the kernel, so a task does that; the programs are attached by the hook worker, and only then does the
//! interface get its carrier. Maps and members stay as they are meanwhile.

use std::time::Instant;

use rtnetlink::Handle;
use tokio::{sync::mpsc::UnboundedSender, task::JoinHandle};

use super::{
    Driver, found::Found, group::GroupRuntime, hook_worker::HookWorker, kept_addresses::KeptAddresses,
    prepare,
};
use crate::{
    dataplane::saved::SavedMap,
    kernel::{
        addresses::Interface,
        group_link::{GroupLink, GroupLinkError},
        netlink::{LinkInfo, Snapshot},
        settings::{self, Role},
    },
};

/// What is known of the group interface, beside what it is.
#[derive(Debug)]
pub struct InterfaceState {
    /// Whether it is administratively up.
    admin_up: bool,
    phase: Phase,
    /// Its addresses.
    pub addresses: KeptAddresses,
    /// Why it could not be made anew, as the operator was last told.
    complaint: Option<String>,
}

#[derive(Debug)]
enum Phase {
    /// It is there.
    There,
    /// It is there again, and gets its programs.
    Returning,
    /// It is gone, and could not be made anew yet.
    Gone,
    /// A task makes it anew.
    Making {
        task: JoinHandle<()>,
        /// Whether that one has been deleted too.
        in_vain: bool,
    },
}

impl Default for InterfaceState {
    /// There, and up.
    fn default() -> Self {
        Self { admin_up: true, phase: Phase::There, addresses: KeptAddresses::default(), complaint: None }
    }
}

impl InterfaceState {
    /// Whether packets get in and out by it.
    pub const fn works(&self) -> bool {
        self.admin_up && matches!(self.phase, Phase::There)
    }

    /// Whether there is one.
    pub const fn is_there(&self) -> bool {
        matches!(self.phase, Phase::There | Phase::Returning)
    }

    /// Whether it is there and administratively up.
    pub const fn is_up(&self) -> bool {
        self.admin_up && self.is_there()
    }

    /// Ends the task that makes it anew. Whether there was one: then nobody knows what it has made.
    pub async fn give_up(self) -> bool {
        let Phase::Making { task, .. } = self.phase else { return false };
        task.abort();
        // Aborted, which is what we wanted, or done.
        drop(task.await);
        true
    }
}

impl Driver {
    /// The group interface, or its peer, is gone.
    pub(super) fn lose_interface(&mut self, number: usize, what: &str) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        if !group.interface.is_there() {
            return;
        }
        tracing::error!(group = group.name(), "{what}: the group interface is made anew");
        group.interface.phase = Phase::Gone;
        group.link_worker.follow(None);
        group.path.lose_interface();
        group.make_interface(&self.handle, &self.found.0);
    }

    /// A link of the name of a group interface is gone, which may be the one that is being made.
    pub(super) fn note_interface_gone(&mut self, number: usize, ifindex: u32) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let is_old = [group.link.ifindex, group.link.peer_ifindex].contains(&ifindex);
        if let Phase::Making { in_vain, .. } = &mut group.interface.phase {
            *in_vain |= !is_old;
        }
    }
}

impl GroupRuntime {
    /// Makes the group interface anew, unless it is there or being made.
    pub(super) fn make_interface(&mut self, handle: &Handle, found: &UnboundedSender<Found>) {
        if !matches!(self.interface.phase, Phase::Gone) {
            return;
        }
        let (old, config, found) = (self.link.clone(), self.config().clone(), found.clone());
        let (handle, addresses) = (handle.clone(), self.interface.addresses.nets().to_vec());
        let task = tokio::spawn(async move {
            let link = old.make_anew(&handle).await;
            if let Ok(link) = &link {
                prepare::group_anew(&handle, &config, link, &addresses).await;
            }
            // The receiver goes only when the daemon ends.
            drop(found.send(Found::Interface { group: config.name, link }));
        });
        self.interface.phase = Phase::Making { task, in_vain: false };
    }

    /// Takes in the group interface that was made anew, or why there is none. Whether it is gone again by now.
    pub(super) fn take_interface(
        &mut self,
        made: Result<GroupLink, GroupLinkError>,
        snapshot: &Snapshot,
        hooks: &mut HookWorker,
    ) -> bool {
        let Phase::Making { in_vain, .. } = self.interface.phase else { return false };
        self.interface.phase = Phase::Gone;
        // One that could not be completed was deleted by ourselves.
        if in_vain && made.is_ok() {
            return true;
        }
        let link = match made {
            Ok(link) => link,
            Err(error) => {
                let text = error.to_string();
                if self.interface.complaint.as_ref() != Some(&text) {
                    tracing::error!(
                        group = self.name(),
                        "the group interface cannot be made anew, which is tried again every 20 s: {text}"
                    );
                    self.interface.complaint = Some(text);
                }
                return false;
            }
        };
        let mut saved = SavedMap(self.path.tables().saved_settings());
        if let Err(error) = settings::apply(Role::Group, &link.name, link.ifindex, &mut saved) {
            tracing::warn!(group = self.name(), "{error}");
        }
        if let Err(error) = self.path.follow_interface(link.ifindex) {
            tracing::error!(group = self.name(), "{error}");
        }
        self.path.set_group_mac(link.mac);
        self.link = link;
        self.interface.phase = Phase::Returning;
        self.interface.admin_up = true;
        self.interface.complaint = None;
        // Routes and addresses are told as those of an interface that was always there.
        self.routes = None;
        let event = self.snapshot_event(snapshot);
        self.engine.handle(event, Instant::now());
        self.sync_hooks(hooks);
        false
    }

    /// Gives a group interface that was made anew its carrier, once its programs are in place.
    pub(super) fn complete_interface(&mut self, hooks: &HookWorker) {
        if matches!(self.interface.phase, Phase::Returning)
            && self.path.is_at_group()
            && !hooks.is_busy(self.name())
        {
            self.interface.phase = Phase::There;
            self.link_worker.follow(Some(self.link.clone()));
            tracing::info!(group = self.name(), "the group interface is there again");
        }
    }

    /// The group interface changed: its MAC address may be another one, and it may have been brought down.
    pub(super) fn follow_interface(&mut self, handle: &Handle, link: &LinkInfo) {
        if let Some(mac) = link.mac.filter(|&mac| mac != self.link.mac) {
            tracing::warn!(
                group = self.name(),
                "the MAC address of the group interface has been changed to {mac}"
            );
            self.link.mac = mac;
            self.path.set_group_mac(mac);
        }
        let name = self.name().to_owned();
        if link.name != name && self.warned.insert(format!("renamed {}", link.name)) {
            tracing::warn!(
                group = name,
                "the group interface has been renamed to {new}: name it {name} again with `ip link set {new} name {name}`",
                new = link.name
            );
        }
        if self.interface.admin_up == link.admin_up {
            return;
        }
        self.interface.admin_up = link.admin_up;
        if link.admin_up {
            tracing::info!(group = name, "the group interface is administratively up");
            self.put_addresses_back(handle);
        } else {
            tracing::warn!(
                group = name,
                "the group interface is administratively down: bring it up with `ip link set {name} up`"
            );
        }
    }

    /// The kernel takes IPv6 addresses from an interface that goes down.
    fn put_addresses_back(&self, handle: &Handle) {
        let (handle, config, link) = (handle.clone(), self.config().clone(), self.link.clone());
        let addresses = self.interface.addresses.nets().to_vec();
        tokio::spawn(async move {
            let interface = Interface { name: &link.name, index: link.ifindex };
            prepare::group_addresses(&handle, &config, interface, &addresses).await;
        });
    }
}
