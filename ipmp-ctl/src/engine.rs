//! The pure core of the controller: what a group should do, decided without a socket, a clock, a thread or a chance.
//!
//! An [`Engine`] is one group. Its methods are of five kinds:
//!
//! * **Getters** ([`Engine::view`], [`Engine::assignment`], [`Engine::config`]) show how things are.
//! * **Inputs** ([`Engine::handle`], [`Engine::handle_timeout`]) tell it what has happened, and what time it is. They
//!   never fail: what makes no sense, such as the carrier of an absent member, changes nothing.
//! * **Commands** ([`Engine::offline`], [`Engine::online`]) are inputs that may be refused: they say why.
//! * **Outputs** ([`Engine::poll_action`]) say what to do about it. They are to be carried out in their order, and taken
//!   until there are none, after each input.
//! * **Wake-up** ([`Engine::poll_timeout`]) says when to call [`Engine::handle_timeout`], if nothing else happens. To be
//!   asked after the outputs; what it said before is void then.
//!
//! Time never goes back from one call to the next; standing still is fine. A timeout that comes early, late, twice or
//! without reason does no harm: what is due is done, and nothing else. After any input the next wake-up lies in the
//! future, but for that of [`Timer::Probe`] after an event: replies can be looked up by [`Engine::handle_timeout`] only.
//!
//! The first event has to be [`Event::Snapshot`]. Nothing is emitted before it, for nobody knows by then which members
//! there are; and everything in it counts as one change, so that a daemon that takes over from an earlier one does not
//! play through how things came to be.
//!
//! The same configuration and inputs give the same outputs, always.
//!
//! From kernel event to packet path:
//!
//! | module | decides |
//! | --- | --- |
//! | `link` | whether a link that comes up can be trusted |
//! | `duplicates` | who keeps a MAC address that two members have |
//! | `probing` | what is probed when, and what the replies mean |
//! | `roster`, `member` | the state of each member |
//! | `active_set` | which of the working members carry traffic |
//! | `memory` | what the next engine of the group should know |
//! | `group`, `weights`, `homes`, `slots` | what follows from it for the group, the shares, the addresses, the numbers |
//! | `planner` | buckets, bindings, nominee, and the backup of each |
//! | `moves` | when a planned move is over |
//! | `settle`, `announcer` | what has to be done about it |
//!
//! And for people who ask: `explain` says why a member is in its state, `what_if` what a failure would bring.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    time::{Duration, Instant},
};

use crate::config;

pub mod action;
mod active_set;
mod announcer;
pub mod anonymous;
pub mod assignment;
mod duplicates;
pub mod event;
pub mod explain;
#[cfg(test)]
pub(crate) mod fixture;
mod group;
mod homes;
mod link;
pub mod member;
pub mod memory;
mod moves;
pub mod offline;
mod planner;
mod probing;
mod roster;
mod settle;
mod slots;
mod status;
pub mod timers;
pub mod view;
mod weights;
mod what_if;

use self::{
    action::{Action, Notice},
    announcer::Announcer,
    assignment::{Assignment, SlotLink},
    event::{Event, Limits, Link, MemberIndex, Passages, Replies},
    homes::Homes,
    member::Past,
    memory::Adopted,
    moves::Moves,
    probing::Probing,
    roster::Roster,
    slots::Slots,
    timers::{Timer, Timers, Wake},
    view::GroupView,
};

/// Time after which an assignment that could not be installed is handed out again.
const INSTALL_AGAIN: Duration = Duration::from_millis(100);

/// One group. The contract is the module's.
#[derive(Clone, Debug)]
pub struct Engine {
    config: config::Group,
    roster: Roster,
    homes: Homes,
    slots: Slots,
    announcer: Announcer,
    /// The latest time it was told.
    clock: Instant,
    timers: Timers,
    /// What the packet path should look like; before the first snapshot, what an earlier daemon left.
    assignment: Assignment,
    /// Member that each data address was last bound to.
    hosts: BTreeMap<IpAddr, MemberIndex>,
    /// The last nominated member.
    nominee: Option<MemberIndex>,
    /// Weights of the last plan.
    weights: Vec<u32>,
    /// What the group interface was last told to be; `None` before the first snapshot has been digested.
    group_link: Option<(Option<Limits>, bool)>,
    /// Whether the operator's last word is that the group is unusable.
    unusable_told: bool,
    /// Whether there was a snapshot.
    started: bool,
    /// When to hand out the assignment again.
    install_at: Option<Instant>,
    /// Whether something was told that needs all conclusions to be drawn.
    unsettled: bool,
    probing: Probing,
    moves: Moves,
    /// What an earlier engine has left, until the first snapshot.
    adopted: Adopted,
    /// When each member that is failed or gone was last known to work.
    worked: BTreeMap<MemberIndex, Instant>,
    actions: VecDeque<Action>,
}

impl Engine {
    /// A group by this configuration. `adopted` is what an earlier engine has left: where it still fits, nothing moves.
    /// `seed` is where chance comes from: it spreads probes in time.
    pub fn new(config: config::Group, adopted: Option<Adopted>, seed: u64, now: Instant) -> Self {
        let adopted = adopted.unwrap_or_default();
        let assignment = adopted.assignment.clone();
        Self {
            roster: Roster::new(&config),
            homes: Homes::new(&config, &adopted.memory),
            slots: Slots::new(assignment.slots.clone()),
            announcer: Announcer::default(),
            clock: now,
            timers: Timers::default(),
            assignment,
            hosts: BTreeMap::new(),
            nominee: None,
            weights: Vec::new(),
            group_link: None,
            unusable_told: adopted.memory.unusable_told,
            started: false,
            install_at: None,
            unsettled: false,
            actions: VecDeque::new(),
            probing: Probing::new(&config, adopted.memory.fdt, seed, now),
            moves: Moves::new(seed, adopted.memory.forced_moves),
            worked: BTreeMap::new(),
            adopted,
            config,
        }
    }

    /// Input: something has happened.
    pub fn handle(&mut self, event: Event, now: Instant) {
        match event {
            // There are thousands a second of these, and nothing follows from them by itself.
            Event::ProbeSent { probe, began, done } => return self.probing.sent(probe, began, done),
            Event::ProbeNotSent { probe } => return self.probing.not_sent(probe),
            _ => {}
        }
        let now = self.begin(now);
        // Anybody on the link can answer, as often as he likes.
        self.unsettled |= !matches!(event, Event::Responder { .. });
        match event {
            Event::TestAddress { member, address, present } => {
                self.note_test_address(member, address, present);
            }
            Event::Routes(routes) => self.probing.set_routes(routes),
            Event::Snapshot { links, addresses } => self.look(&links, &addresses, now),
            _ if !self.started => {} // the snapshot to come will say so too
            Event::Link { member, link } => self.roster.set_link(member, link, now),
            Event::LinkGone { member } => self.roster.remove_link(member),
            Event::Carrier { member, up } => self.roster.set_carrier(member, up, now),
            Event::AddressAdded(address) => self.homes.add(address),
            Event::AddressRemoved(address) => self.homes.remove(address),
            Event::Listening { member, family, source } => {
                self.probing.listening(member, family, source, now);
            }
            Event::Responder { family, address, .. } => {
                self.probing.responder(family, address, now);
                self.probing.review_all(&mut self.roster, now);
            }
            Event::InstallFailed => self.install_at = Some(now + INSTALL_AGAIN),
            Event::ProbeSent { .. } | Event::ProbeNotSent { .. } => {}
        }
        self.finish(now);
    }

    /// Input: the time of a wake-up has come. `records` are what the packet path has recorded by `now`.
    pub fn handle_timeout(&mut self, now: Instant, records: &(impl Replies + Passages)) {
        let now = self.begin(now);
        self.probing.serve(now, records, &mut self.roster);
        let looked = self.moves.look(now, &self.assignment.buckets, records);
        self.unsettled |= looked.is_news;
        if looked.forced > 0 {
            self.actions.push_back(Action::Notify(Notice::MovesForced { buckets: looked.forced }));
        }
        self.finish(now);
    }

    /// Output: the next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Wake-up: when to call [`Self::handle_timeout`], and what for.
    pub fn poll_timeout(&self) -> Option<Wake> {
        self.timers.next()
    }

    /// Getter: the group as people see it.
    pub fn view(&self) -> GroupView {
        status::view(self)
    }

    /// Getter: what the packet path should look like.
    pub fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Getter: when a member that is failed or gone last showed that it worked: its latest reply, or the loss of its link
    /// as it was told.
    pub fn worked_until(&self, member: MemberIndex) -> Option<Instant> {
        self.worked.get(&member).copied()
    }

    /// Getter: the configuration.
    pub fn config(&self) -> &config::Group {
        &self.config
    }

    /// The configuration has these routes from now on. They are the edge's affair alone.
    pub fn set_routes(&mut self, routes: Vec<config::Route>) {
        self.config.routes = routes;
    }

    /// What every input starts with: what was due before it comes first. Should the time go back, it stands still.
    fn begin(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.roster.serve(self.clock);
        self.clock
    }

    fn look(&mut self, links: &BTreeMap<MemberIndex, Link>, addresses: &[IpAddr], now: Instant) {
        self.homes.replace(addresses);
        if self.started {
            self.roster.resync(links, now);
            return;
        }
        self.started = true;
        self.announcer.begin(self.config.members.len(), now);
        self.recall_offline();
        let past: BTreeMap<_, _> = links
            .iter()
            .filter(|&(&index, _)| index < self.config.members.len())
            .map(|(&index, link)| (index, self.past(index, link)))
            .collect();
        // Who came into service by the very last write has not been given its share: it joins once more.
        for (index, past) in &past {
            let remembered = self.adopted.memory.members.get(&self.config.members[*index].name);
            let link = SlotLink { ifindex: links[index].ifindex, mac: links[index].mac };
            let slot = self.assignment.slots.iter().find(|&(_, &slot)| slot == link).map(|(&slot, _)| slot);
            if let (Past::Active, Some(_), Some(slot)) = (past, remembered, slot) {
                self.assignment.usable = self.assignment.usable.without(slot);
            }
        }
        let known = |member: &config::Member| self.adopted.memory.members.get(&member.name);
        let served = self.config.members.iter().filter_map(known).filter(|known| known.carried()).count();
        self.roster.recall_served(served);
        for (&index, past) in &past {
            self.probing.remember(index, past);
        }
        self.roster.begin(links, self.adopted.age, |index| past.get(&index).cloned().unwrap_or_default());
        self.adopted = Adopted::default();
    }

    fn note_test_address(&mut self, member: MemberIndex, address: IpAddr, present: bool) {
        let Some(member) = self.roster.member_mut(member) else { return };
        if present {
            member.test_addresses.insert(address);
        } else {
            member.test_addresses.remove(&address);
        }
    }

    /// Draws all conclusions. What probing can do for a member and the state of that member depend on each other, but
    /// only so far: the second look finds nothing new.
    fn follow(&mut self, now: Instant) {
        for _ in 0..3 {
            self.settle(now);
            let data: Vec<_> = self.homes.up().map(|home| home.address).collect();
            self.probing.follow(&self.config, &mut self.roster, &data, now);
            self.probing.ask(now);
            if !self.roster.is_touched() {
                break;
            }
        }
    }

    fn finish(&mut self, now: Instant) {
        if !self.started {
            return;
        }
        // What a probe brings changes nothing but for one in a million.
        if std::mem::take(&mut self.unsettled) || self.roster.is_touched() {
            self.follow(now);
        }
        self.actions.extend(self.probing.actions());
        self.repeat(now);
        self.timers.set(Timer::Repair, self.roster.next());
        self.timers.set(Timer::Probe, self.probing.next());
        self.timers.set(Timer::Announce, self.announcer.next_address());
        self.timers.set(Timer::ReportMemberships, self.announcer.next_report());
        self.timers.set(Timer::KeepAlive, self.announcer.next_member());
        self.timers.set(Timer::Moves, self.moves.next());
        self.timers.set(Timer::Install, self.install_at);
    }
}

#[cfg(test)]
mod tests;
