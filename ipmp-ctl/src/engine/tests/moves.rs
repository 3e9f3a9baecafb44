//! Planned moves with flows on them.

use std::{cell::Cell, collections::BTreeSet, time::Duration};

use ipmp_common::{
    Passage,
    layout::BUCKETS,
    passage::{PassageCell, ns, pass, pass_idle, ticks},
};
use proptest::{collection::vec, prelude::*, sample};

use super::super::*;
use crate::engine::{
    action::Notice,
    event::{Passing, ProbeId},
    fixture::{Rig, group, link, net, v4},
};

/// A packet path: what was installed, and how far buckets have got.
struct Path {
    installed: Assignment,
    passages: Vec<Cell<Passage>>,
    clock: Cell<Instant>,
    start: Instant,
}

struct PathCell<'a>(&'a Cell<Passage>);

impl PassageCell for PathCell<'_> {
    fn load(&self) -> Passage {
        self.0.get()
    }

    fn swap_if(&self, old: Passage, new: Passage) -> Passage {
        let there = self.0.get();
        if there == old {
            self.0.set(new);
        }
        there
    }
}

impl Path {
    fn now(&self) -> u32 {
        ticks(self.clock.get().duration_since(self.start).as_nanos() as u64)
    }

    /// The slot that a packet of the bucket leaves by.
    fn send(&self, bucket: usize) -> Option<u16> {
        let Assignment { usable, buckets, gap, .. } = &self.installed;
        let mut choice = buckets[bucket];
        if choice.is_moving() {
            let gap = if usable.contains(choice.slot) { *gap } else { u32::MAX };
            if !pass(&PathCell(&self.passages[bucket]), choice.epoch, self.now(), gap) {
                choice = choice.before();
            }
        }
        choice.choose(*usable, bucket as u32)
    }
}

impl Passages for Path {
    fn passing(&self, bucket: u32, choice: ipmp_common::Choice) -> Passing {
        let passage = PathCell(&self.passages[bucket as usize]);
        if self.installed.buckets[bucket as usize] != choice || !self.installed.usable.contains(choice.slot) {
            Passing::Blocked
        } else if pass_idle(&passage, choice.epoch, self.now(), self.installed.gap) {
            Passing::Passed
        } else {
            Passing::Going
        }
    }
}

impl Replies for Path {
    fn arrival(&self, _: ProbeId) -> Option<Instant> {
        None
    }
}

/// A flow and where its last packet went.
#[derive(Clone, Debug, Default)]
struct Flow {
    last: Option<(u16, Instant)>,
    /// Whether its member has failed since, or its bucket was forced.
    is_excused: bool,
    /// Moves that it has made.
    epochs: BTreeSet<u32>,
}

/// A group whose packet path carries flows.
struct World {
    rig: Rig,
    path: Path,
    flows: Vec<Flow>,
    forced: usize,
    /// Changes of a member that nothing but a gap allowed.
    moved: usize,
}

const FLOWS: usize = 24;

/// Flow `number` is alone in its bucket.
const fn bucket(number: usize) -> usize {
    (number * 83) % BUCKETS
}

impl World {
    fn new(config: config::Group) -> Self {
        let rig = Rig::start(config);
        let path = Path {
            installed: rig.engine.assignment().clone(),
            passages: vec![Cell::default(); BUCKETS],
            clock: Cell::new(rig.now),
            start: rig.now,
        };
        Self { rig, path, flows: vec![Flow::default(); FLOWS], forced: 0, moved: 0 }
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.rig.engine.poll_action() {
            match action {
                Action::Install(assignment) => self.path.installed = *assignment,
                Action::Notify(Notice::MovesForced { buckets }) => {
                    self.forced += buckets;
                    self.flows.iter_mut().for_each(|flow| flow.is_excused = true);
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, event: Event) {
        self.rig.engine.handle(event, self.rig.now);
        self.carry_out();
    }

    fn carrier(&mut self, member: MemberIndex, up: bool) {
        if let Some(link) = self.rig.links.get_mut(&member) {
            link.carrier = up;
        }
        let slot = self.rig.engine.view().members[member].slot;
        for flow in &mut self.flows {
            flow.is_excused |= !up && flow.last.map(|(slot, _)| slot) == slot;
        }
        self.tell(Event::Carrier { member, up });
    }

    fn speed(&mut self, member: MemberIndex, speed: u32) {
        let link = Link { speed_mbps: Some(speed), ..self.rig.links[&member] };
        self.rig.links.insert(member, link);
        self.tell(Event::Link { member, link });
    }

    fn pause(&mut self, time: Duration) {
        let end = self.rig.now + time;
        while let Some(wake) = self.rig.engine.poll_timeout().filter(|wake| wake.at <= end) {
            self.rig.now = wake.at.max(self.rig.now);
            self.path.clock.set(self.rig.now);
            self.rig.engine.handle_timeout(self.rig.now, &self.path);
            self.carry_out();
        }
        self.rig.now = end;
        self.path.clock.set(end);
    }

    /// Sends a packet of the flow and checks that it may leave where it does.
    fn send(&mut self, number: usize) {
        let Some(slot) = self.path.send(bucket(number)) else { return };
        let now = self.rig.now;
        let choice = self.path.installed.buckets[bucket(number)];
        let flow = &mut self.flows[number];
        if let Some((before, at)) = flow.last.filter(|(before, _)| *before != slot)
            && !flow.is_excused
        {
            let gap = Duration::from_nanos(ns(self.path.installed.gap));
            assert!(now - at > gap, "flow {number} from {before} to {slot} after {:?}: {choice:?}", now - at);
            // Otherwise an earlier move, which is over by now, has brought it here.
            if choice.is_moving() && slot == choice.slot {
                assert!(flow.epochs.insert(choice.epoch), "flow {number} has moved twice: {choice:?}");
            }
            self.moved += 1;
        }
        (flow.last, flow.is_excused) = (Some((slot, now)), false);
    }

    /// All flows send, none pauses for as long as the shortest gap, for `time`.
    fn all_send(&mut self, time: Duration) {
        let end = self.rig.now + time;
        while self.rig.now < end {
            (0..FLOWS).for_each(|number| self.send(number));
            self.pause(Duration::from_micros(700));
        }
    }

    fn pending(&self) -> usize {
        self.rig.engine.view().moves.pending
    }
}

#[test]
fn flows_that_pause_move_to_a_member_that_is_back() {
    let mut world = World::new(group("aa"));
    world.carrier(0, false);
    (0..FLOWS).for_each(|number| world.send(number));
    world.carrier(0, true);
    assert_eq!(world.pending(), 512);
    (0..FLOWS).for_each(|number| world.send(number));
    assert_eq!(world.moved, 0, "the first packet of a move only leaves a stamp");
    world.pause(Duration::from_millis(2));
    (0..FLOWS).for_each(|number| world.send(number));
    assert_eq!(world.moved, FLOWS / 2);
    world.pause(Duration::from_millis(10));
    assert_eq!((world.pending(), world.forced), (0, 0));
    assert_eq!(world.rig.shares(), [512, 512]);
}

#[test]
fn flows_that_never_pause_are_forced_after_a_second_and_counted() {
    let mut world = World::new(group("aas"));
    world.carrier(0, false);
    world.all_send(Duration::from_millis(10));
    world.carrier(0, true);
    let at_standby = world.flows.iter().filter(|flow| flow.last.is_some_and(|(slot, _)| slot == 2)).count();
    assert!(at_standby > FLOWS / 3);
    world.all_send(Duration::from_millis(990));
    assert_eq!(world.moved, 0);
    assert!(world.rig.engine.assignment().usable.contains(2), "the standby is still needed");
    assert!(!world.rig.engine.view().members[2].active, "though it is not active any more");
    world.all_send(Duration::from_millis(20));
    assert_eq!((world.forced, world.pending()), (at_standby, 0));
    assert_eq!(world.rig.engine.view().moves.forced, at_standby as u64);
    assert!(!world.rig.engine.assignment().usable.contains(2), "it carries nothing more");
}

#[test]
fn addresses_and_the_nomination_leave_at_once() {
    let addresses = (1..=2).map(net).collect();
    let mut world = World::new(config::Group { addresses, ..group("as") });
    world.carrier(0, false);
    world.carrier(0, true);
    assert_eq!(world.rig.host(v4(1)), Some(0));
    assert!(world.rig.engine.view().members[0].nominated);
    assert_eq!(world.pending(), BUCKETS);
    assert_eq!(world.path.installed.usable.len(), 2);
}

#[test]
fn a_standby_that_is_needed_again_while_it_drains_stays() {
    let mut world = World::new(group("as"));
    world.carrier(0, false);
    world.all_send(Duration::from_millis(5));
    world.carrier(0, true);
    world.all_send(Duration::from_millis(5));
    world.carrier(0, false);
    assert_eq!(world.pending(), 0);
    assert_eq!(world.rig.shares(), [0, 1024]);
    world.all_send(Duration::from_secs(2));
    assert_eq!((world.moved, world.forced), (0, 0));
}

#[test]
fn a_draining_member_that_fails_is_failed() {
    let mut world = World::new(group("as"));
    world.carrier(0, false);
    world.all_send(Duration::from_millis(5));
    world.carrier(0, true);
    world.carrier(1, false);
    assert_eq!(world.rig.engine.assignment().usable, [0].into_iter().collect());
    assert_eq!(world.pending(), 0);
    world.all_send(Duration::from_secs(2));
    assert_eq!(world.forced, 0);
}

#[test]
fn what_changes_while_buckets_move_is_made_up_for_afterwards() {
    let mut world = World::new(group("aaa"));
    world.carrier(0, false);
    world.all_send(Duration::from_millis(5));
    world.carrier(0, true);
    world.all_send(Duration::from_millis(5));
    for (member, speed) in [(1, 1000), (2, 1000), (0, 4000)] {
        world.speed(member, speed);
    }
    world.pause(Duration::from_secs(3));
    assert_eq!(world.rig.shares(), [683, 171, 170]);
    assert_eq!(world.pending(), 0);
}

#[test]
fn a_daemon_that_finds_buckets_moving_carries_on() {
    let mut world = World::new(group("as"));
    world.carrier(0, false);
    world.all_send(Duration::from_millis(5));
    world.carrier(0, true);
    world.all_send(Duration::from_millis(100));
    let left = world.path.installed.clone();
    assert_eq!(world.pending(), BUCKETS);

    let config = world.rig.engine.config().clone();
    let adopted = Adopted { assignment: left.clone(), ..Adopted::default() };
    world.rig.engine = Engine::new(config, Some(adopted), 99, world.rig.now);
    let links = (0..2).map(|index| (index, link(index))).collect();
    world.tell(Event::Snapshot { links, addresses: Vec::new() });
    assert_eq!(world.path.installed, left, "nothing moves when a daemon starts again");
    assert!(!world.rig.engine.view().members[1].active, "the standby goes on stepping down");
    world.all_send(Duration::from_millis(900));
    assert_eq!((world.moved, world.forced), (0, 0));
    world.pause(Duration::from_millis(20));
    (0..FLOWS).for_each(|number| world.send(number));
    assert_eq!((world.pending(), world.forced, world.moved), (0, 0, FLOWS));
}

/// Something that happens to a group with flows.
#[derive(Clone, Debug)]
enum Op {
    Send(usize),
    SendAll(u64),
    Pause(u64),
    Carrier(usize, bool),
    Speed(usize, u32),
}

fn op() -> impl Strategy<Value = Op> {
    let pauses = vec![20, 300, 900, 1100, 4000, 30_000, 400_000];
    prop_oneof![
        6 => (0..FLOWS).prop_map(Op::Send),
        4 => (1_u64..20).prop_map(Op::SendAll),
        6 => sample::select(pauses).prop_map(Op::Pause),
        3 => (0_usize..4, any::<bool>()).prop_map(|(member, up)| Op::Carrier(member, up)),
        1 => (0_usize..4, sample::select(vec![1000, 2500, 10_000])).prop_map(|(m, speed)| Op::Speed(m, speed)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, ..ProptestConfig::default() })]

    #[test]
    fn a_flow_without_a_gap_stays_and_one_with_a_gap_moves_once(
        roles in sample::select(vec!["aa", "as", "aas", "aaa", "aass"]),
        failback in any::<bool>(),
        ops in vec(op(), 1..60),
    ) {
        let mut world = World::new(config::Group { failback, ..group(roles) });
        let members = roles.len();
        for op in ops {
            match op {
                Op::Send(flow) => world.send(flow),
                Op::SendAll(ms) => world.all_send(Duration::from_millis(ms)),
                Op::Pause(us) => world.pause(Duration::from_micros(us)),
                Op::Carrier(member, up) => world.carrier(member % members, up),
                Op::Speed(member, speed) => world.speed(member % members, speed),
            }
        }
        world.pause(Duration::from_secs(4));
        prop_assert_eq!(world.pending(), 0, "a move has no end");
    }
}
