//! One group at run time: the engine that decides, and what it decides about.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Instant,
};

use super::{
    GroupNumber,
    filters::Filter,
    history::Course,
    hook_worker::HookWorker,
    interface::InterfaceState,
    joining::see_carrier,
    link_worker::LinkWorker,
    prober::Prober,
    probing::{AwaitedProgram, ProbeTally},
    tally::{Announced, GroupTally},
    teardown::Changed,
    watchers::Watchers,
};
use crate::{
    config,
    dataplane::group_path::GroupPath,
    engine::{
        Engine,
        action::Action,
        event::{Event, Link, MemberIndex, RouteTargets},
    },
    journal::Journal,
    kernel::{
        announce::{AnnounceError, Announcer},
        group_link::GroupLink,
        netlink::{LinkInfo, Snapshot},
        sysctl,
    },
    state_file::remembered::Identity,
};

/// What the driver knows of a member beside the engine.
#[derive(Debug, Default)]
pub struct MemberRuntime {
    /// Its link as last seen; `None` while it is absent.
    pub link: Option<LinkInfo>,
    /// Changes of its carrier so far.
    pub edges: u64,
    /// Its speed in Mbit/s, if known.
    pub speed_mbps: Option<u32>,
    /// The NIC that its carrier is that of, if it is a VLAN.
    pub below: Option<String>,
    /// The interface of its name that is getting what a member needs.
    pub joining: Option<u32>,
    /// Why the interface of its name cannot be the member, as the operator was told.
    pub excluded: Option<String>,
    /// Its multicast filter.
    pub filter: Filter,
    /// Its slot, while it has one.
    pub slot: Option<u16>,
    /// What became of its probes.
    pub tally: ProbeTally,
}

/// What it takes to do what an engine wants done.
pub(super) struct Tools<'a> {
    /// The group's number.
    pub(super) group: GroupNumber,
    /// Sends announcements.
    pub(super) announcer: &'a Announcer,
    /// Attaches programs.
    pub(super) hooks: &'a mut HookWorker,
    /// Sends probes.
    pub(super) prober: &'a mut Prober,
    /// Watch probes.
    pub(super) watchers: &'a mut Watchers,
    /// Learns what happens.
    pub(super) journal: &'a mut Journal,
}

/// One group at run time.
pub struct GroupRuntime {
    /// Decides.
    pub engine: Engine,
    /// The packet path.
    pub path: GroupPath,
    /// The group interface and its peer.
    pub link: GroupLink,
    /// Whether this daemon made the group; otherwise it took it over from an earlier one.
    pub is_new: bool,
    /// Whether it is there and up, and what is done if not.
    pub interface: InterfaceState,
    /// Brings the group interface to what the engine wants.
    pub link_worker: LinkWorker,
    /// The members, by their index.
    pub members: Vec<MemberRuntime>,
    /// Warnings about the group's surroundings that have been given.
    pub warned: BTreeSet<String>,
    /// Probe sockets that wait for their member's program.
    pub awaiting: Vec<AwaitedProgram>,
    /// Why the packet path could not be written the last time; `None`: it was.
    pub unwritten: Option<String>,
    /// The targets that its routes offer, as the engine was last told.
    pub routes: Option<RouteTargets>,
    /// Members of an earlier configuration: put back as they were once nothing names them any more.
    pub strangers: Vec<Changed>,
    /// What its memory is true of.
    pub identity: Identity,
    /// What has happened of late.
    pub course: Course,
    /// What has happened, counted.
    pub tally: GroupTally,
}

impl GroupRuntime {
    /// The configuration.
    pub fn config(&self) -> &config::Group {
        self.engine.config()
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.engine.config().name
    }

    /// The member of this name.
    pub fn member_named(&self, name: &str) -> Option<MemberIndex> {
        self.config().members.iter().position(|member| member.name == name)
    }

    /// The member with this interface index.
    pub fn member_with(&self, ifindex: u32) -> Option<MemberIndex> {
        self.members
            .iter()
            .position(|member| member.link.as_ref().is_some_and(|link| link.ifindex == ifindex))
    }

    /// Whether the group interface has this interface index.
    pub fn has_interface(&self, ifindex: u32) -> bool {
        self.link.ifindex == ifindex && self.interface.is_there()
    }

    /// The members' links and the group interface's addresses out of a dump, for the engine.
    pub fn snapshot_event(&self, snapshot: &Snapshot) -> Event {
        let links = self.members.iter().enumerate().filter_map(|(index, member)| {
            let link = member.link.as_ref()?.to_engine(member.speed_mbps)?;
            Some((index, link))
        });
        let own = snapshot.addresses_of(self.link.ifindex).filter(|_| self.interface.is_there());
        let addresses = own.map(|address| address.address).collect();
        Event::Snapshot { links: links.collect(), addresses }
    }

    /// A member's link as the engine wants it.
    pub fn engine_link(&self, member: MemberIndex) -> Option<Link> {
        let member = self.members.get(member)?;
        member.link.as_ref()?.to_engine(member.speed_mbps)
    }

    /// Carries out the first assignment alone: the rest waits until programs are attached.
    pub fn install_first(&mut self, hooks: &mut HookWorker) {
        let assignment = self.engine.assignment().clone();
        if let Err(error) = self.path.apply(&assignment) {
            tracing::error!(group = self.name(), "{error}");
        }
        self.sync_hooks(hooks);
    }

    /// Carries out everything that the engine wants done.
    pub(super) fn drain(&mut self, tools: &mut Tools<'_>) {
        while let Some(action) = self.engine.poll_action() {
            self.carry_out(action, tools);
        }
    }

    fn carry_out(&mut self, action: Action, tools: &mut Tools<'_>) {
        match action {
            Action::SendProbe { probe, target, target_index } => {
                self.send_probe(probe, target, target_index, tools);
            }
            Action::ProbeDone(record) => self.note_probe(&record, tools),
            Action::Listen { member, family, source } => self.listen(member, family, source, tools),
            Action::ForgetRtt { member, family, target_index } => {
                self.forget_rtt(member, family, target_index);
            }
            Action::Install(assignment) => {
                let used = self.path.installed().usable;
                self.unwritten = self.path.apply(&assignment).err().map(|error| error.to_string());
                if let Some(error) = &self.unwritten {
                    tracing::error!(group = self.name(), "{error}");
                    self.engine.handle(Event::InstallFailed, Instant::now());
                }
                self.note_install(used);
                self.sync_hooks(tools.hooks);
                self.find_slots(tools);
            }
            Action::SetGroupLink { limits, running } => self.link_worker.set(limits, running),
            Action::Announce(addresses) => {
                self.announce(&addresses, tools.announcer);
                // What is repeated is no news.
                if self.has_installed() {
                    self.tell_announced(&addresses, tools.journal);
                }
            }
            Action::ReportMemberships => {
                let asked = tools.announcer.membership_queries(self.link.peer_ifindex, self.link.peer_mac);
                for family in [Announced::MembershipsV4, Announced::MembershipsV6] {
                    self.tally.announced(family, asked.is_ok());
                }
                self.log_announcement(asked);
            }
            Action::KeepAlive(member) => {
                if let Some(link) = self.engine_link(member) {
                    let sent = tools.announcer.keep_alive(link.ifindex, link.mac);
                    self.tally.announced(Announced::KeepAlive, sent.is_ok());
                    self.log_announcement(sent);
                }
            }
            Action::PurgeQueue(member) => self.purge_queue(member),
            Action::Notify(notice) => self.tell(&notice, tools.journal),
        }
    }

    /// Brings the programs at the members in line with the installed slots.
    pub fn sync_hooks(&mut self, hooks: &mut HookWorker) {
        for stale in self.path.take_stale() {
            hooks.detach(&self.engine.config().name, stale);
        }
        let names: BTreeMap<_, _> = self
            .members
            .iter()
            .filter_map(|member| member.link.as_ref().map(|link| (link.ifindex, link.name.clone())))
            .collect();
        for work in self.path.missing(|ifindex| names.get(&ifindex).cloned()) {
            hooks.attach(&self.engine.config().name, work);
        }
    }

    fn announce(&mut self, addresses: &[(IpAddr, MemberIndex)], announcer: &Announcer) {
        let router = sysctl::is_ipv6_router(self.name());
        for &(address, member) in addresses {
            if let Some(link) = self.engine_link(member) {
                let sent = announcer.announce(link.ifindex, link.mac, address, router);
                self.tally.announced(Announced::address(address), sent.is_ok());
                self.log_announcement(sent);
            }
        }
    }

    fn log_announcement(&self, sent: Result<(), AnnounceError>) {
        match sent {
            // The engine hears of it otherwise, and announces again.
            Err(error) if error.is_link_down() => tracing::debug!(group = self.name(), "{error}"),
            Err(error) => tracing::warn!(group = self.name(), "{error}"),
            Ok(()) => {}
        }
    }

    /// Has the kernel look at the link now: that is when it purges the queue of a device without carrier. It waits for
    /// the lock of the network stack, so another thread does it.
    fn purge_queue(&self, member: MemberIndex) {
        let (name, below) = (self.config().members[member].name.clone(), self.members[member].below.clone());
        tokio::task::spawn_blocking(move || see_carrier(below.as_deref(), &name));
    }
}
