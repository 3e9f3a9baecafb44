//! What is done from time to time: reading everything anew, and repairing what others undid.

use std::time::Instant;

use tokio::sync::mpsc::UnboundedSender;

use super::{
    Driver, REPAIR_DELAY, RESYNC_INTERVAL, addresses::tell_link_locals, found::Found,
    links::follow_group_interface,
};
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
            let Some(group) = &self.groups[number] else { continue };
            let names: Vec<_> = group.config().members.iter().map(|member| member.name.clone()).collect();
            for (member, name) in names.iter().enumerate() {
                let known = self.groups[number].as_ref().and_then(|group| group.members[member].link.clone());
                match (self.snapshot.link(name).cloned(), known) {
                    // The poll knows better about the carrier.
                    (Some(link), Some(known))
                        if known == (LinkInfo { carrier: known.carrier, ..link.clone() }) => {}
                    (Some(link), _) => self.on_member_link(number, member, &link).await,
                    (None, Some(_)) => self.lose_member(number, member),
                    (None, None) => {}
                }
            }
            let Some(group) = &mut self.groups[number] else { continue };
            if let Some(link) = self.snapshot.links.get(&group.link.ifindex).cloned() {
                follow_group_interface(group, &link);
            }
            tell_link_locals(group, &self.snapshot);
            let event = group.snapshot_event(&self.snapshot);
            group.engine.handle(event, Instant::now());
        }
        self.look_at_strangers();
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
