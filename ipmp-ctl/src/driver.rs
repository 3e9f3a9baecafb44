//! The loop: what happens goes to the engines, what they want is done. No policy.
//!
//! ```text
//!  netlink monitor ─┐                         ┌─> maps (inline: memory writes, microseconds)
//!  carrier poll ────┤                         ├─> announcements (inline: one packet socket)
//!  control socket ──┼─> Driver ─> Engine ─────┼─> link worker, one a group: MTU, carrier (task, newest wish wins)
//!  hook outcomes ───┤   (this    (one a       ├─> hook worker, one: attach, detach (thread, in order)
//!  timers ──────────┘    task)    group)      └─> queue purge (blocking pool)
//! ```
//!
//! One task owns everything that has state. What may wait for the lock of the network stack, or for the kernel's grace
//! periods, is done elsewhere, because a loss of carrier must be acted on within milliseconds. Dropping the driver loses
//! nothing: the packet path is pinned, and the next daemon reads it back.

pub mod group;
mod hook_worker;
mod link_worker;
mod notices;
pub mod prepare;
pub mod start;
mod status;
pub mod teardown;

use std::{
    collections::{BTreeSet, VecDeque},
    io,
    net::IpAddr,
    time::{Duration, Instant},
};

use rtnetlink::Handle;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::{MissedTickBehavior, interval},
};

use self::{
    group::GroupRuntime,
    hook_worker::{HookWorker, Outcome},
};
use crate::{
    config::Config,
    control::{
        protocol::{Reply, Request, Status},
        server::Asked,
    },
    engine::event::{Event, MemberIndex},
    kernel::{
        addresses::Interface,
        announce::Announcer,
        carrier::CarrierPoll,
        ethtool, multicast,
        netlink::{AddressInfo, Change, LinkInfo, Monitor, Snapshot, dump},
        preflight::unsupported,
        routes::common,
        sysfs::Sysfs,
    },
    state_file::StateKeeper,
};

/// How often the multicast filter of the group interfaces is read.
const MULTICAST_INTERVAL: Duration = Duration::from_secs(1);

/// How often everything is read anew and settings are repaired: what a message was missed about, or what others undid,
/// is corrected within this time. That of Solaris' `in.mpathd`.
const SCAN_INTERVAL: Duration = Duration::from_secs(20);

/// After lost messages a dump follows, but not more often than this.
const RESYNC_INTERVAL: Duration = Duration::from_millis(100);

/// Time that the kernel is given to make the routes of a member that came up.
const DEMOTE_DELAY: Duration = Duration::from_millis(200);

/// Time between the repairs of two members' settings.
const REPAIR_DELAY: Duration = Duration::from_millis(50);

/// A member: number of its group, and its index there.
type MemberKey = (usize, MemberIndex);

/// What other threads found out.
enum Found {
    /// The speed of a member's link.
    Speed { group: String, member: MemberIndex, ifindex: u32, speed_mbps: Option<u32> },
}

/// The loop and all it owns.
pub struct Driver {
    config: Config,
    handle: Handle,
    monitor: Monitor,
    announcer: Announcer,
    sysfs: Sysfs,
    /// Keyed by the group's number in `groups` when it was added; groups that are taken down leave a hole.
    groups: Vec<Option<GroupRuntime>>,
    carrier: CarrierPoll<MemberKey>,
    snapshot: Snapshot,
    hooks: HookWorker,
    outcomes: UnboundedReceiver<Outcome>,
    found: (UnboundedSender<Found>, UnboundedReceiver<Found>),
    asked: mpsc::Receiver<Asked>,
    keeper: StateKeeper,
    /// When a dump has to follow lost messages.
    resync_at: Option<Instant>,
    /// Members whose settings are to be repaired, and when the next one's turn is.
    repairs: VecDeque<MemberKey>,
    repair_at: Option<Instant>,
    /// When the routes of members that came up, or got a link-local address, are to be put behind the group's again.
    demote_at: Option<Instant>,
}

/// Why the loop could not begin, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The kernel's messages.
    #[error(transparent)]
    Netlink(#[from] crate::kernel::netlink::NetlinkError),
    /// The carrier poll.
    #[error(transparent)]
    Carrier(#[from] crate::kernel::carrier::CarrierError),
    /// The sysfs of the network namespace.
    #[error(transparent)]
    Sysfs(#[from] crate::kernel::sysfs::SysfsError),
    /// The socket for announcements.
    #[error(transparent)]
    Announce(#[from] crate::kernel::announce::AnnounceError),
    /// A program at its place.
    #[error(transparent)]
    Path(#[from] crate::dataplane::group_path::PathError),
    /// A thread or a descriptor could not be had.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the kernel says.
        source: io::Error,
    },
    /// The kernel closed the subscription.
    #[error("the subscription to link and address changes ended")]
    MonitorEnded,
}

impl Driver {
    /// Subscribes to what happens. No group yet.
    pub fn new(
        config: Config,
        handle: Handle,
        asked: mpsc::Receiver<Asked>,
        keeper: StateKeeper,
    ) -> Result<Self, DriverError> {
        let (outcome_sender, outcomes) = mpsc::unbounded_channel();
        let hooks = HookWorker::start(outcome_sender)
            .map_err(|source| DriverError::System { what: "starting a thread", source })?;
        Ok(Self {
            config,
            handle,
            monitor: Monitor::subscribe()?,
            announcer: Announcer::open()?,
            sysfs: Sysfs::open()?,
            groups: Vec::new(),
            carrier: CarrierPoll::new()?,
            snapshot: Snapshot::default(),
            hooks,
            outcomes,
            found: mpsc::unbounded_channel(),
            asked,
            keeper,
            resync_at: None,
            repairs: VecDeque::new(),
            repair_at: None,
            demote_at: None,
        })
    }

    /// Takes a group that has been set up, gives it its first assignment and its programs, and then its carrier.
    pub async fn add(&mut self, mut group: GroupRuntime) -> Result<(), DriverError> {
        self.snapshot = dump(&self.handle).await?;
        let number = self.groups.len();
        for index in 0..group.members.len() {
            let Some(link) = self.snapshot.link(&group.config().members[index].name).cloned() else {
                continue;
            };
            let carrier = self.carrier.add((number, index), &self.sysfs, &link.name, link.carrier)?;
            group.members[index].link = Some(LinkInfo { carrier, ..link });
        }
        if !group.is_new {
            // The check before the start has found and said these.
            let said = unsupported(&group.config().name, group.config().line, &self.snapshot);
            group.warned.extend(said.into_iter().map(|finding| finding.text));
        }
        let event = group.snapshot_event(&self.snapshot);
        tell_link_locals(&mut group, &self.snapshot);
        group.engine.handle(event, Instant::now());
        // Maps, then programs, and carrier last: a group interface that comes up before its programs would do its
        // duplicate address detection unheard. What the engine wants of the interface therefore waits for the hooks.
        group.install_first(&mut self.hooks);
        while self.hooks.is_busy(group.name()) {
            let Some(outcome) = self.outcomes.recv().await else { break };
            self.hooks.arrived(&outcome);
            if let Some(stale) = group.path.attached(outcome.slot, outcome.link, outcome.result?)? {
                self.hooks.detach(group.name(), stale);
            }
        }
        group.path.remove_inherited()?;
        let peer = crate::kernel::group_link::peer_name(group.name());
        group.path.attach_group(&peer)?;
        group.drain(&self.announcer, &mut self.hooks);
        group.follow_multicast();
        let by = group.path.attached_by().unwrap_or("nothing");
        tracing::info!(
            group = group.name(),
            members = group.members.len(),
            "the group is set up (programs by {by})"
        );
        self.groups.push(Some(group));
        self.keeper.groups_are(self.group_names());
        Ok(())
    }

    /// Runs until `stop` is done.
    pub async fn run(&mut self, stop: impl Future<Output = ()>) -> Result<(), DriverError> {
        let mut multicast = interval(MULTICAST_INTERVAL);
        let mut scan = interval(SCAN_INTERVAL);
        for slow in [&mut multicast, &mut scan] {
            slow.set_missed_tick_behavior(MissedTickBehavior::Delay);
            slow.reset();
        }
        tokio::pin!(stop);
        loop {
            let wake = self.next_wake();
            tokio::select! {
                biased;
                edges = self.carrier.next() => {
                    let edges = edges.map_err(|source| DriverError::System { what: "polling carriers", source })?;
                    for (key, up) in edges {
                        self.on_carrier(key, up);
                    }
                }
                change = self.monitor.next() => {
                    self.on_change(change.ok_or(DriverError::MonitorEnded)?).await;
                }
                () = sleep_until(wake) => self.on_time().await,
                Some(outcome) = self.outcomes.recv() => self.on_outcome(outcome),
                Some(found) = self.found.1.recv() => self.on_found(found),
                Some(Asked { request, reply }) = self.asked.recv() => {
                    let answer = self.answer(request).await;
                    // An asker that has gone away needs no reply.
                    drop(reply.send(answer));
                }
                _ = multicast.tick() => self.groups.iter_mut().flatten().for_each(GroupRuntime::follow_multicast),
                _ = scan.tick() => self.scan().await,
                () = &mut stop => return Ok(()),
            }
            for group in self.groups.iter_mut().flatten() {
                group.drain(&self.announcer, &mut self.hooks);
            }
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let engines = self.groups.iter().flatten().filter_map(|group| group.engine.poll_timeout());
        engines.map(|wake| wake.at).chain(self.resync_at).chain(self.demote_at).chain(self.repair_at).min()
    }

    async fn on_time(&mut self) {
        let now = Instant::now();
        for group in self.groups.iter_mut().flatten() {
            group.engine.handle_timeout(now);
        }
        if self.resync_at.is_some_and(|at| at <= now) {
            self.resync_at = None;
            self.resync().await;
        }
        if self.demote_at.is_some_and(|at| at <= now) {
            self.demote_at = None;
            self.demote_routes();
        }
        if self.repair_at.is_some_and(|at| at <= now) {
            self.repair_next().await;
        }
    }

    /// The kernel makes the link-local and multicast routes of a member anew, and as good as the group's, whenever the
    /// member comes up or gets its link-local address. A task of its own: it waits for the kernel.
    fn demote_routes(&self) {
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

    fn on_carrier(&mut self, (group, member): MemberKey, up: bool) {
        let Some(Some(group)) = self.groups.get_mut(group) else { return };
        if let Some(link) = &mut group.members[member].link {
            link.carrier = up;
        }
        if up {
            self.demote_at = Some(Instant::now() + DEMOTE_DELAY);
        }
        group.engine.handle(Event::Carrier { member, up }, Instant::now());
    }

    async fn on_change(&mut self, change: Change) {
        if !self.snapshot.absorb(&change) {
            tracing::warn!("messages from the kernel were lost: reading everything anew");
            self.resync_at = Some(Instant::now() + RESYNC_INTERVAL);
            return;
        }
        match change {
            Change::Link(link) => self.on_link(&link).await,
            Change::LinkGone { ifindex, name } => self.on_link_gone(ifindex, &name),
            Change::Address(address) => {
                self.on_address(&address, true);
                if address.expires {
                    self.warn_of_unsupported();
                }
            }
            Change::AddressGone(address) => self.on_address(&address, false),
            Change::Lost => {}
        }
    }

    async fn on_link(&mut self, link: &LinkInfo) {
        self.warn_of_unsupported();
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            if link.ifindex == group.link.ifindex {
                follow_group_interface(group, link);
            } else if let Some(member) = group.member_named(&link.name) {
                self.on_member_link(number, member, link).await;
            } else if let Some(member) = group.member_with(link.ifindex) {
                // Renamed: the configuration knows it by another name.
                self.release_member(number, member, &link.name).await;
            }
        }
    }

    /// A member's link appeared or changed. What netlink says of the carrier may be older than what the poll has seen, so
    /// the poll is asked to look now and is believed.
    async fn on_member_link(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        let key = (number, member);
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let known = group.members[member].link.as_ref().is_some_and(|known| known.ifindex == link.ifindex);
        if known {
            for up in self.carrier.look(key) {
                self.on_carrier(key, up);
            }
        } else {
            match self.carrier.add(key, &self.sysfs, &link.name, link.carrier) {
                Ok(carrier) => self.appear(number, member, &LinkInfo { carrier, ..link.clone() }).await,
                // Gone again already; netlink will say so.
                Err(error) => return tracing::debug!("{error}"),
            }
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let carrier = group.members[member].link.as_ref().map_or(link.carrier, |known| known.carrier);
        group.members[member].link = Some(LinkInfo { carrier, ..link.clone() });
        if let Some(link) = group.engine_link(member) {
            group.engine.handle(Event::Link { member, link }, Instant::now());
        }
        self.ask_speed(number, member);
    }

    /// A member is new here: it is given the settings that members have.
    async fn appear(&mut self, number: usize, member: MemberIndex, link: &LinkInfo) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let config = group.config().clone();
        if let Err(problem) = usable_as_member(link) {
            tracing::error!(group = config.name, "member {}: {problem}", link.name);
        }
        let mut saved = crate::dataplane::saved::SavedMap(group.path.tables().saved_settings());
        if let Err(error) = crate::kernel::settings::bring_up(&link.name, link.ifindex, &mut saved) {
            tracing::warn!(group = config.name, "{error}");
        }
        self.prepare(number, member, link.ifindex).await;
        if let Some(Some(group)) = self.groups.get_mut(number) {
            group.members[member].link = Some(link.clone());
            group.members[member].speed_mbps = None;
            tell_link_locals(group, &self.snapshot);
        }
    }

    async fn prepare(&mut self, number: usize, member: MemberIndex, ifindex: u32) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let config = group.config().clone();
        let member = &config.members[member];
        let prepared =
            prepare::member(&self.handle, &config, member, ifindex, &self.snapshot, group.path.tables())
                .await;
        if let Err(error) = prepared {
            tracing::warn!(group = config.name, "{error}");
        }
    }

    fn on_link_gone(&mut self, ifindex: u32, name: &str) {
        for number in 0..self.groups.len() {
            let Some(group) = &mut self.groups[number] else { continue };
            if group.link.ifindex == ifindex {
                tracing::error!(
                    group = group.name(),
                    "the group interface {name} has been deleted: nothing is sent or received by the group; run `ipmp-ctl down {}` \
                     and start the daemon again",
                    group.name()
                );
                group.interface_up = false;
                // It has joined nothing any more: the members' filters are as they were.
                group.follow_multicast();
            } else if let Some(member) = group.member_with(ifindex) {
                self.lose_member(number, member);
            }
        }
    }

    /// A member is there but is none any more: it is put back as it was.
    async fn release_member(&mut self, number: usize, member: MemberIndex, name: &str) {
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        let Some(ifindex) = group.members[member].link.as_ref().map(|link| link.ifindex) else { return };
        let tests: Vec<_> = group.config().members[member]
            .test_addresses
            .v4()
            .iter()
            .map(|test| IpAddr::V4(test.net.addr()))
            .collect();
        if let Err(error) = multicast::follow(name, &group.members[member].multicast, &BTreeSet::new()) {
            tracing::debug!("taking multicast addresses out of the filter of {name}: {error}");
        }
        prepare::restore_member(&self.handle, name, ifindex, &tests, group.path.tables()).await;
        self.lose_member(number, member);
    }

    fn lose_member(&mut self, number: usize, member: MemberIndex) {
        if let Err(error) = self.carrier.remove((number, member)) {
            tracing::warn!("{error}");
        }
        let Some(Some(group)) = self.groups.get_mut(number) else { return };
        if let Some(link) = group.members[member].link.take() {
            let mut saved = crate::dataplane::saved::SavedMap(group.path.tables().saved_settings());
            crate::kernel::settings::forget(link.ifindex, &mut saved);
        }
        group.members[member].multicast.clear();
        group.engine.handle(Event::LinkGone { member }, Instant::now());
    }

    fn on_address(&mut self, address: &AddressInfo, present: bool) {
        for group in self.groups.iter_mut().flatten() {
            let now = Instant::now();
            if address.ifindex == group.link.ifindex {
                let event = if present {
                    Event::AddressAdded(address.address)
                } else {
                    Event::AddressRemoved(address.address)
                };
                group.engine.handle(event, now);
            } else if let Some(member) = group.member_with(address.ifindex) {
                if address.is_ipv6_link_local() {
                    self.demote_at = Some(now + DEMOTE_DELAY);
                    let event = Event::TestAddress { member, address: address.address, present };
                    group.engine.handle(event, now);
                } else if present && !is_expected(group, member, address) {
                    warn_of_stray_address(group, member, address);
                }
            }
        }
    }

    fn on_outcome(&mut self, outcome: Outcome) {
        self.hooks.arrived(&outcome);
        let Outcome { group: name, slot, link, result } = outcome;
        let group = self.groups.iter_mut().flatten().find(|group| group.name() == name);
        match (group, result) {
            (Some(group), Ok(attached)) => match group.path.attached(slot, link, attached) {
                Ok(Some(stale)) => self.hooks.detach(&name, stale),
                Ok(None) => {}
                Err(error) => tracing::error!(group = name, "{error}"),
            },
            (None, Ok(attached)) => self.hooks.detach(&name, attached),
            // The next scan tries again.
            (_, Err(error)) => tracing::error!(group = name, "{error}"),
        }
    }

    /// Asks another thread for the speed of a member's link: the kernel wants its lock for that.
    fn ask_speed(&self, number: usize, member: MemberIndex) {
        let Some(Some(group)) = self.groups.get(number) else { return };
        let Some(link) = &group.members[member].link else { return };
        let (group, ifindex, ifname) = (group.name().to_owned(), link.ifindex, link.name.clone());
        let found = self.found.0.clone();
        tokio::task::spawn_blocking(move || {
            let speed_mbps = ethtool::speed_mbps(&ifname);
            // The receiver goes only when the daemon ends.
            drop(found.send(Found::Speed { group, member, ifindex, speed_mbps }));
        });
    }

    fn on_found(&mut self, found: Found) {
        let Found::Speed { group: name, member, ifindex, speed_mbps } = found;
        let Some(group) = self.groups.iter_mut().flatten().find(|group| group.name() == name) else { return };
        let state = &mut group.members[member];
        if state.speed_mbps == speed_mbps || state.link.as_ref().is_none_or(|link| link.ifindex != ifindex) {
            return;
        }
        state.speed_mbps = speed_mbps;
        if let Some(link) = group.engine_link(member) {
            group.engine.handle(Event::Link { member, link }, Instant::now());
        }
    }

    /// Reads everything anew. Settings are repaired too, a member at a time, for each of them takes the loop a moment.
    async fn scan(&mut self) {
        self.resync().await;
        for (number, group) in self.groups.iter_mut().enumerate() {
            let Some(group) = group else { continue };
            group.sync_hooks(&mut self.hooks);
            group.link_worker.again();
            self.repairs.extend((0..group.members.len()).map(|member| (number, member)));
        }
        self.repair_at = Some(Instant::now());
    }

    /// Repairs the settings of the next member.
    async fn repair_next(&mut self) {
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
    async fn resync(&mut self) {
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
    }

    fn warn_of_unsupported(&mut self) {
        for group in self.groups.iter_mut().flatten() {
            for finding in unsupported(&group.config().name, group.config().line, &self.snapshot) {
                if group.warned.insert(finding.text.clone()) {
                    tracing::warn!("{}: {finding}", self.config.place(finding.line));
                }
            }
        }
    }

    async fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Status => {
                let groups = self.groups.iter().flatten().map(status::group).collect();
                Reply::Status(Status { groups })
            }
            Request::Flow(flow) => {
                match self.groups.iter().flatten().find(|group| group.name() == flow.group) {
                    Some(group) => status::flow(group, &flow)
                        .map_or_else(|reason| Reply::Refused { reason }, Reply::Flow),
                    None => self.no_such_group(&flow.group),
                }
            }
            Request::Down { group } => self.down(&group).await,
        }
    }

    fn no_such_group(&self, name: &str) -> Reply {
        let names: Vec<_> = self.groups.iter().flatten().map(GroupRuntime::name).collect();
        let known =
            if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
        Reply::Refused { reason: format!("group {name}: this daemon has no such group; {known}") }
    }

    async fn down(&mut self, name: &str) -> Reply {
        let number =
            self.groups.iter().position(|group| group.as_ref().is_some_and(|group| group.name() == name));
        let Some((number, group)) = number.and_then(|number| Some((number, self.groups[number].take()?)))
        else {
            return self.no_such_group(name);
        };
        for member in 0..group.members.len() {
            if let Err(error) = self.carrier.remove((number, member)) {
                tracing::warn!("{error}");
            }
        }
        self.keeper.groups_are(self.group_names());
        match teardown::running(&self.handle, group).await {
            Ok(()) => {
                tracing::info!(
                    group = name,
                    "the group is down: programs, pins and group interface are removed"
                );
                Reply::Done
            }
            Err(error) => Reply::Refused { reason: error.to_string() },
        }
    }

    /// Takes down the groups that this daemon has made, when another of its groups cannot be set up. Those of an earlier
    /// daemon stay.
    pub async fn undo_new(&mut self) {
        let (new, old): (Vec<_>, Vec<_>) = self.groups.drain(..).flatten().partition(|group| group.is_new);
        self.groups = old.into_iter().map(Some).collect();
        self.keeper.groups_are(self.group_names());
        for group in new {
            if let Err(error) = teardown::running(&self.handle, group).await {
                tracing::warn!("{error}");
            }
        }
    }

    /// Names of the groups that are up.
    pub fn group_names(&self) -> Vec<String> {
        self.groups.iter().flatten().map(|group| group.name().to_owned()).collect()
    }
}

/// Waits for the moment, or for ever.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}

/// The group interface changed: its MAC address may be another one, and it may have been brought down.
fn follow_group_interface(group: &mut GroupRuntime, link: &LinkInfo) {
    if let Some(mac) = link.mac.filter(|&mac| mac != group.link.mac) {
        tracing::warn!(
            group = group.name(),
            "the MAC address of the group interface has been changed to {mac}"
        );
        group.link.mac = mac;
        group.path.set_group_mac(mac);
    }
    if group.interface_up != link.admin_up {
        group.interface_up = link.admin_up;
        let name = group.name();
        if link.admin_up {
            tracing::info!(group = name, "the group interface is administratively up");
        } else {
            tracing::warn!(
                group = name,
                "the group interface is administratively down: bring it up with `ip link set {name} up`"
            );
        }
    }
}

/// Tells the engine the link-local addresses of the members: they stay where they are, probed or not.
fn tell_link_locals(group: &mut GroupRuntime, snapshot: &Snapshot) {
    for address in &snapshot.addresses {
        if let Some(member) = group.member_with(address.ifindex).filter(|_| address.is_ipv6_link_local()) {
            let event = Event::TestAddress { member, address: address.address, present: true };
            group.engine.handle(event, Instant::now());
        }
    }
}

/// Whether a link that has just appeared can be a member; at the start this is checked before anything is touched.
fn usable_as_member(link: &LinkInfo) -> Result<(), String> {
    if !link.ethernet {
        return Err("is no Ethernet interface and carries nothing".to_owned());
    }
    match &link.controller {
        Some(controller) => Err(format!(
            "is a port of {}: take it out with `ip link set {} nomaster`",
            controller.name, link.name
        )),
        None => Ok(()),
    }
}

/// Whether an address belongs on a member: its test addresses, and the dummy one.
fn is_expected(group: &GroupRuntime, member: MemberIndex, address: &AddressInfo) -> bool {
    let tests = group.config().members[member].test_addresses.v4();
    let is_test = tests.iter().any(|test| test.net.addr() == address.address);
    is_test || address.address == crate::kernel::addresses::dummy::DUMMY_ADDRESS
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
