//! What is done from time to time: reading everything anew, and repairing what others undid.

use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::{Driver, REPAIR_DELAY, RESYNC_INTERVAL, addresses::tell_link_locals, found::Found};
use crate::{
    dataplane::group_path::Proof,
    kernel::{
        addresses::Interface,
        netlink::{LinkInfo, dump},
        preflight::unsupported,
        routes::common,
    },
};

impl Driver {
    /// Reads everything anew. Settings are repaired too, a member at a time, for each of them takes the loop a moment.
    pub(super) async fn scan(&mut self) {
        self.resync().await;
        self.routes_changed();
        for (number, group) in self.groups.iter_mut().enumerate() {
            let Some(group) = group else { continue };
            group.path.retry_drivers();
            group.sync_hooks(&mut self.hooks);
            look_after(group.name(), group.path.proofs(), &self.found.0);
            group.link_worker.again();
            group.make_interface(&self.handle, &self.found.0);
            group.members.iter_mut().for_each(|member| member.filter.retry());
            self.repairs.extend((0..group.members.len()).map(|member| (number, member)));
        }
        self.repair_at = Some(Instant::now());
    }

    /// Repairs the settings of the next member.
    pub(super) async fn repair_next(&mut self) {
        let Some((number, member)) = self.repairs.pop_front() else {
            self.repair_at = None;
            return;
        };
        self.repair_at = Some(Instant::now() + REPAIR_DELAY);
        let Some(Some(group)) = self.groups.get(number) else { return };
        if let Some(ifindex) = group.members[member].link.as_ref().map(|link| link.ifindex) {
            self.prepare(number, member, ifindex).await;
        }
    }

    /// Reads all links and addresses and tells the engines what differs from what they know: mark and sweep.
    pub(super) async fn resync(&mut self) {
        match dump(&self.handle).await {
            Ok(snapshot) => self.snapshot = snapshot,
            Err(error) => {
                tracing::warn!("{error}");
                self.resync_at = Some(Instant::now() + RESYNC_INTERVAL);
                return;
            }
        }
        self.warn_of_unsupported();
        for number in 0..self.groups.len() {
            self.give_up_links(number).await;
        }
        for number in 0..self.groups.len() {
            self.take_links(number).await;
            let Some(group) = &mut self.groups[number] else { continue };
            if group.interface.is_there() && !group.link.is_whole(&self.snapshot) {
                let what = format!("{} is gone or has lost its peer", group.name());
                self.lose_interface(number, &what);
            }
            let Some(group) = &mut self.groups[number] else { continue };
            if let Some(link) = self.snapshot.links.get(&group.link.ifindex).cloned() {
                group.follow_interface(&self.handle, &link);
                group.keep_addresses(&self.snapshot);
            }
            tell_link_locals(group, &self.snapshot);
            let event = group.snapshot_event(&self.snapshot);
            group.engine.handle(event, Instant::now());
        }
        self.look_at_strangers();
    }

    /// Gives up the links that are no longer what they were: another link may have the name of a member, or its index.
    async fn give_up_links(&mut self, number: usize) {
        let count = self.groups[number].as_ref().map_or(0, |group| group.members.len());
        for member in 0..count {
            let Some(group) = &self.groups[number] else { return };
            let name = &group.config().members[member].name;
            let Some(ifindex) = group.members[member].link.as_ref().map(|link| link.ifindex) else {
                continue;
            };
            let held = self.carrier.holds((number, member));
            match self.snapshot.links.get(&ifindex).map(|link| link.name.clone()) {
                Some(present) if held && present == *name => {}
                Some(present) if held => self.release_member(number, member, &present).await,
                _ => self.lose_member(number, member),
            }
        }
    }

    /// Takes in what differs from what is known of the members' links.
    async fn take_links(&mut self, number: usize) {
        let count = self.groups[number].as_ref().map_or(0, |group| group.members.len());
        for member in 0..count {
            let Some(group) = &self.groups[number] else { return };
            let Some(link) = self.snapshot.link(&group.config().members[member].name).cloned() else {
                continue;
            };
            // The poll knows better about the carrier.
            let known = group.members[member].link.as_ref();
            if known.is_none_or(|known| *known != LinkInfo { carrier: known.carrier, ..link.clone() }) {
                self.on_member_link(number, member, &link).await;
            }
        }
    }

    /// The kernel makes the link-local and multicast routes of a member anew, and as good as the group's, whenever the
    /// member comes up or gets its link-local address. A task of its own: it waits for the kernel.
    pub(super) fn demote_routes(&self) {
        let members = self.groups.iter().flatten().flat_map(|group| &group.members);
        let links: Vec<_> =
            members.filter_map(|member| member.link.as_ref()).map(|l| (l.name.clone(), l.ifindex)).collect();
        let handle = self.handle.clone();
        tokio::spawn(async move {
            for (name, index) in &links {
                if let Err(error) = common::demote(&handle, Interface { name, index: *index }).await {
                    tracing::debug!("{error}");
                }
            }
        });
    }

    pub(super) fn warn_of_unsupported(&mut self) {
        for group in self.groups.iter_mut().flatten() {
            for finding in unsupported(&group.config().name, group.config().line, &self.snapshot) {
                if group.warned.insert(finding.text.clone()) {
                    tracing::warn!("{}: {finding}", self.config.place(finding.line));
                }
            }
        }
    }
}

/// Looks on another thread whether programs are still where they were attached.
fn look_after(group: &str, proofs: Vec<Proof>, found: &UnboundedSender<Found>) {
    let (group, found) = (group.to_owned(), found.clone());
    tokio::task::spawn_blocking(move || {
        for Proof { place, number, .. } in proofs.into_iter().filter(|proof| !proof.holds()) {
            // The receiver goes only when the daemon ends.
            drop(found.send(Found::Lost { group: group.clone(), place, number }));
        }
    });
}
