//! What changes from outside: test addresses, sockets, links, routes, states of members.

use std::{net::IpAddr, time::Instant};

use super::{
    Probing,
    address::{self, Source},
    condition::News,
    is_failed, place,
    socket::Question,
};
use crate::{
    config,
    engine::{
        action::{Action, Notice},
        event::{Family, MemberIndex},
        member::{Member, MemberState, Probed},
        roster::Roster,
    },
};

impl Probing {
    /// Brings everything in line with what configuration, members and data addresses are now, and tells the roster what
    /// probing can do for each member.
    pub(in crate::engine) fn follow(
        &mut self,
        config: &config::Group,
        roster: &mut Roster,
        data: &[IpAddr],
        now: Instant,
    ) {
        let ipv6 = |address: &IpAddr| matches!(address, IpAddr::V6(v6) if !v6.is_unicast_link_local());
        let ipv6 = data.iter().any(ipv6) || config.addresses.iter().any(|data| ipv6(&data.net.addr()));
        self.own = address::own(config, roster.members(), data.iter().copied());
        let keep = is_failed(roster.members());
        for member in 0..config.members.len() {
            let (mut missing, mut testable) = (false, false);
            for family in Family::ALL {
                let source = address::choose(config, roster.members(), member, family, ipv6);
                missing |= matches!(source, Source::Missing | Source::Duplicate(_));
                testable |= matches!(source, Source::Usable(_));
                let at = place(member, family);
                self.follow_source(at, source, &roster.members()[member], now);
                self.follow_routes(at, keep, now);
                missing |= self.instances[at].source.is_some() && !self.instances[at].socket.is_enabled();
            }
            self.follow_state(member, roster.members()[member].state);
            if let Some(member) = roster.member_mut(member) {
                member.testable = testable;
            }
            roster.set_probed(member, self.probed(member));
            let probes = roster.members()[member].link.is_some() && !roster.members()[member].is_offline();
            self.tell_conditions(member, missing && probes, now);
        }
    }

    /// What probing can do for any member may have changed.
    pub(in crate::engine) fn review_all(&mut self, roster: &mut Roster, now: Instant) {
        for member in 0..self.told.len() {
            self.review(member, roster, now);
        }
    }

    /// What probing can do for a member may have changed by itself.
    pub(super) fn review(&mut self, member: MemberIndex, roster: &mut Roster, now: Instant) {
        let probed = self.probed(member);
        if roster.members()[member].probed != probed {
            roster.set_probed(member, probed);
            let holds = probed == Probed::NoTargets;
            let news = self.told[member].no_targets.set(holds, now);
            self.tell_targets(member, news);
        }
    }

    /// Asks for the sockets that are to be opened or closed.
    pub(in crate::engine) fn ask(&mut self, now: Instant) {
        for instance in &mut self.instances {
            if let Some(question) = instance.socket.ask(now) {
                let source = match question {
                    Question::Open(source) => Some(source),
                    Question::Close => None,
                };
                let (member, family) = (instance.member, instance.family);
                self.actions.push(Action::Listen { member, family, source });
            }
        }
    }

    /// Tells what has lasted long enough.
    pub(super) fn tell_due(&mut self, now: Instant) {
        for member in 0..self.told.len() {
            for (at, condition) in
                [self.told[member].no_address, self.told[member].no_targets].into_iter().enumerate()
            {
                if condition.due_at().is_some_and(|due| due <= now) {
                    let told = &mut self.told[member];
                    if at == 0 {
                        let news = told.no_address.set(true, now);
                        self.tell_address(member, news);
                    } else {
                        let news = told.no_targets.set(true, now);
                        self.tell_targets(member, news);
                    }
                }
            }
        }
    }

    fn follow_source(&mut self, at: usize, source: Source, member: &Member, now: Instant) {
        let instance = &mut self.instances[at];
        let present = member.link.filter(|_| !member.is_offline());
        instance.source = match source {
            Source::Usable(net) if present.is_some() => Some(net),
            _ => None,
        };
        let wanted = present.zip(instance.source).map(|(link, net)| (link.ifindex, net.addr()));
        if instance.socket.want(wanted, now) {
            instance.reset();
        }
        let running = instance.socket.is_open() && member.link_up();
        match (running, instance.schedule.is_some()) {
            (true, false) => instance.start(now, self.fdt.interval(), &mut self.random),
            (false, true) => instance.stop(),
            (true, true) | (false, false) => {}
        }
        let duplicate = match source {
            Source::Duplicate(address) if present.is_some() => Some(address),
            _ => None,
        };
        let (member, old) = (instance.member, std::mem::replace(&mut instance.duplicate, duplicate));
        if old != duplicate {
            let unique = old.map(|address| Notice::UniqueTestAddress { member, address });
            let doubled = duplicate.map(|address| Notice::DuplicateTestAddress { member, address });
            self.actions.extend(unique.into_iter().chain(doubled).map(Action::Notify));
        }
    }

    /// The targets that routes or the configuration offer; those of routes that are gone stay if `keep`, for the routes
    /// may be gone for the same reason as the group.
    fn follow_routes(&mut self, at: usize, keep: bool, now: Instant) {
        let Self { instances, named, routes, own, .. } = self;
        let instance = &mut instances[at];
        let Some(source) = instance.source else { return };
        let admitted = |offered: &[IpAddr]| {
            let mut seen = Vec::new();
            for &target in offered {
                if address::admits(source, own, target) && !seen.contains(&target) {
                    seen.push(target);
                }
            }
            seen
        };
        let mut routers = if named.is_empty() { admitted(&routes.hosts) } else { admitted(named) };
        if routers.is_empty() && named.is_empty() {
            routers = admitted(&routes.next_hops);
        }
        instance.targets.set_routers(&routers, keep && named.is_empty(), now);
        if instance.targets.active().next().is_none() {
            instance.forget_probes();
        }
    }

    /// Round-trip times from before a failure mean nothing after it.
    fn follow_state(&mut self, member: MemberIndex, state: MemberState) {
        let failed = state == MemberState::Failed;
        if failed && !std::mem::replace(&mut self.failed[member], failed) {
            for family in Family::ALL {
                self.instances[place(member, family)].targets.forget_estimates();
            }
        }
        self.failed[member] = failed;
    }

    fn tell_conditions(&mut self, member: MemberIndex, missing: bool, now: Instant) {
        let probed = self.probed(member);
        let news = self.told[member].no_address.set(missing && probed == Probed::No, now);
        self.tell_address(member, news);
        let news = self.told[member].no_targets.set(probed == Probed::NoTargets, now);
        self.tell_targets(member, news);
    }

    fn tell_address(&mut self, member: MemberIndex, news: Option<News>) {
        match news {
            Some(News::Lasts) => self.tell(Notice::NoTestAddress(member)),
            Some(News::Over) => self.tell(Notice::TestAddressConfigured(member)),
            None => {}
        }
    }

    fn tell_targets(&mut self, member: MemberIndex, news: Option<News>) {
        match news {
            Some(News::Lasts) => self.tell(Notice::NoTargets(member)),
            Some(News::Over) => self.tell(Notice::TargetsFound(member)),
            None => {}
        }
    }
}
