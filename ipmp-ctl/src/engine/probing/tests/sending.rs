//! When probes go out.

use std::time::{Duration, Instant};

use super::SECOND;
use crate::engine::{
    action::{Action, Notice},
    event::{MemberIndex, ProbeKind},
    fixture::{
        lan::{Lan, with_targets},
        notices,
    },
    member::MemberState::Running,
};

fn times(lan: &Lan, member: MemberIndex) -> Vec<Instant> {
    lan.sent.iter().filter(|sent| sent.probe.member == member).map(|sent| sent.at).collect()
}

#[test]
fn each_probe_lies_in_the_second_half_of_its_own_period() {
    let mut lan = Lan::begin(with_targets("a", 1));
    lan.wait(200 * SECOND);
    let times = times(&lan, 0);
    let base = times[0];
    for (at, period) in times[1..].iter().zip(0_u32..) {
        let within = *at - (base + SECOND * period);
        assert!(within >= SECOND / 2 && within <= SECOND, "{within:?}");
    }
    assert!(times.len() >= 198);
    let sequences: Vec<_> = lan.sent.iter().map(|sent| sent.probe.sequence).collect();
    assert!(sequences.iter().zip(1..).all(|(&is, should)| is == should), "one after the other, from 1");
}

#[test]
fn the_first_probes_are_spread_over_an_interval() {
    let mut lan = Lan::begin(with_targets(&"a".repeat(64), 1));
    let start = lan.rig.now;
    lan.wait(SECOND);
    let firsts: Vec<_> = (0..64).map(|member| times(&lan, member)[0] - start).collect();
    let early = firsts.iter().filter(|&&first| first < SECOND / 2).count();
    assert!((16..48).contains(&early), "{early} of 64 in the first half");
}

#[test]
fn what_a_stopped_daemon_missed_is_counted_and_not_made_up() {
    let mut lan = Lan::start(with_targets("aa", 2));
    let from = lan.sent.len();
    let told = notices(&lan.stall(5 * SECOND));
    assert!(matches!(told[..], [Notice::MissedProbes { count: 4..=6, .. }]), "{told:?}");
    assert_eq!(lan.sent.len() - from, 2, "one for each member");
    lan.wait(10 * SECOND);
    let sent = lan.sent.len() - from;
    assert!((20..=23).contains(&sent), "{sent}");
    assert_eq!(lan.states(), [Running, Running]);
}

#[test]
fn a_probe_that_could_not_be_sent_is_not_lost() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.unsendable.insert(0);
    let actions = lan.wait(60 * SECOND);
    assert_eq!(lan.states(), [Running, Running]);
    let lost = actions.iter().any(|action| matches!(action, Action::ProbeDone(r) if r.arrival.is_none()));
    assert!(!lost);
}

#[test]
fn each_probe_is_recorded_once_when_it_is_answered_or_lost_and_again_if_it_is_answered_late() {
    let mut lan = Lan::start(with_targets("aa", 1));
    lan.sent.clear();
    lan.wait_for(2 * SECOND, |action| matches!(action, Action::SendProbe { probe, .. } if probe.member == 0));
    let probe = lan.sent.last().unwrap().probe;
    let arrival = lan.rig.replies.remove(&probe).unwrap();
    let of = |actions: &[Action]| -> Vec<Option<Instant>> {
        let record = |action: &Action| match action {
            Action::ProbeDone(record) if record.probe == probe => Some(record.arrival),
            _ => None,
        };
        actions.iter().filter_map(record).collect()
    };
    assert_eq!(of(&lan.wait(2 * SECOND)), [None]);
    let late = arrival + 2 * SECOND;
    lan.rig.replies.insert(probe, late);
    assert_eq!(of(&lan.wait(3 * SECOND)), [Some(late)]);
}

#[test]
fn at_the_shortest_times_discovery_is_no_storm() {
    let mut config = with_targets("a", 0);
    config.failure_detection_time = Duration::from_millis(30);
    let mut lan = Lan::begin(config);
    lan.wait(SECOND);
    let sent = lan.sent.iter().filter(|sent| sent.probe.kind == ProbeKind::Discovery).count();
    assert!((8..=11).contains(&sent), "{sent}");
}
