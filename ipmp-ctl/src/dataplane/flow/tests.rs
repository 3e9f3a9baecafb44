use std::collections::BTreeSet;

use ipmp_common::SlotSet;

use super::*;

const SEED: u64 = 42;

fn flow(source: &str, destination: &str) -> Flow {
    Flow {
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        to_group: false,
        protocol: Some(6),
        source_port: 1024,
        destination_port: 443,
    }
}

/// Slots 1, 2 and 3; every bucket on 1 with 2 as backup, 2 nominated with 3 as backup, a test address on 3.
fn assignment() -> Assignment {
    let mut assignment = Assignment { usable: SlotSet(0b1110), ..Assignment::default() };
    assignment.buckets.fill(Choice::new(1, 2));
    assignment.nominee = Choice::new(2, 3);
    assignment.test_addresses.insert("192.0.2.21".parse().unwrap(), 3);
    assignment
}

#[test]
fn a_test_address_leaves_by_its_own_member_whatever_the_rest_says() {
    let mut assignment = assignment();
    assignment.usable = SlotSet::EMPTY;
    for to_group in [false, true] {
        let flow = Flow { to_group, ..flow("192.0.2.21", "192.0.2.1") };
        assert_eq!(flow.way(SEED, &assignment, |_| false), Way::TestAddress { slot: 3 });
    }
}

#[test]
fn broadcast_and_multicast_leave_by_the_nominated_member_or_its_backup() {
    let mut assignment = assignment();
    let flow = Flow { to_group: true, ..flow("192.0.2.10", "224.0.0.1") };
    for (usable, slot) in [(0b1110, Some(2)), (0b1010, Some(3)), (0b0010, Some(1)), (0, None)] {
        assignment.usable = SlotSet(usable);
        assert_eq!(flow.way(SEED, &assignment, |_| false), Way::Nominated { slot }, "usable {usable:#b}");
    }
}

#[test]
fn a_bucket_falls_back() {
    let mut assignment = assignment();
    for (usable, slot) in [(0b1110, Some(1)), (0b1100, Some(2)), (0b1000, Some(3)), (0, None)] {
        assignment.usable = SlotSet(usable);
        let way = flow("192.0.2.10", "192.0.2.1").way(SEED, &assignment, |_| false);
        assert_eq!(way.slot(), slot, "usable {usable:#b}: {way:?}");
    }
}

#[test]
fn ports_count_for_protocols_that_have_them() {
    let buckets = |protocol, family: usize| {
        let (from, to) = [("192.0.2.10", "192.0.2.1"), ("2001:db8::10", "2001:db8::1")][family];
        let flows = (0..64).map(|source_port| Flow { protocol, source_port, ..flow(from, to) });
        flows.map(|flow| flow.bucket(SEED)).collect::<BTreeSet<_>>().len()
    };
    for family in [0, 1] {
        for protocol in [6, 17, 132] {
            assert!(buckets(Some(protocol), family) > 32, "protocol {protocol}");
        }
        for protocol in [None, Some(1), Some(58), Some(47)] {
            assert_eq!(buckets(protocol, family), 1, "protocol {protocol:?}");
        }
    }
}

#[test]
fn a_bucket_on_its_way_is_with_its_old_member_until_it_has_passed() {
    let mut assignment = assignment();
    assignment.buckets.fill(Choice::moving(1, 2, 9));
    for (usable, has_passed, slot) in [
        (0b1110, false, Some(1)),
        (0b1110, true, Some(2)),
        (0b1100, false, Some(2)),
        (0b1010, true, Some(1)),
        (0, false, None),
    ] {
        assignment.usable = SlotSet(usable);
        let way = flow("192.0.2.10", "192.0.2.1").way(SEED, &assignment, |_| has_passed);
        assert_eq!(way.slot(), slot, "usable {usable:#b}, passed {has_passed}: {way:?}");
    }
}

#[test]
fn buckets_count_where_they_are_and_not_where_they_are_going() {
    let mut assignment = assignment();
    for (number, choice) in assignment.buckets.iter_mut().enumerate().take(200) {
        *choice = if number < 150 { Choice::moving(3, 1, 7) } else { Choice::new(2, 3) };
    }
    let passed = |bucket: u32| bucket < 100;
    let of = |assignment: &Assignment| shares(assignment, passed).into_iter().collect::<Vec<_>>();
    assert_eq!(of(&assignment), [(1, 824 + 100), (2, 50), (3, 50)]);
    assignment.usable = SlotSet::EMPTY.with(3);
    assert_eq!(of(&assignment), [(3, 1024)]);
    assignment.usable = SlotSet::EMPTY;
    assert_eq!(of(&assignment), []);
}
