//! A group on a virtual clock, for the tests of the engine. After every step it checks what has to hold always.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use ipmp_common::{Address, Choice, SlotSet, layout::BUCKETS, member::Mac};

use super::{
    Engine,
    action::{Action, Cause, Notice},
    assignment::{Assignment, SlotLink},
    event::{Event, Limits, Link, MemberIndex, Passages, Passing, ProbeId},
    member::MemberState,
    memory::Adopted,
    offline::Refusal,
    timers::Timer,
    view::{GroupState, MemberView, ShownState},
};
use crate::config;

pub(crate) mod lan;

/// A group with a member for each letter: `a` active, `s` standby. The members are named e0, e1 and so on.
pub(crate) fn group(roles: &str) -> config::Group {
    let member = |(index, role): (usize, char)| config::Member {
        name: format!("e{index}"),
        line: index + 2,
        test_addresses: config::TestAddresses::None,
        weight: None,
        standby: role == 's',
        priority: 100,
    };
    config::Group {
        name: "ipmp0".into(),
        line: 1,
        addresses: Vec::new(),
        routes: Vec::new(),
        targets: Vec::new(),
        receive: config::Receive::Group,
        failure_detection_time: Duration::from_secs(10),
        failback: true,
        probe_hook: config::ProbeHook::Auto,
        ipv6_token: None,
        min_active: 1,
        link_ups_per_minute: 0,
        members: roles.chars().enumerate().map(member).collect(),
    }
}

/// `192.0.2.N/24`, for the configuration.
pub(crate) fn net(n: u8) -> config::DataAddress {
    data(ipnet::Ipv4Net::new([192, 0, 2, n].into(), 24).unwrap().into())
}

/// A data address of no particular line.
pub(crate) fn data(net: ipnet::IpNet) -> config::DataAddress {
    config::DataAddress { net, line: 1 }
}

/// `192.0.2.N`.
pub(crate) fn v4(n: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, n])
}

/// `2001:db8::N`.
pub(crate) fn v6(n: u16) -> IpAddr {
    IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, n])
}

/// The MAC address number `n`.
pub(crate) fn mac(n: u32) -> Mac {
    let [a, b, c, d] = n.to_be_bytes();
    Mac { bytes: [2, 0, a, b, c, d] }
}

/// The link of member `index`, up.
pub(crate) fn link(index: MemberIndex) -> Link {
    Link {
        ifindex: index as u32 + 10,
        mac: mac(index as u32),
        admin_up: true,
        carrier: true,
        speed_mbps: None,
        limits: Limits { mtu: 1500, gso_max_size: 65536, gso_ipv4_max_size: 65536, gso_max_segs: 65535 },
    }
}

/// The notices among the actions.
pub(crate) fn notices(actions: &[Action]) -> Vec<Notice> {
    actions
        .iter()
        .filter_map(|action| if let Action::Notify(notice) = action { Some(notice.clone()) } else { None })
        .collect()
}

/// The member has failed by its link.
pub(crate) fn failed(member: MemberIndex) -> Notice {
    Notice::Failed { member, cause: Cause::Link }
}

/// The member is repaired by its link.
pub(crate) fn repaired(member: MemberIndex) -> Notice {
    Notice::Repaired { member, cause: Cause::Link }
}

/// A packet path whose buckets are idle.
impl Passages for BTreeMap<ProbeId, Instant> {
    fn passing(&self, _: u32, _: Choice) -> Passing {
        Passing::Passed
    }
}

/// An engine, its clock, and the kernel's view of its links.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    pub(crate) links: BTreeMap<MemberIndex, Link>,
    pub(crate) replies: BTreeMap<ProbeId, Instant>,
    /// All that the engine was told, and its wake-ups.
    pub(crate) log: Vec<(Instant, Option<Event>)>,
}

impl Rig {
    /// The group with all members up and all configured addresses, just started.
    pub(crate) fn start(config: config::Group) -> Self {
        let links = (0..config.members.len()).map(|index| (index, link(index))).collect();
        let addresses = config.addresses.iter().map(|data| data.net.addr()).collect();
        Self::start_with(config, None, links, addresses).0
    }

    /// The group with these links and addresses, just started, and what it did at once.
    pub(crate) fn start_with(
        config: config::Group,
        adopted: Option<Assignment>,
        links: BTreeMap<MemberIndex, Link>,
        addresses: Vec<IpAddr>,
    ) -> (Self, Vec<Action>) {
        let mut rig = Self::blank(config, 0);
        let adopted = adopted.map(|assignment| Adopted { assignment, ..Adopted::default() });
        rig.engine = Engine::new(rig.engine.config().clone(), adopted, 0, rig.now);
        rig.links.clone_from(&links);
        let actions = rig.tell(Event::Snapshot { links, addresses });
        (rig, actions)
    }

    /// The group before anything is told.
    pub(crate) fn blank(config: config::Group, seed: u64) -> Self {
        let now = Instant::now();
        let engine = Engine::new(config, None, seed, now);
        Self { engine, now, links: BTreeMap::new(), replies: BTreeMap::new(), log: Vec::new() }
    }

    /// Tells the engine and takes what it wants.
    pub(crate) fn tell(&mut self, event: Event) -> Vec<Action> {
        self.hear(event);
        self.drain()
    }

    /// Tells the engine.
    pub(crate) fn hear(&mut self, event: Event) {
        self.log.push((self.now, Some(event.clone())));
        self.engine.handle(event, self.now);
    }

    /// Wakes the engine and takes what it wants.
    pub(crate) fn wake(&mut self) -> Vec<Action> {
        self.log.push((self.now, None));
        self.engine.handle_timeout(self.now, &self.replies);
        self.drain()
    }

    /// Lets time pass, with the wake-ups that the engine asks for, and takes what it wants meanwhile.
    pub(crate) fn wait(&mut self, time: Duration) -> Vec<Action> {
        let end = self.now + time;
        let mut actions = Vec::new();
        while let Some(wake) = self.engine.poll_timeout().filter(|wake| wake.at <= end) {
            self.now = wake.at;
            actions.extend(self.wake());
        }
        self.now = end;
        actions
    }

    /// Changes the link of a member and tells the engine.
    pub(crate) fn change(&mut self, member: MemberIndex, change: impl FnOnce(&mut Link)) -> Vec<Action> {
        let link = self.links.entry(member).or_insert_with(|| link(member));
        change(link);
        let link = *link;
        self.tell(Event::Link { member, link })
    }

    /// Cuts the cable.
    pub(crate) fn down(&mut self, member: MemberIndex) -> Vec<Action> {
        if let Some(link) = self.links.get_mut(&member) {
            link.carrier = false;
        }
        self.tell(Event::Carrier { member, up: false })
    }

    /// Mends the cable.
    pub(crate) fn up(&mut self, member: MemberIndex) -> Vec<Action> {
        if let Some(link) = self.links.get_mut(&member) {
            link.carrier = true;
        }
        self.tell(Event::Carrier { member, up: true })
    }

    /// Takes the interface away.
    pub(crate) fn gone(&mut self, member: MemberIndex) -> Vec<Action> {
        self.links.remove(&member);
        self.tell(Event::LinkGone { member })
    }

    /// Takes a member offline.
    pub(crate) fn offline(&mut self, member: MemberIndex, force: bool) -> Result<Vec<Action>, Refusal> {
        let obeyed = self.engine.offline(member, force, self.now);
        let actions = self.drain();
        obeyed.map(|()| actions)
    }

    /// Puts a member back online.
    pub(crate) fn online(&mut self, member: MemberIndex) -> Result<Vec<Action>, Refusal> {
        let obeyed = self.engine.online(member, self.now);
        let actions = self.drain();
        obeyed.map(|()| actions)
    }

    /// Makes a member a standby, or none.
    pub(crate) fn set_standby(&mut self, member: MemberIndex, standby: bool) -> Vec<Action> {
        self.engine.set_standby(member, standby, self.now);
        self.drain()
    }

    /// The members that carry traffic.
    pub(crate) fn active(&self) -> Vec<MemberIndex> {
        let view = self.engine.view();
        (0..view.members.len()).filter(|&index| view.members[index].active).collect()
    }

    /// Where the address is.
    pub(crate) fn host(&self, address: IpAddr) -> Option<MemberIndex> {
        let inbound =
            self.engine.view().addresses.into_iter().find(|view| view.address == address)?.inbound?;
        inbound[1..].parse().ok()
    }

    /// How many buckets each member has.
    pub(crate) fn shares(&self) -> Vec<usize> {
        let count = |slot: Option<u16>| {
            let buckets = self.engine.assignment().buckets.iter();
            buckets.filter(|bucket| Some(bucket.slot) == slot).count()
        };
        self.engine.view().members.iter().map(|member| count(member.slot)).collect()
    }

    fn drain(&mut self) -> Vec<Action> {
        let actions = std::iter::from_fn(|| self.engine.poll_action()).collect();
        self.check();
        actions
    }

    fn check(&self) {
        let assignment = self.engine.assignment();
        let view = self.engine.view();
        if let Some(wake) = self.engine.poll_timeout().filter(|wake| wake.timer != Timer::Probe) {
            assert!(wake.at > self.now, "{wake:?} lies in the past");
        }
        if !self.engine.started {
            return;
        }
        assert_eq!(assignment.buckets.len(), BUCKETS);

        let members = self.engine.roster.members();
        let slot = |(index, carries): (usize, bool)| {
            carries.then(|| view.members[index].slot.expect("who carries traffic has a slot"))
        };
        let active: SlotSet =
            members.iter().map(super::member::Member::carries).enumerate().filter_map(slot).collect();
        let kept = members.iter().any(super::member::Member::is_kept);
        assert_eq!(assignment.usable, active, "the usable word is the set of those that carry traffic");
        for (view, member) in view.members.iter().zip(members) {
            assert!(!view.active || member.carries());
            assert!(kept || view.active == member.serves());
            assert!(!member.draining || !member.serves());
        }
        for (index, member) in view.members.iter().enumerate() {
            let link = self.links.get(&index);
            assert_eq!(member.present, link.is_some());
            let expected = link.map(|link| SlotLink { ifindex: link.ifindex, mac: link.mac });
            assert_eq!(member.slot.and_then(|slot| assignment.slots.get(&slot).copied()), expected);
            let works = link.is_some_and(|link| link.admin_up && link.carrier);
            assert!(works || !matches!(member.state, ShownState::Ok));
            assert!(!member.active || (works && !member.inactive));
            assert_eq!(member.link_up, link.map(|_| works));
        }
        assert_eq!(assignment.slots.len(), self.links.len());

        let works =
            |m: &&MemberView| m.state == ShownState::Ok || (m.state == ShownState::Unknown && m.present);
        let usable = view.members.iter().filter(works).count();
        assert_eq!(view.state == GroupState::Failed, usable == 0);
        assert_eq!(view.state == GroupState::Ok, usable == view.members.len() && usable > 0);
        assert!(usable == 0 || !active.is_empty(), "of members that work at least one carries traffic");
        let linked = members.iter().any(|m| m.state == MemberState::Failed && m.link_up());
        assert!(usable > 0 || active.is_empty() != linked, "for want of a better one all that have link do");
        for address in &view.addresses {
            let shown = address.up && !active.is_empty();
            assert!(address.inbound.is_some() == shown || (kept && address.inbound.is_none()), "{address:?}");
            assert_eq!(address.outbound.is_empty(), address.inbound.is_none());
        }
        if active.is_empty() {
            return;
        }
        let serving = members.iter().filter(|member| member.serves()).count();
        let moving = assignment.buckets.iter().filter(|choice| choice.is_moving());
        let waited_for: SlotSet = moving.flat_map(|choice| [choice.slot, choice.backup]).collect();
        for member in members.iter().filter(|member| member.draining && member.carries()) {
            assert!(
                waited_for.contains(member.slot.unwrap_or(Choice::NONE_SLOT)),
                "{member:?} waits for nothing"
            );
        }
        let bindings = assignment.bindings.iter().map(|(&a, &c)| (c, Address::from(a).salt()));
        let buckets = assignment.buckets.iter().copied().zip(0..);
        for (choice, _) in buckets.chain(bindings).chain([(assignment.nominee, 0)]) {
            assert!(active.contains(choice.slot), "{choice:?} is not on {active:?}");
            assert_ne!(choice.slot, choice.backup);
            assert!(choice.backup != Choice::NONE_SLOT || serving == 1, "{choice:?} has no backup");
        }
        assert!(kept || view.members.iter().filter(|m| m.nominated).count() == 1);
    }
}
