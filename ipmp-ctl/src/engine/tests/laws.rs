//! What holds for any group through any sequence of events.

use std::{collections::BTreeSet, time::Duration};

use ipmp_common::{Address, Choice, SlotSet};
use proptest::{collection::vec, option, prelude::*, sample};

use super::super::*;
use crate::engine::{
    action::Notice,
    fixture::{Rig, data, group, link, mac, net, notices, v4, v6},
};

/// Something that happens to a group. Members are numbered modulo their count.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Cut(usize),
    Mend(usize),
    Bounce(usize),
    AdminDown(usize),
    AdminUp(usize),
    Vanish(usize),
    Appear(usize),
    Renumber(usize),
    NewMac(usize, u32),
    Speed(usize, Option<u32>),
    AddAddress(u8),
    RemoveAddress(u8),
    Offline(usize, bool),
    Online(usize),
    SetStandby(usize, bool),
    /// Things happen that nobody tells, then a resync.
    Miss(Vec<Self>),
    Wait(u64),
}

fn single_op() -> impl Strategy<Value = Op> {
    let member = 0_usize..8;
    prop_oneof![
        6 => member.clone().prop_map(Op::Cut),
        6 => member.clone().prop_map(Op::Mend),
        1 => member.clone().prop_map(Op::Bounce),
        1 => member.clone().prop_map(Op::AdminDown),
        2 => member.clone().prop_map(Op::AdminUp),
        2 => member.clone().prop_map(Op::Vanish),
        3 => member.clone().prop_map(Op::Appear),
        1 => member.clone().prop_map(Op::Renumber),
        1 => (member.clone(), 0_u32..12).prop_map(|(member, mac)| Op::NewMac(member, mac)),
        1 => (member.clone(), option::of(sample::select(vec![1000, 2500, 10_000, 25_000])))
            .prop_map(|(member, speed)| Op::Speed(member, speed)),
        2 => (member.clone(), prop::bool::weighted(0.2)).prop_map(|(member, force)| Op::Offline(member, force)),
        3 => member.clone().prop_map(Op::Online),
        1 => (member.clone(), any::<bool>()).prop_map(|(member, standby)| Op::SetStandby(member, standby)),
        1 => (0_u8..16).prop_map(Op::AddAddress),
        1 => (0_u8..16).prop_map(Op::RemoveAddress),
        2 => prop_oneof![0_u64..3000, 10_000_u64..100_000].prop_map(Op::Wait),
    ]
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![12 => single_op(), 1 => vec(single_op(), 0..4).prop_map(Op::Miss)]
}

pub(super) fn any_group() -> impl Strategy<Value = config::Group> {
    let members = vec((prop::bool::weighted(0.25), 1_u32..20, 99_u8..102), 1..=8);
    (members, any::<bool>(), any::<bool>(), 0_u32..3, 0_u8..6, 0_u16..4).prop_map(
        |(members, weighted, failback, link_ups_per_minute, v4s, v6s)| {
            let roles: String =
                members.iter().map(|(standby, ..)| if *standby { 's' } else { 'a' }).collect();
            let mut config = config::Group { failback, link_ups_per_minute, ..group(&roles) };
            for (member, (_, weight, priority)) in config.members.iter_mut().zip(members) {
                member.weight = weighted.then_some(weight);
                member.priority = priority;
            }
            config.addresses.extend((0..v4s).map(net));
            config.addresses.extend((0..v6s).map(|n| data(ipnet::IpNet::new(v6(n), 64).unwrap())));
            config
        },
    )
}

/// The event that tells of the operation, which changes `rig.links` at once; `None` if nothing changes.
fn event(rig: &mut Rig, op: &Op) -> Option<Event> {
    let members = rig.engine.config().members.len();
    let mut change = |member: usize, change: &dyn Fn(&mut Link)| {
        let link = rig.links.get_mut(&(member % members))?;
        change(link);
        Some(Event::Link { member: member % members, link: *link })
    };
    let address = |n: u8| if n < 8 { v4(n) } else { v6(u16::from(n) - 8) };
    match *op {
        Op::Cut(member) => {
            change(member, &|link| link.carrier = false)?;
            Some(Event::Carrier { member: member % members, up: false })
        }
        Op::Mend(member) => {
            change(member, &|link| link.carrier = true)?;
            Some(Event::Carrier { member: member % members, up: true })
        }
        Op::AdminDown(member) => change(member, &|link| link.admin_up = false),
        Op::AdminUp(member) => change(member, &|link| link.admin_up = true),
        Op::Renumber(member) => change(member, &|link| link.ifindex += 100),
        Op::NewMac(member, number) => change(member, &|link| link.mac = mac(number)),
        Op::Speed(member, speed) => change(member, &|link| link.speed_mbps = speed),
        Op::Vanish(member) => {
            rig.links.remove(&(member % members))?;
            Some(Event::LinkGone { member: member % members })
        }
        Op::Appear(member) => {
            let member = member % members;
            let link = *rig.links.entry(member).or_insert_with(|| link(member));
            Some(Event::Link { member, link })
        }
        Op::AddAddress(n) => Some(Event::AddressAdded(address(n))),
        Op::RemoveAddress(n) => Some(Event::AddressRemoved(address(n))),
        Op::Offline(..) | Op::Online(_) | Op::SetStandby(..) | Op::Bounce(_) | Op::Miss(_) | Op::Wait(_) => {
            None
        }
    }
}

pub(super) fn apply(rig: &mut Rig, op: &Op) -> Vec<Action> {
    let members = rig.engine.config().members.len();
    match op {
        Op::Offline(member, force) => rig.offline(member % members, *force).unwrap_or_default(),
        Op::Online(member) => rig.online(member % members).unwrap_or_default(),
        Op::SetStandby(member, standby) => rig.set_standby(member % members, *standby),
        Op::Wait(ms) => rig.wait(Duration::from_millis(*ms)),
        Op::Bounce(member) => {
            let mut actions = apply(rig, &Op::Cut(*member));
            actions.extend(apply(rig, &Op::Mend(*member)));
            actions
        }
        Op::Miss(ops) => {
            for op in ops {
                event(rig, op);
            }
            let view = rig.engine.view().addresses;
            let addresses = view.iter().filter(|view| view.up).map(|view| view.address).rev().collect();
            rig.tell(Event::Snapshot { links: rig.links.clone(), addresses })
        }
        op => event(rig, op).map(|event| rig.tell(event)).unwrap_or_default(),
    }
}

/// What a choice belongs to.
#[derive(Clone, Copy, Debug)]
enum Of {
    Bucket(u32),
    Binding(IpAddr),
    Nominee,
}

impl Of {
    /// Everything in the assignment that is a choice.
    fn all(assignment: &Assignment) -> impl Iterator<Item = Self> {
        let buckets = (0..assignment.buckets.len() as u32).map(Self::Bucket);
        let bindings = assignment.bindings.keys().map(|&address| Self::Binding(address));
        buckets.chain(bindings).chain([Self::Nominee])
    }

    fn choice(self, assignment: &Assignment) -> Choice {
        match self {
            Self::Bucket(number) => assignment.buckets[number as usize],
            Self::Binding(address) => assignment.bindings[&address],
            Self::Nominee => assignment.nominee,
        }
    }

    fn salt(self) -> u32 {
        match self {
            Self::Bucket(number) => number,
            Self::Binding(address) => Address::from(address).salt(),
            Self::Nominee => 0,
        }
    }
}

/// The number of buckets that each member has, and its exact share by the weights of `weighed`.
fn shares(rig: &Rig, weighed: &Rig) -> Vec<(usize, f64)> {
    let active: Vec<_> = rig.engine.view().members.iter().map(|member| member.active).collect();
    let weights = weighed.engine.view().members.into_iter().map(|member| f64::from(member.weight));
    let weights: Vec<_> =
        weights.zip(active).map(|(weight, active)| if active { weight } else { 0.0 }).collect();
    let sum: f64 = weights.iter().sum();
    rig.shares().into_iter().zip(weights.into_iter().map(|weight| 1024.0 * weight / sum)).collect()
}

/// The ways that a choice can have at one moment: a bucket that moves has passed or not.
fn ways(choice: Choice) -> Vec<Choice> {
    if choice.is_moving() { vec![choice.before(), choice] } else { vec![choice] }
}

fn is_moving(assignment: &Assignment) -> bool {
    assignment.buckets.iter().any(|choice| choice.is_moving())
}

/// Whether the member in this slot is carrying the last of what was on it.
fn drains(rig: &Rig, slot: u16) -> bool {
    rig.engine.roster.members().iter().any(|member| member.draining && member.slot == Some(slot))
}

/// One member fails, and what the packet path does by itself is what the planner wants.
fn check_failures(rig: &Rig, how: &impl Fn(usize) -> Op) {
    for member in rig.active() {
        let mut after = rig.clone();
        let before = rig.engine.assignment();
        let actions = apply(&mut after, &how(member));
        if notices(&actions).iter().any(|notice| matches!(notice, Notice::UniqueMac(_))) {
            continue; // another member comes back into service at the same time
        }
        let next = after.engine.assignment();
        let failed = rig.engine.view().members[member].slot;
        if next.usable.is_empty() {
            let kept = Assignment { usable: before.usable, slots: before.slots.clone(), ..next.clone() };
            assert_eq!(kept, *before, "with nobody left nothing is rewritten");
            continue;
        }
        for of in Of::all(before) {
            let (choice, now) = (of.choice(before), of.choice(next));
            for was in ways(choice) {
                let fallback = was.choose(next.usable, of.salt());
                // With nobody to stand in, the path takes who is left, be it one that drains; the planner takes it off him.
                if was.backup == Choice::NONE_SLOT && fallback.is_some_and(|slot| drains(&after, slot)) {
                    continue;
                }
                let planned = match ways(now)[..] {
                    // It goes on waiting.
                    _ if now == choice => was.choose(before.usable, of.salt()),
                    [now] => Some(now.slot),
                    // A new move, from where it is.
                    _ => Some(now.backup),
                };
                assert_eq!(fallback, planned, "{of:?} was {choice:?} when {member} failed, is {now:?}");
                let stays = Some(was.slot) == failed || fallback == Some(was.slot);
                assert!(stays, "{of:?} moved needlessly");
            }
        }
        if is_moving(before) {
            continue;
        }
        // By the weights from before: if the slowest member goes, those of unknown speed change.
        for (index, (had, (has, exact))) in rig.shares().into_iter().zip(shares(&after, rig)).enumerate() {
            assert!(
                has <= had || has as f64 <= exact.ceil(),
                "member {index} has {has}, had {had}, should have {exact}"
            );
        }
    }
}

/// Members have come back and nobody was lost: exactly what they lack has moved.
fn check_return(before: &Rig, after: &Rig) {
    let old = before.engine.assignment();
    let new = after.engine.assignment();
    let moved = old.buckets.iter().zip(&new.buckets).filter(|(old, new)| old.slot != new.slot).count();
    let mut lacking = 0;
    for (index, (has, exact)) in shares(after, after).into_iter().enumerate() {
        assert!((has as f64 - exact).abs() < 1.0, "member {index} has {has}, should have {exact}");
        let slot = after.engine.view().members[index].slot;
        let had = old.buckets.iter().filter(|choice| Some(choice.slot) == slot).count();
        lacking +=
            if new.usable.contains(slot.unwrap_or(Choice::NONE_SLOT)) { has.saturating_sub(had) } else { 0 };
    }
    assert_eq!(moved, lacking);
}

/// A slot that something names stands for the same link as before.
fn check_slots(before: &Assignment, after: &Assignment) {
    let named: BTreeSet<_> =
        Of::all(before).map(|of| of.choice(before)).flat_map(|c| [c.slot, c.backup]).collect();
    for slot in named {
        if let Some(is) = after.slots.get(&slot) {
            assert_eq!(before.slots.get(&slot), Some(is), "slot {slot} was given away while it was named");
        }
    }
}

fn check_step(before: &Rig, after: &Rig, op: &Op, actions: &[Action]) {
    let (old, new) = (before.engine.assignment(), after.engine.assignment());
    let installed = actions.iter().rev().find_map(|action| match action {
        Action::Install(assignment) => Some(&**assignment),
        _ => None,
    });
    assert_eq!(installed.unwrap_or(old), new, "what is installed last is what is wanted");
    assert!(
        installed.is_none() || old != new || matches!(op, Op::Bounce(_)),
        "nothing is installed for nothing"
    );

    if matches!(op, Op::Mend(_) | Op::Appear(_) | Op::AdminUp(_) | Op::Online(_)) {
        let gained = SlotSet(new.usable.0 & !old.usable.0);
        if !gained.is_empty() && !is_moving(old) {
            check_return(before, after);
        }
    }
    check_slots(old, new);
}

/// The numbers of addresses that the active members host differ by one at most, each family by itself.
fn check_level(rig: &Rig) {
    let assignment = rig.engine.assignment();
    for ipv6 in [false, true] {
        let hosted = |slot: u16| {
            let bindings = assignment.bindings.iter();
            bindings.filter(|(address, choice)| address.is_ipv6() == ipv6 && choice.slot == slot).count()
        };
        let slots = rig.engine.view().members.into_iter().filter(|member| member.active);
        let counts: Vec<_> = slots.filter_map(|member| member.slot).map(hosted).collect();
        let (least, most) = (counts.iter().min(), counts.iter().max());
        assert!(most <= least.map(|least| least + 1).as_ref(), "IPv6: {ipv6}: {counts:?}");
    }
}

proptest! {
    // A case is a whole life of a group: a quarter of the usual number takes a few seconds.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn any_group_keeps_the_laws(config in any_group(), ops in vec((op(), 0_usize..3), 1..30)) {
        let mut rig = Rig::start(config);
        for (op, how) in &ops {
            let before = rig.clone();
            let actions = apply(&mut rig, op);
            check_step(&before, &rig, op, &actions);
            check_failures(&rig, &[Op::Cut, Op::AdminDown, Op::Vanish][*how]);

            rig.engine.handle_timeout(rig.now, &rig.replies);
            prop_assert_eq!(rig.engine.poll_action(), None, "a timeout without reason does nothing");
            let again = apply(&mut rig, &Op::Miss(vec![]));
            prop_assert_eq!(again, vec![], "a resync without news does nothing");
        }
    }

    #[test]
    fn addresses_are_level_when_somebody_has_joined(config in any_group(), ops in vec(single_op(), 1..30)) {
        let mut rig = Rig::start(config);
        for op in &ops {
            // Homes are dealt for what the configuration says; what differs from it is levelled as far as it goes.
            if matches!(op, Op::AddAddress(_) | Op::RemoveAddress(_) | Op::SetStandby(..)) {
                continue;
            }
            let before = rig.active();
            apply(&mut rig, op);
            let after = rig.active();
            let joined = after.iter().any(|member| !before.contains(member));
            let left = before.iter().any(|member| !after.contains(member));
            // Without failback an idle member that stands in takes what the lost one had, and that may be nothing. One
            // that was lost may be back as another link by the end of the same event.
            let stands_in = !rig.engine.config().failback && matches!(op, Op::Renumber(_) | Op::Appear(_));
            if joined && !left && !stands_in {
                check_level(&rig);
            }
        }
    }

    #[test]
    fn the_same_events_give_the_same_actions(config in any_group(), ops in vec(op(), 1..30)) {
        let run = || {
            let mut rig = Rig::start(config.clone());
            ops.iter().map(|op| apply(&mut rig, op)).collect::<Vec<_>>()
        };
        prop_assert_eq!(run(), run());
    }

    #[test]
    fn a_quiet_group_comes_to_rest(config in any_group(), ops in vec(op(), 1..30)) {
        let mut rig = Rig::start(config);
        for op in &ops {
            apply(&mut rig, op);
        }
        rig.wait(Duration::from_mins(2));
        prop_assert!(!is_moving(rig.engine.assignment()), "a move has no end");
        for action in rig.wait(Duration::from_mins(10)) {
            let alive = matches!(&action, Action::KeepAlive(_)) || matches!(&action, Action::Announce(all) if all.len() == 1);
            prop_assert!(alive, "{:?}", action);
        }
    }
}
