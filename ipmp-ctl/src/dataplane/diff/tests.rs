use std::net::Ipv4Addr;

use ipmp_common::{layout::BUCKETS, member::Mac};
use proptest::prelude::*;

use super::*;

/// What the maps hold after one more write; panics where the order is unsafe.
fn apply(state: &mut Assignment, op: &MapOp) {
    match *op {
        MapOp::Usable(usable) => state.usable = usable,
        MapOp::Slot(slot, link) => {
            assert!(!state.usable.contains(slot), "slot {slot} is written while it is usable");
            assert!(!state.slots.contains_key(&slot), "slot {slot} is overwritten, not cleared first");
            state.slots.insert(slot, link);
        }
        MapOp::ClearSlot(slot, link) => {
            assert!(!state.usable.contains(slot), "slot {slot} is cleared while it is usable");
            assert_eq!(state.slots.remove(&slot), Some(link));
        }
        MapOp::Bucket(number, choice) => state.buckets[number as usize] = choice,
        MapOp::Gap(gap) => {
            state.gap = gap;
        }
        MapOp::Nominee(choice) => state.nominee = choice,
        MapOp::Bind(address, choice) => drop(state.bindings.insert(address, choice)),
        MapOp::Unbind(address) => assert!(state.bindings.remove(&address).is_some()),
        MapOp::TestAddress(address, slot) => drop(state.test_addresses.insert(address, slot)),
        MapOp::RemoveTestAddress(address) => assert!(state.test_addresses.remove(&address).is_some()),
    }
    let filled: SlotSet = state.slots.keys().copied().collect();
    assert_eq!(state.usable.0 & !filled.0, 0, "an empty slot is usable");
}

fn assignment() -> impl Strategy<Value = Assignment> {
    let slots = proptest::collection::btree_map(0u16..8, (1u32..4, any::<u8>()), 0..6);
    let choices = proptest::collection::vec((0u16..8, 0u16..8), 16);
    let addresses = proptest::collection::btree_map(any::<u8>(), (0u16..8, 0u16..8), 0..5);
    let tests = proptest::collection::btree_map(any::<u8>(), 0u16..8, 0..5);
    (slots, any::<u64>(), choices, addresses, tests).prop_map(|(slots, usable, choices, bindings, tests)| {
        let address = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let slots: std::collections::BTreeMap<_, _> = slots
            .into_iter()
            .map(|(slot, (ifindex, mac))| {
                (slot, SlotLink { ifindex, mac: Mac { bytes: [2, 0, 0, 0, 0, mac] } })
            })
            .collect();
        let filled: SlotSet = slots.keys().copied().collect();
        Assignment {
            usable: SlotSet(usable & filled.0),
            slots,
            buckets: (0..BUCKETS)
                .map(|n| choices[n % 16])
                .map(|(slot, backup)| Choice::new(slot, backup))
                .collect(),
            bindings: bindings
                .into_iter()
                .map(|(a, (slot, backup))| (address(a), Choice::new(slot, backup)))
                .collect(),
            nominee: Choice::new(choices[0].0, choices[0].1),
            gap: choices[1].0.into(),
            test_addresses: tests.into_iter().map(|(a, slot)| (address(a), slot)).collect(),
        }
    })
}

proptest! {
    #[test]
    fn the_writes_lead_to_what_is_wanted_and_stay_safe(from in assignment(), to in assignment()) {
        let mut state = from.clone();
        for op in diff(&from, &to) {
            apply(&mut state, &op);
        }
        prop_assert_eq!(state, to);
    }

    #[test]
    fn nothing_is_written_for_no_change(same in assignment()) {
        prop_assert_eq!(diff(&same, &same), []);
    }
}

#[test]
fn a_failure_is_the_first_write() {
    let link = |n| SlotLink { ifindex: n, mac: Mac { bytes: [2, 0, 0, 0, 0, n as u8] } };
    let mut before = Assignment { usable: SlotSet(0b11), ..Assignment::default() };
    before.slots.extend([(0, link(1)), (1, link(2))]);
    before.buckets.fill(Choice::new(0, 1));
    let mut after = before.clone();
    after.usable = SlotSet(0b10);
    after.buckets.fill(Choice::new(1, Choice::NONE_SLOT));
    assert_eq!(diff(&before, &after)[0], MapOp::Usable(SlotSet(0b10)));
}

#[test]
fn a_standby_takes_over_with_the_same_write() {
    let link = |n| SlotLink { ifindex: n, mac: Mac { bytes: [2, 0, 0, 0, 0, n as u8] } };
    let mut before = Assignment { usable: SlotSet(0b01), ..Assignment::default() };
    before.slots.extend([(0, link(1)), (1, link(2))]);
    before.buckets.fill(Choice::new(0, 1));
    let mut after = before.clone();
    after.usable = SlotSet(0b10);
    after.buckets.fill(Choice::new(1, Choice::NONE_SLOT));
    let ops = diff(&before, &after);
    assert_eq!(ops[0], MapOp::Usable(SlotSet(0b10)));
    assert_eq!(ops.iter().filter(|op| matches!(op, MapOp::Usable(_))).count(), 1);
}

#[test]
fn the_gap_is_known_before_a_bucket_moves_by_it() {
    let before = Assignment { usable: SlotSet(0b11), ..Assignment::default() };
    let mut after = Assignment { gap: 977, ..before.clone() };
    after.buckets[5] = Choice::moving(0, 1, 9);
    assert_eq!(diff(&before, &after), [MapOp::Gap(977), MapOp::Bucket(5, Choice::moving(0, 1, 9))]);
}
