//! The failure detection time.

use std::time::Duration;

use super::SECOND;
use crate::engine::{
    action::{Action, Notice},
    event::{Family, ProbeKind},
    fixture::{
        lan::{Lan, with_targets},
        notices, v4,
    },
    member::MemberState::Running,
};

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn the_first_sample_counts_three_times() {
    let mut lan = Lan::begin(with_targets("a", 1));
    lan.slow.insert(v4(1), 10 * MILLISECOND);
    lan.wait_for(3 * SECOND, |action| matches!(action, Action::ProbeDone(_)));
    let rtt = lan.targets(0, Family::V4)[0].rtt.unwrap();
    assert_eq!((rtt.smoothed_us, rtt.deviation_us, rtt.min_us, rtt.max_us), (10_000, 5000, 10_000, 10_000));
}

#[test]
fn one_slow_reply_is_chance_and_two_in_a_row_raise_the_time() {
    let mut lan = Lan::start(with_targets("aa", 1));
    let once = |lan: &mut Lan| {
        lan.slow.insert(v4(1), 600 * MILLISECOND);
        lan.wait_for(2 * SECOND, |a| matches!(a, Action::SendProbe { probe, .. } if probe.member == 0));
        lan.slow.clear();
    };
    once(&mut lan);
    assert_eq!(notices(&lan.wait(5 * SECOND)), []);
    assert_eq!(lan.rig.engine.view().fdt, Some(7 * SECOND));
    lan.slow.insert(v4(1), 2 * SECOND);
    let told = notices(&lan.wait(12 * SECOND));
    assert!(told.iter().any(|notice| matches!(notice, Notice::FdtRaised { .. })), "{told:?}");
}

#[test]
fn while_the_time_is_raised_others_measure_and_it_falls_again() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.slow.insert(v4(1), 700 * MILLISECOND);
    lan.wait(40 * SECOND);
    let raised = lan.rig.engine.view().fdt.unwrap();
    assert!(raised > 14 * SECOND && raised < 40 * SECOND, "{raised:?}");
    assert_eq!(lan.states(), [Running, Running]);
    let from = lan.sent.len();
    lan.wait(20 * SECOND);
    let measuring = lan.sent[from..].iter().filter(|sent| sent.probe.kind == ProbeKind::RttOnly).count();
    let detecting = lan.sent.len() - from - measuring;
    assert!(measuring > detecting, "{measuring} and {detecting}");
    lan.slow.clear();
    let told = notices(&lan.wait(300 * SECOND));
    assert!(told.iter().any(|notice| matches!(notice, Notice::FdtLowered { .. })), "{told:?}");
    assert_eq!(lan.rig.engine.view().fdt, Some(7 * SECOND));
    let from = lan.sent.len();
    lan.wait(20 * SECOND);
    assert!(lan.sent[from..].iter().all(|sent| sent.probe.kind == ProbeKind::Detection));
}

#[test]
fn one_slow_target_among_quick_ones_is_left_out_and_the_time_stays() {
    let mut lan = Lan::start(with_targets("aa", 4));
    lan.slow.insert(v4(3), 900 * MILLISECOND);
    let told = notices(&lan.wait(60 * SECOND));
    assert!(told.contains(&Notice::TargetSlow { member: 0, target: v4(3) }), "{told:?}");
    assert!(!told.iter().any(|notice| matches!(notice, Notice::FdtRaised { .. })));
    assert_eq!(lan.rig.engine.view().fdt, Some(7 * SECOND));
}

#[test]
fn a_silent_member_is_found_in_time_from_thirty_milliseconds_to_ten_minutes() {
    for fdt in [30 * MILLISECOND, 100 * MILLISECOND, 10 * SECOND, 600 * SECOND] {
        for offset in 0..20 {
            let mut config = with_targets("aa", 2);
            config.failure_detection_time = fdt;
            let mut lan = Lan::begin(config);
            lan.slow = (1..=2).map(|n| (v4(n), Duration::from_micros(300))).collect();
            lan.wait(fdt * 4 + fdt * offset / 20);
            lan.silence(0);
            let before = lan.rig.now;
            lan.wait_for(2 * fdt, |action| matches!(action, Action::Notify(Notice::Failed { .. })));
            let took = lan.rig.now - before;
            assert!(took >= fdt * 5 / 10 && took <= fdt * 102 / 100, "{took:?} at {fdt:?}");
        }
    }
}

#[test]
fn the_time_is_shown_only_if_somebody_is_probed() {
    assert_eq!(Lan::begin(with_targets("aa", 1)).rig.engine.view().fdt, Some(7 * SECOND));
    assert_eq!(Lan::begin(crate::engine::fixture::group("aa")).rig.engine.view().fdt, None);
}
