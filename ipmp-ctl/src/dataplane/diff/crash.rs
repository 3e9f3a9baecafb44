//! A daemon that dies between two writes: what the maps hold then carries every flow, and the next daemon comes to where
//! this one was going.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{tests::apply, *};
use crate::{
    config,
    engine::{
        event::{Event, MemberIndex},
        fixture::{
            group,
            lan::{Lan, with_targets},
            link, net, v4,
        },
        memory::Memory,
    },
};

#[derive(Clone, Copy, Debug)]
enum Step {
    Down(MemberIndex),
    Up(MemberIndex),
    Gone(MemberIndex),
    Back(MemberIndex),
    Address(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let member = 0..4_usize;
    prop_oneof![
        member.clone().prop_map(Step::Down),
        member.clone().prop_map(Step::Up),
        member.clone().prop_map(Step::Gone),
        member.prop_map(Step::Back),
        (1..9_u8).prop_map(Step::Address),
    ]
}

fn take(lan: &mut Lan, step: Step) {
    match step {
        Step::Down(member) => drop(lan.down(member)),
        Step::Up(member) => drop(lan.up(member)),
        Step::Gone(member) => {
            lan.rig.links.remove(&member);
            lan.tell(Event::LinkGone { member });
        }
        Step::Back(member) if !lan.rig.links.contains_key(&member) => {
            lan.rig.links.insert(member, link(member));
            lan.tell(Event::Link { member, link: link(member) });
        }
        Step::Back(_) => {}
        Step::Address(n) => drop(lan.tell(Event::AddressAdded(v4(n)))),
    }
}

/// Every flow, address and broadcast has a member whose slot is filled and usable, as long as there is one at all.
fn carries_everything(state: &Assignment) -> Result<(), TestCaseError> {
    if state.usable.is_empty() {
        return Ok(());
    }
    let choices = state.buckets.iter().chain(state.bindings.values()).chain([&state.nominee]);
    for (choice, salt) in choices.zip(0..) {
        let slot = choice.choose(state.usable, salt);
        prop_assert!(slot.is_some_and(|slot| state.usable.contains(slot) && state.slots.contains_key(&slot)));
    }
    Ok(())
}

/// What the next daemon wants, which finds `left` in the maps and `memory` in its file.
fn next_daemon(lan: &Lan, config: &config::Group, left: Assignment, memory: &Memory) -> Lan {
    let mut next = lan.clone();
    next.restart_on(config.clone(), left, memory.clone());
    next
}

/// Where it all ends, when planned moves are over, by interface indexes: a slot is but a number, and which bucket moves to
/// level the shares is chance. Who carries traffic, where each address is, how many buckets each has.
fn end(lan: &mut Lan) -> (Vec<MemberIndex>, BTreeMap<IpAddr, u32>, BTreeMap<u32, usize>) {
    lan.wait(Duration::from_secs(3));
    let assignment = lan.rig.engine.assignment();
    let at = |slot: u16| assignment.slots.get(&slot).map_or(0, |link| link.ifindex);
    let bound = assignment.bindings.iter().map(|(&address, choice)| (address, at(choice.slot))).collect();
    let mut shares = BTreeMap::new();
    for choice in &assignment.buckets {
        *shares.entry(at(choice.slot)).or_default() += 1;
    }
    (lan.carrying(), bound, shares)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_beginning_of_the_writes_carries_all_flows_and_leads_to_the_same_end(
        history in proptest::collection::vec(step(), 0..6),
        last in step(),
        roles in prop_oneof![Just("aaaa"), Just("aass")],
        failback: bool,
        probed: bool,
    ) {
        let base = if probed { with_targets(roles, 1) } else { group(roles) };
        let config = config::Group { failback, addresses: (20..25).map(net).collect(), ..base };
        let mut lan = Lan::start(config.clone());
        for step in history {
            take(&mut lan, step);
        }
        // The file is written after the maps: it holds what was known before.
        let memory = lan.rig.engine.memory();
        let before = lan.rig.engine.assignment().clone();
        take(&mut lan, last);
        let wanted = lan.rig.engine.assignment().clone();

        let ops = diff(&before, &wanted);
        let (mut left, mut usable_before) = (before, None);
        for written in 0..=ops.len() {
            if written > 0 {
                apply(&mut left, &ops[written - 1]);
            }
            carries_everything(&left)?;
            // The writes of a thousand buckets are as one another: some of them will do.
            let is_bucket = ops.get(written).is_some_and(|op| matches!(op, MapOp::Bucket(..)));
            if is_bucket && written % 199 != 0 && usable_before == Some(left.usable) {
                continue;
            }
            usable_before = Some(left.usable);
            // It is written again when all of them are.
            let newer = (written == ops.len()).then(|| lan.rig.engine.memory());
            for memory in [Some(&memory), newer.as_ref()].into_iter().flatten() {
                let mut next = next_daemon(&lan, &config, left.clone(), memory);
                carries_everything(next.rig.engine.assignment())?;
                prop_assert_eq!(end(&mut next), end(&mut lan.clone()), "after {} of {} writes", written, ops.len());
            }
        }
    }
}
