use super::*;
use crate::engine::fixture::mac;

fn link(n: u32) -> SlotLink {
    SlotLink { ifindex: n, mac: mac(n) }
}

fn filled() -> Slots {
    let mut slots = Slots::new(BTreeMap::new());
    for n in 0..SLOTS as u32 {
        assert_eq!(slots.allocate(link(n), SlotSet::EMPTY), Some(n as u16));
    }
    slots
}

#[test]
fn the_slot_that_is_free_for_longest_is_used_first() {
    let mut slots = filled();
    for slot in [7, 3, 5] {
        slots.release(slot);
    }
    let next = [(); 4].map(|()| slots.allocate(link(99), SlotSet::EMPTY));
    assert_eq!(next, [Some(7), Some(3), Some(5), None]);
}

#[test]
fn a_slot_that_something_names_is_the_last_choice() {
    let mut slots = filled();
    for slot in [7, 3] {
        slots.release(slot);
    }
    let named = SlotSet::EMPTY.with(7);
    assert_eq!(slots.allocate(link(98), named), Some(3));
    assert_eq!(slots.allocate(link(99), named), Some(7));
}

#[test]
fn a_link_keeps_the_slot_that_an_earlier_daemon_gave_it() {
    let mut slots = Slots::new(BTreeMap::from([(0, link(1)), (4, link(2))]));
    assert_eq!(slots.recall(link(2)), Some(4));
    assert_eq!(slots.recall(link(2)), None);
    assert_eq!(slots.recall(SlotLink { mac: mac(9), ..link(1) }), None);
    slots.forget_adopted();
    let others: Vec<_> = std::iter::from_fn(|| slots.allocate(link(9), SlotSet::EMPTY)).collect();
    assert_eq!(others.len(), SLOTS - 1);
    assert_eq!((others[0], others.last()), (1, Some(&0)), "what was in use a moment ago comes last");
}
