use super::*;
use crate::engine::{fixture::v4, probing::target::STEP};

fn routers(count: u8, now: Instant) -> Targets {
    let mut targets = Targets::default();
    targets.set_routers(&(1..=count).map(v4).collect::<Vec<_>>(), false, now);
    targets
}

/// `+` active, `.` unused, `~` slow, `x` dead, in the order of the list.
fn states(targets: &Targets) -> String {
    let letter = |target: &Target| match target.state {
        TargetState::Active => '+',
        TargetState::Unused => '.',
        TargetState::Slow => '~',
        TargetState::Dead => 'x',
    };
    targets.list.iter().map(letter).collect()
}

fn turns(targets: &mut Targets, count: usize, now: Instant) -> Vec<IpAddr> {
    (0..count).filter_map(|_| targets.next(now)).collect()
}

#[test]
fn a_router_that_is_left_out_comes_back_in_steps_of_a_minute_as_it_is_passed() {
    let now = Instant::now();
    for (state, steps) in
        [(TargetState::Slow, ["+~+", "+++", "+++"]), (TargetState::Dead, ["+x+", "+~+", "+++"])]
    {
        let mut targets = routers(3, now);
        assert!(!targets.leave_out(v4(2), state, now));
        for (minutes, expected) in steps.into_iter().enumerate() {
            turns(&mut targets, 3, now + STEP * minutes as u32);
            assert_eq!(states(&targets), expected, "{state:?} after {minutes} minutes");
        }
    }
}

#[test]
fn when_the_last_active_router_goes_those_least_suspected_take_over() {
    let now = Instant::now();
    for (left_out, expected) in [
        (&[(1, TargetState::Dead), (2, TargetState::Slow)][..], "++"),
        (
            &[(1, TargetState::Dead), (2, TargetState::Dead), (3, TargetState::Slow), (4, TargetState::Dead)],
            "++x+",
        ),
        (&[(1, TargetState::Dead)], "+"),
    ] {
        let count = left_out.len() as u8;
        let mut targets = routers(count, now);
        for &(n, state) in left_out {
            targets.leave_out(v4(n), state, now);
        }
        assert_eq!(states(&targets).matches('+').count(), expected.matches('+').count(), "{left_out:?}");
    }
}

#[test]
fn new_targets_enter_at_the_head_and_the_turn_stays_with_whom_it_was() {
    let now = Instant::now();
    let mut targets = Targets::default();
    for host in [1, 2, 3] {
        assert!(targets.add_host(v4(host), now));
    }
    assert!(!targets.add_host(v4(2), now));
    assert_eq!(turns(&mut targets, 2, now), [v4(3), v4(2)]);
    targets.add_host(v4(4), now);
    assert_eq!(turns(&mut targets, 4, now), [v4(1), v4(4), v4(3), v4(2)]);
    assert!(targets.leave_out(v4(4), TargetState::Dead, now), "a host goes for good");
    assert_eq!(turns(&mut targets, 3, now), [v4(1), v4(3), v4(2)]);
}

#[test]
fn probes_that_measure_have_a_turn_of_their_own_that_follows_the_others() {
    let now = Instant::now();
    let mut targets = routers(3, now);
    assert_eq!(targets.next(now), Some(v4(1)));
    assert_eq!(targets.next_to_measure(), Some(v4(2)));
    assert_eq!(targets.next_to_measure(), Some(v4(3)));
    assert_eq!(targets.next(now), Some(v4(2)));
    assert_eq!(targets.next_to_measure(), Some(v4(3)));
}

#[test]
fn routers_and_hosts_are_never_mixed() {
    let now = Instant::now();
    let mut targets = Targets::default();
    targets.add_host(v4(9), now);
    targets.set_routers(&[], false, now);
    assert_eq!(targets.hosts().count(), 1);
    targets.set_routers(&[v4(1)], false, now);
    assert_eq!((targets.mode(), targets.hosts().count()), (TargetMode::Routes, 0));
    assert!(!targets.add_host(v4(9), now));
    assert!(!targets.flush_hosts());
    targets.set_routers(&[], true, now);
    assert_eq!(states(&targets), "+", "kept while the group is failed");
    targets.set_routers(&[], false, now);
    assert_eq!((targets.mode(), targets.list.len()), (TargetMode::Multicast, 0));
}

#[test]
fn a_place_is_kept_as_long_as_possible_and_never_taken_from_one_that_is_probed() {
    let now = Instant::now();
    let mut targets = routers(5, now);
    for n in 1..=5 {
        assert_eq!(targets.take_place(v4(n)), n - 1);
    }
    for n in 6..=8 {
        assert_eq!(targets.take_place(v4(n)), n - 1);
    }
    assert_eq!(targets.take_place(v4(9)), 5);
    targets.leave_out(v4(2), TargetState::Dead, now);
    assert_eq!(targets.place(v4(2)), Some(1), "it may come back");
    assert_eq!(targets.take_place(v4(10)), 1);
    assert_eq!(targets.place(v4(2)), None);
}
