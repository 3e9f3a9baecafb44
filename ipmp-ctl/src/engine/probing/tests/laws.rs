//! What holds whatever happens.

use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample};

use super::SECOND;
use crate::{
    config,
    engine::{
        Engine,
        action::{Action, Notice},
        event::{Event, Family, MemberIndex},
        fixture::{
            lan::{Lan, local, of_both_families, probed, with_targets},
            link, notices, v4,
        },
        member::MemberState::Running,
    },
};

/// Losses of which never more than four are in a row, the end and the beginning taken together.
fn short_losses() -> impl Strategy<Value = Vec<bool>> {
    vec((1_usize..=4, 1_usize..=3), 1..6).prop_map(|runs| {
        let run = |(lost, fine)| [vec![true; lost], vec![false; fine]].concat();
        runs.into_iter().flat_map(run).collect()
    })
}

/// A group of this many members in which probing has the given pace.
fn paced(members: usize, targets: u8, fdt: Duration) -> config::Group {
    let group = if targets == 0 {
        of_both_families(&"a".repeat(members))
    } else {
        with_targets(&"a".repeat(members), targets)
    };
    config::Group { failure_detection_time: fdt, ..group }
}

fn begin(config: config::Group, seed: u64, trip: Duration) -> Lan {
    let links = (0..config.members.len()).map(|index| (index, link(index))).collect();
    let mut lan = Lan::begin_with(config, links, seed);
    lan.slow = (1..=8).map(|n| (v4(n), trip)).chain([(local(1), trip)]).collect();
    lan
}

fn any_fdt() -> impl Strategy<Value = Duration> {
    sample::select(vec![30, 100, 1000, 10_000, 600_000]).prop_map(Duration::from_millis)
}

fn verdicts(actions: &[Action]) -> Vec<Notice> {
    let verdict = |notice: &Notice| {
        matches!(notice, Notice::Failed { .. } | Notice::Repaired { .. } | Notice::GroupSilent)
    };
    notices(actions).into_iter().filter(verdict).collect()
}

/// Something that happens to a group and its neighbours.
#[derive(Clone, Debug)]
enum Op {
    Cut(MemberIndex),
    Mend(MemberIndex),
    Silence(MemberIndex),
    Heal(MemberIndex),
    HalfSilence(MemberIndex, bool),
    Vanish(MemberIndex),
    Appear(MemberIndex),
    SameMac(MemberIndex),
    OwnMac(MemberIndex),
    Die(u8),
    Live(u8),
    Routers(Vec<u8>),
    Refuse(MemberIndex),
    Admit(MemberIndex),
    Address(MemberIndex, bool),
    Slow(u8, u64),
    Stall(u64),
    Wait(u64),
}

fn op() -> impl Strategy<Value = Op> {
    let member = 0_usize..4;
    let host = 1_u8..8;
    prop_oneof![
        2 => member.clone().prop_map(Op::Cut),
        3 => member.clone().prop_map(Op::Mend),
        4 => member.clone().prop_map(Op::Silence),
        4 => member.clone().prop_map(Op::Heal),
        1 => (member.clone(), any::<bool>()).prop_map(|(member, v6)| Op::HalfSilence(member, v6)),
        1 => member.clone().prop_map(Op::Vanish),
        2 => member.clone().prop_map(Op::Appear),
        1 => member.clone().prop_map(Op::SameMac),
        1 => member.clone().prop_map(Op::OwnMac),
        2 => host.clone().prop_map(Op::Die),
        2 => host.clone().prop_map(Op::Live),
        2 => vec(host.clone(), 0..4).prop_map(Op::Routers),
        1 => member.clone().prop_map(Op::Refuse),
        1 => member.clone().prop_map(Op::Admit),
        1 => (member, any::<bool>()).prop_map(|(member, present)| Op::Address(member, present)),
        1 => (host, 1_u64..3000).prop_map(|(host, ms)| Op::Slow(host, ms)),
        1 => (0_u64..100_000).prop_map(Op::Stall),
        8 => prop_oneof![0_u64..3000, 3000_u64..60_000].prop_map(Op::Wait),
    ]
}

fn apply(lan: &mut Lan, op: &Op) -> Vec<Action> {
    let members = lan.rig.engine.config().members.len();
    let absent = |lan: &Lan, member: &MemberIndex| !lan.rig.links.contains_key(&(member % members));
    match op {
        Op::Cut(member) | Op::Mend(member) if absent(lan, member) => vec![],
        Op::Cut(member) => lan.down(member % members),
        Op::Mend(member) => lan.up(member % members),
        Op::Silence(member) => {
            lan.silence(member % members);
            vec![]
        }
        Op::Heal(member) => {
            lan.heal(member % members);
            vec![]
        }
        Op::HalfSilence(member, v6) => {
            lan.silent.insert((member % members, Family::ALL[usize::from(*v6)]));
            vec![]
        }
        Op::Vanish(member) => {
            lan.rig.links.remove(&(member % members));
            lan.tell(Event::LinkGone { member: member % members })
        }
        Op::SameMac(member) | Op::OwnMac(member) if absent(lan, member) => vec![],
        Op::Appear(member) | Op::SameMac(member) | Op::OwnMac(member) => {
            let member = member % members;
            let entry = lan.rig.links.entry(member).or_insert_with(|| link(member));
            entry.mac = link(if matches!(op, Op::SameMac(_)) { 0 } else { member }).mac;
            let link = *entry;
            lan.tell(Event::Link { member, link })
        }
        Op::Die(host) => {
            lan.dead.insert(v4(*host));
            vec![]
        }
        Op::Live(host) => {
            lan.dead.remove(&v4(*host));
            vec![]
        }
        Op::Routers(routers) => lan.routers(routers.iter().copied()),
        Op::Refuse(member) => {
            let member = member % members;
            lan.refused.insert(member);
            lan.tell(Event::Listening { member, family: Family::V4, source: None })
        }
        Op::Admit(member) => {
            lan.refused.remove(&(member % members));
            vec![]
        }
        Op::Address(member, present) => {
            let member = member % members;
            lan.tell(Event::TestAddress { member, address: local(100 + member as u16), present: *present })
        }
        Op::Slow(host, ms) => {
            lan.slow.insert(v4(*host), Duration::from_millis(*ms));
            vec![]
        }
        Op::Stall(ms) => lan.stall(Duration::from_millis(*ms)),
        Op::Wait(ms) => lan.wait(Duration::from_millis(*ms)),
    }
}

fn any_group() -> impl Strategy<Value = config::Group> {
    let members = vec(prop::bool::weighted(0.25), 1..=4);
    (members, 0_u8..4, any::<bool>(), 0_u32..3).prop_map(|(members, kind, failback, link_ups_per_minute)| {
        let roles: String = members.iter().map(|standby| if *standby { 's' } else { 'a' }).collect();
        let mut group = match kind {
            0 => with_targets(&roles, 3),
            1 => of_both_families(&roles),
            2 => config::Group { targets: vec![], ..of_both_families(&roles) },
            _ => probed(&roles),
        };
        group.addresses.push(crate::engine::fixture::net(50));
        config::Group { failback, link_ups_per_minute, ..group }
    })
}

proptest! {
    // A case is minutes in the life of a group: a sixteenth of the usual number takes a few seconds.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 16, ..ProptestConfig::default() })]

    #[test]
    fn fewer_than_five_losses_in_a_row_never_fail_a_member(
        losses in vec(short_losses(), 3),
        fdt in any_fdt(),
        targets in 0_u8..6,
        seed: u64,
    ) {
        let mut lan = begin(paced(3, targets, fdt), seed, Duration::from_micros(200));
        lan.losses = losses.into_iter().enumerate().collect();
        prop_assert_eq!(verdicts(&lan.wait(fdt * 60)), []);
    }

    #[test]
    fn silence_fails_a_member_within_the_failure_detection_time_and_one_interval(
        fdt in any_fdt(),
        targets in 0_u8..6,
        offset in 0_u32..1000,
        trip in 1_u32..20,
        losses in short_losses(),
        seed: u64,
    ) {
        // Up to a third of the interval, which is what the conservative estimate makes an interval of.
        let mut lan = begin(paced(2, targets, fdt), seed, fdt / 7 * trip / 70);
        lan.losses.insert(0, losses);
        lan.wait(fdt * 4 + fdt * offset / 1000);
        prop_assume!(lan.rig.engine.view().fdt == Some(fdt));
        lan.losses.clear();
        lan.silence(0);
        let before = lan.rig.now;
        lan.wait_for(fdt * 2, |action| matches!(action, Action::Notify(Notice::Failed { member: 0, .. })));
        let took = lan.rig.now - before;
        prop_assert!(took <= fdt + fdt / 7, "{:?} at {:?}", took, fdt);
    }

    #[test]
    fn a_stall_of_any_length_at_any_point_changes_no_verdict(
        stalls in vec((0_u32..3000, 0_u32..5000), 1..12),
        losses in vec(short_losses(), 2),
        fdt in any_fdt(),
        targets in 0_u8..6,
        trip in 1_u32..20,
        silent: bool,
        seed: u64,
    ) {
        let mut lan = begin(paced(3, targets, fdt), seed, fdt / 7 * trip / 70);
        lan.losses = losses.into_iter().enumerate().collect();
        lan.wait(fdt * 4);
        if silent {
            // Witnesses that lose four in a row, as it may happen, could not tell member from group.
            lan.losses.clear();
            lan.silence(2);
        }
        let mut told = Vec::new();
        for (wait, stall) in stalls {
            told.extend(verdicts(&lan.wait(fdt * wait / 1000)));
            told.extend(verdicts(&lan.stall(fdt * stall / 1000)));
        }
        prop_assume!(lan.rig.engine.view().fdt == Some(fdt));
        told.extend(verdicts(&lan.wait(fdt + fdt / 7)));
        let failed = Notice::Failed { member: 2, cause: crate::engine::action::Cause::Probes };
        prop_assert_eq!(told, if silent { vec![failed] } else { vec![] });
    }

    #[test]
    fn a_recorded_run_gives_the_same_actions_again(config in any_group(), ops in vec(op(), 1..20), seed: u64) {
        let mut lan = begin(config.clone(), seed, Duration::from_millis(1));
        lan.hosts = vec![v4(1), v4(2), local(1)];
        let mut actions = Vec::new();
        for op in &ops {
            actions.extend(apply(&mut lan, op));
        }
        let log = &lan.rig.log;
        let mut again = Engine::new(config, None, seed, log[0].0);
        let mut replayed = Vec::new();
        for (now, event) in log {
            match event {
                Some(event) => again.handle(event.clone(), *now),
                None => again.handle_timeout(*now, &lan.rig.replies),
            }
            replayed.extend(std::iter::from_fn(|| again.poll_action()));
        }
        // The first actions were taken before anybody could note them.
        prop_assert!(replayed.len() >= actions.len());
        let same = replayed[replayed.len() - actions.len()..] == actions[..];
        prop_assert!(same);
        prop_assert_eq!(again.view(), lan.rig.engine.view());
        prop_assert_eq!(again.assignment(), lan.rig.engine.assignment());
    }

    #[test]
    fn any_group_keeps_the_laws_and_recovers_when_all_is_well(config in any_group(), ops in vec(op(), 1..30)) {
        let members = config.members.len();
        let mut lan = begin(config, 1, Duration::from_millis(1));
        lan.hosts = vec![v4(1), v4(2), local(1)];
        for op in &ops {
            apply(&mut lan, op); // after each step the rig checks what has to hold always
            let addresses = lan.rig.engine.view().addresses;
            let addresses = addresses.iter().filter(|view| view.up).map(|view| view.address).collect();
            let again = lan.tell(Event::Snapshot { links: lan.rig.links.clone(), addresses });
            prop_assert_eq!(again, vec![], "a resync without news does nothing");
        }
        lan.dead.clear();
        lan.silent.clear();
        lan.slow.clear();
        lan.refused.clear();
        lan.routers([]);
        for member in 0..members {
            apply(&mut lan, &Op::Appear(member));
            lan.up(member);
        }
        lan.wait(600 * SECOND);
        prop_assert_eq!(lan.states(), vec![Running; members]);
        let wanted = lan.rig.engine.config().members.iter().filter(|member| !member.standby).count();
        let wanted = if lan.rig.engine.config().failback { wanted.max(1) } else { 1 };
        prop_assert!(lan.carrying().len() >= wanted);
        prop_assert_eq!(lan.rig.engine.view().fdt, Some(7 * SECOND));
        let replans = lan.wait(60 * SECOND);
        prop_assert!(!replans.iter().any(|action| matches!(action, Action::Install(_))));
    }
}
