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
//! One task owns all state; what may wait for the network stack's lock or a grace period is done elsewhere: a lost carrier is
//! acted on within milliseconds. Dropping the driver loses nothing: the path is pinned, and the next daemon reads it back.

mod addresses;
mod adopt;
mod anonymous;
mod dump;
mod error;
mod explain;
mod figures;
mod filters;
mod flows;
mod found;
pub mod group;
mod history;
mod hook_worker;
mod interface;
mod joining;
mod kept_addresses;
mod link_worker;
mod links;
mod maintenance;
mod notices;
mod outcomes;
pub mod prepare;
mod prober;
mod probing;
mod release;
pub mod reload;
mod requests;
mod routes;
pub mod start;
mod status;
mod strays;
mod tally;
pub mod teardown;
mod upkeep;
mod watchers;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use rtnetlink::Handle;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::{MissedTickBehavior, interval},
};

pub use self::error::DriverError;
use self::{
    addresses::tell_link_locals,
    adopt::Adoption,
    error::system,
    found::Found,
    group::{GroupRuntime, Tools},
    hook_worker::{HookWorker, Outcome},
    joining::watched,
    maintenance::Leaving,
    prober::Prober,
    reload::Site,
    watchers::Watchers,
};
use crate::{
    config::Config,
    control::server::Asked,
    engine::{anonymous::Anonymous, event::MemberIndex},
    journal::{Journal, now_us},
    kernel::{
        announce::Announcer,
        carrier::{CarrierPoll, Watched},
        netlink::{LinkInfo, Monitor, Snapshot, connect_strictly, dump},
        preflight::unsupported,
        routes::follow::RouteFollower,
        sysfs::Sysfs,
        timer::Timer,
    },
    metrics::{histogram::Histogram, service::MetricsService},
    service,
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

/// Number of a group: its place in the order in which groups were added.
type GroupNumber = usize;

/// A member: number of its group, and its index there.
type MemberKey = (GroupNumber, MemberIndex);

/// The loop and all it owns.
pub struct Driver {
    config: Config,
    handle: Handle,
    site: Site,
    monitor: Monitor,
    announcer: Announcer,
    sysfs: Arc<Sysfs>,
    /// Interfaces without a group, where they are to be watched.
    strangers: Option<Anonymous>,
    /// Keyed by the group's number in `groups` when it was added; groups that are taken down leave a hole.
    groups: Vec<Option<GroupRuntime>>,
    carrier: CarrierPoll<MemberKey>,
    snapshot: Snapshot,
    hooks: HookWorker,
    outcomes: UnboundedReceiver<Outcome>,
    found: (UnboundedSender<Found>, UnboundedReceiver<Found>),
    asked: mpsc::Receiver<Asked>,
    metrics: MetricsService,
    /// Who waits for a member to carry nothing more.
    leaving: Vec<Leaving>,
    keeper: StateKeeper,
    journal: Journal,
    /// When the next thing is due.
    timer: Timer,
    /// How late the loop was at it.
    lateness: Histogram,
    /// From when the moments count at which probes leave.
    started: Instant,
    /// The same by the clock on the wall, in microseconds since 1970.
    born_us: u64,
    prober: Prober,
    watchers: Watchers,
    /// Reads routes.
    strict: Handle,
    follower: RouteFollower,
    /// When routes are to be read again, and when they last were.
    routes_at: Option<Instant>,
    routes_read: Instant,
    /// When a dump has to follow lost messages.
    resync_at: Option<Instant>,
    /// Members whose settings are to be repaired, and when the next one's turn is.
    repairs: VecDeque<MemberKey>,
    repair_at: Option<Instant>,
    /// The host that is being adopted, until that is confirmed or undone.
    adoption: Option<Adoption>,
    /// When the routes of members that came up, or got a link-local address, are to be put behind the group's again.
    demote_at: Option<Instant>,
}

impl Driver {
    /// Subscribes to what happens. No group yet.
    pub fn new(
        config: Config,
        site: Site,
        asked: mpsc::Receiver<Asked>,
        metrics: MetricsService,
        keeper: StateKeeper,
        journal: Journal,
    ) -> Result<Self, DriverError> {
        let (outcome_sender, outcomes) = mpsc::unbounded_channel();
        let hooks = HookWorker::start(outcome_sender).map_err(system("starting a thread"))?;
        Ok(Self {
            config,
            handle: site.around.handle.clone(),
            site,
            monitor: Monitor::subscribe()?,
            announcer: Announcer::open()?,
            sysfs: Arc::new(Sysfs::open()?),
            strangers: None,
            groups: Vec::new(),
            carrier: CarrierPoll::new()?,
            snapshot: Snapshot::default(),
            hooks,
            outcomes,
            found: mpsc::unbounded_channel(),
            asked,
            metrics,
            leaving: Vec::new(),
            keeper,
            journal,
            started: Instant::now(),
            born_us: now_us(),
            lateness: Histogram::of_lateness(),
            timer: Timer::new().map_err(system("making a timer"))?,
            prober: Prober::new().map_err(system("preparing to probe"))?,
            watchers: Watchers::default(),
            strict: connect_strictly()?,
            follower: RouteFollower::subscribe()?,
            routes_at: None,
            routes_read: Instant::now(),
            resync_at: None,
            repairs: VecDeque::new(),
            repair_at: None,
            adoption: None,
            demote_at: None,
        })
    }

    /// Takes a group that has been set up, gives it its first assignment and its programs, and then its carrier.
    pub async fn add(&mut self, group: GroupRuntime) -> Result<(), DriverError> {
        self.groups.push(None);
        let number = self.groups.len() - 1;
        self.enter(number, group).await?;
        let Some(Some(group)) = self.groups.get(number) else { return Ok(()) };
        let by = group.path.attached_by().unwrap_or("nothing");
        let (name, members) = (group.name().to_owned(), group.members.len());
        tracing::info!(group = name, members, "the group is set up (programs by {by})");
        let text = format!("group {name} of {members} members is set up");
        self.record("set-up", Some(&name), None, text);
        self.keeper.groups_are(self.group_names());
        Ok(())
    }

    /// The same under this number.
    async fn enter(&mut self, number: GroupNumber, mut group: GroupRuntime) -> Result<(), DriverError> {
        self.snapshot = dump(&self.handle).await?;
        for index in 0..group.members.len() {
            let present = self.snapshot.link(&group.config().members[index].name).cloned();
            let Some(link) = present.filter(|_| group.members[index].excluded.is_none()) else { continue };
            let below = watched(&link, &self.snapshot);
            let opened = Watched::open(&self.sysfs, &below.name, below.carrier)?;
            let carrier = self.carrier.add((number, index), opened)?;
            group.members[index].below = (below.name != link.name).then(|| below.name.clone());
            group.members[index].link = Some(LinkInfo { carrier, ..link });
        }
        if !group.is_new {
            // The check before the start has found and said these.
            let said = unsupported(&group.config().name, group.config().line, &self.snapshot);
            group.warned.extend(said.into_iter().map(|finding| finding.text));
        }
        let event = group.snapshot_event(&self.snapshot);
        group.keep_addresses(&self.snapshot);
        tell_link_locals(&mut group, &self.snapshot);
        // Before the snapshot: what was known of targets is recalled as soon as they are.
        self.read_first_routes(&mut group).await?;
        group.engine.handle(event, Instant::now());
        // Maps, then programs, and carrier last: a group interface that comes up before its programs would do its
        // duplicate address detection unheard. What the engine wants of the interface therefore waits for the hooks.
        group.install_first(&mut self.hooks);
        while self.hooks.is_busy(group.name()) {
            let Some(outcome) = self.outcomes.recv().await else { break };
            if outcome.group != group.name() {
                self.on_outcome(outcome);
                continue;
            }
            self.hooks.arrived(&outcome);
            if let Some(stale) = group.path.attached(outcome.link, outcome.result?)? {
                self.hooks.detach(group.name(), stale);
            }
        }
        group.path.remove_inherited()?;
        group.path.attach_group()?;
        group.drain(&mut self.tools(number));
        group.follow_multicast(&self.found.0);
        group.sync_hooks(&mut self.hooks);
        let strangers = std::mem::take(&mut group.strangers);
        teardown::restore(&self.handle, &group.config().name.clone(), strangers, group.path.tables()).await;
        self.groups[number] = Some(group);
        Ok(())
    }

    /// Runs until `stop` is done. SIGUSR1 has it log what it knows, SIGHUP read the configuration again.
    pub async fn run(&mut self, stop: impl Future<Output = ()>) -> Result<(), DriverError> {
        let mut tell = signal(SignalKind::user_defined1()).map_err(system("waiting for SIGUSR1"))?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(system("waiting for SIGHUP"))?;
        let mut multicast = interval(MULTICAST_INTERVAL);
        let mut scan = interval(SCAN_INTERVAL);
        let watchdog = service::watchdog();
        let mut alive = interval(watchdog.unwrap_or(SCAN_INTERVAL));
        for slow in [&mut multicast, &mut scan] {
            slow.set_missed_tick_behavior(MissedTickBehavior::Delay);
            slow.reset();
        }
        tokio::pin!(stop);
        self.watch_strangers(!self.config.track_interfaces_only_with_groups);
        loop {
            let wake = self.next_wake();
            self.timer.set(wake).map_err(system("setting a timer"))?;
            tokio::select! {
                biased;
                edges = self.carrier.next() => {
                    let edges = edges.map_err(system("polling carriers"))?;
                    for (key, up) in edges {
                        self.on_carrier(key, up);
                    }
                }
                fired = self.timer.fired() => {
                    fired.map_err(system("waiting for a timer"))?;
                    if let Some(wake) = wake {
                        self.lateness.note(wake.elapsed());
                    }
                    self.on_time().await;
                }
                change = self.monitor.next() => {
                    self.on_change(change.ok_or(DriverError::MonitorEnded)?).await;
                }
                responders = self.prober.responders() => {
                    self.on_responders(responders.map_err(system("waiting for answers"))?);
                }
                Some(touched) = self.follower.next() => self.on_routes(&touched),
                Some(outcome) = self.outcomes.recv() => self.on_outcome(outcome),
                Some(found) = self.found.1.recv() => self.on_found(found).await,
                Some(asked) = self.asked.recv() => self.on_asked(asked).await,
                _ = multicast.tick() => {
                    self.follow_multicast();
                    self.remember_all();
                }
                _ = scan.tick() => self.scan().await,
                _ = alive.tick(), if watchdog.is_some() => service::alive(),
                Some(()) = tell.recv() => self.dump(),
                // The log says what came of it.
                Some(()) = hang_up.recv() => drop(self.reload(None).await),
                () = &mut stop => return Ok(()),
            }
            self.drain();
            self.answer_leaving();
            self.remember();
        }
    }

    /// Carries out everything that the engines want done.
    fn drain(&mut self) {
        let Self { groups, announcer, hooks, prober, watchers, journal, .. } = self;
        for (number, group) in groups.iter_mut().enumerate() {
            if let Some(group) = group {
                group.drain(&mut Tools { group: number, announcer, hooks, prober, watchers, journal });
            }
        }
    }

    fn follow_multicast(&mut self) {
        for group in self.groups.iter_mut().flatten() {
            group.follow_multicast(&self.found.0);
        }
    }

    fn tools(&mut self, group: GroupNumber) -> Tools<'_> {
        let Self { announcer, hooks, prober, watchers, journal, .. } = self;
        Tools { group, announcer, hooks, prober, watchers, journal }
    }

    fn next_wake(&self) -> Option<Instant> {
        let groups = self.groups.iter().flatten().filter_map(|group| group.next_wake(self.started));
        let own = [
            self.resync_at,
            self.demote_at,
            self.repair_at,
            self.routes_at,
            self.patience_ends(),
            self.adoption_at(),
        ];
        let strangers = self.strangers.as_ref().and_then(Anonymous::next);
        groups.chain(own.into_iter().flatten()).chain(strangers).min()
    }

    async fn on_time(&mut self) {
        self.groups.iter_mut().flatten().for_each(GroupRuntime::tell_time);
        let now = Instant::now();
        self.serve_strangers(now);
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
        if self.routes_at.is_some_and(|at| at <= now) {
            self.read_routes();
        }
        if self.adoption_at().is_some_and(|at| at <= now) {
            Box::pin(self.go_on_adopting()).await;
        }
    }

    /// Names of the groups that are up.
    pub fn group_names(&self) -> Vec<String> {
        self.groups.iter().flatten().map(|group| group.name().to_owned()).collect()
    }
}
