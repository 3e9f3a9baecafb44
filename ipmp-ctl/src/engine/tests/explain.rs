//! What the engine says of a member is so.

use std::time::Duration;

use super::SECOND;
use crate::{
    config,
    engine::{
        event::{Event, RouteTargets},
        explain::{Evidence, Explanation, Need, Standing},
        fixture::{Rig, group, lan, lan::Lan, mac},
        view::ShownState,
    },
};

fn explain(rig: &Rig, member: usize) -> Explanation {
    rig.engine.explain(member, rig.now).expect("there is such a member")
}

/// A group, what happens to it, and what is said of its first member then.
type Case = (&'static str, &'static str, fn(&mut Rig), Standing, Vec<Need>);

#[test]
fn every_state_that_a_link_brings_is_explained() {
    let by_link = Standing::InUse { by: Evidence::Link };
    let cases: Vec<Case> = vec![
        ("in use", "aa", |_| {}, by_link, vec![]),
        ("a spare standby", "sa", |_| {}, Standing::Idle { standby: true }, vec![Need::Vacancy]),
        ("a standby that stands in", "sa", |rig| drop(rig.down(1)), by_link, vec![]),
        ("without carrier", "aa", |rig| drop(rig.down(0)), Standing::NoCarrier, vec![Need::Carrier]),
        (
            "set down",
            "aa",
            |rig| drop(rig.change(0, |link| link.admin_up = false)),
            Standing::AdminDown,
            vec![Need::AdminUp],
        ),
        ("gone", "aa", |rig| drop(rig.gone(0)), Standing::Absent, vec![Need::Interface]),
        (
            "taken offline",
            "aa",
            |rig| drop(rig.offline(0, false).unwrap()),
            Standing::Offline,
            vec![Need::Online],
        ),
        (
            "taken offline and away",
            "aa",
            |rig| {
                rig.offline(0, false).unwrap();
                rig.gone(0);
            },
            Standing::Offline,
            vec![Need::Online, Need::Interface],
        ),
        (
            "with the address of another member",
            "aa",
            |rig| drop(rig.change(0, |link| link.mac = mac(1))),
            Standing::DuplicateMac { holder: Some(1) },
            vec![Need::OtherMac],
        ),
    ];
    for (name, roles, happen, standing, needs) in cases {
        let mut rig = Rig::start(group(roles));
        happen(&mut rig);
        let explained = explain(&rig, 0);
        assert_eq!((explained.standing, &explained.needs), (standing, &needs), "{name}");
        assert!(explained.heard.is_empty(), "{name}: it is not probed");
    }
    assert_eq!(Rig::start(group("a")).engine.explain(1, Rig::start(group("a")).now), None);
}

#[test]
fn without_failback_a_repaired_member_waits_for_a_vacancy() {
    let mut rig = Rig::start(config::Group { failback: false, ..group("aas") });
    rig.down(0);
    rig.up(0);
    let explained = explain(&rig, 0);
    assert_eq!(
        (explained.standing, explained.needs),
        (Standing::Idle { standby: false }, vec![Need::Vacancy])
    );
}

#[test]
fn a_link_that_flaps_is_said_to_need_exactly_the_quiet_that_it_needs() {
    let mut rig = Rig::start(config::Group { link_ups_per_minute: 2, ..group("aa") });
    for _ in 0..2 {
        rig.down(0);
        rig.wait(SECOND * 5);
        rig.up(0);
    }
    rig.down(0);
    let explained = explain(&rig, 0);
    assert_eq!(explained.needs, [Need::Carrier, Need::Quiet(SECOND * 55)], "the next one is one too many");
    rig.wait(SECOND * 5);
    rig.up(0);
    let explained = explain(&rig, 0);
    assert_eq!(explained.standing, Standing::Flaps { ups: 3, tolerated: 2 });
    assert_eq!(explained.needs, [Need::Quiet(SECOND * 50)]);
    assert_eq!(explained.at_least(), Some(SECOND * 50));
    rig.wait(Duration::from_millis(49_999));
    assert_eq!(rig.engine.view().members[0].state, ShownState::Failed);
    rig.wait(Duration::from_millis(1));
    assert_eq!(rig.engine.view().members[0].state, ShownState::Ok);
}

#[test]
fn a_silent_member_needs_as_many_answers_and_as_much_time_as_it_is_said_to() {
    let mut lan = Lan::start(lan::with_targets("aa", 2));
    assert_eq!(explain(&lan.rig, 0).standing, Standing::InUse { by: Evidence::Probes });
    lan.silence(0);
    lan.wait(SECOND * 20);
    let explained = explain(&lan.rig, 0);
    assert_eq!(explained.standing, Standing::Silent { kept: false });
    assert!(explained.heard.iter().all(|heard| heard.losses >= 2 && heard.answers == 0), "{explained:?}");
    assert_eq!(explained.heard.len(), 2);
    let [Need::Answers(progress)] = explained.needs[..] else { panic!("{explained:?}") };
    assert_eq!((progress.wanted, progress.answered), (10, 0));

    lan.heal(0);
    let start = lan.rig.now;
    let mut last = 0;
    while lan.rig.engine.view().members[0].state != ShownState::Ok {
        let explained = explain(&lan.rig, 0);
        let [Need::Answers(progress)] = explained.needs[..] else { panic!("{explained:?}") };
        assert!(progress.answered >= last && progress.answered <= progress.wanted, "{progress:?}");
        last = progress.answered;
        lan.wait(SECOND / 10);
        assert!(lan.rig.now < start + SECOND * 30, "it is never repaired");
    }
    assert!(last >= 9, "{last} answers were said to have come right before the repair");
    let took = lan.rig.now - start;
    let least = explained.at_least().unwrap();
    assert!(took >= least && took < least + SECOND * 4, "{took:?}, at least {least:?} were predicted");
}

#[test]
fn a_link_that_is_back_is_unproven_until_its_probes_say_so() {
    let mut lan = Lan::start(lan::with_targets("aa", 1));
    lan.down(0);
    let explained = explain(&lan.rig, 0);
    assert!(matches!(explained.needs[..], [Need::Carrier, Need::Answers(_)]), "{explained:?}");
    lan.up(0);
    let explained = explain(&lan.rig, 0);
    assert_eq!(explained.standing, Standing::Unproven { kept: false });
    assert!(matches!(explained.needs[..], [Need::Answers(_)]), "{explained:?}");
}

#[test]
fn members_of_a_silent_group_carry_on_and_that_is_said() {
    let mut lan = Lan::start(lan::with_targets("aa", 1));
    lan.silence(0);
    lan.silence(1);
    lan.wait(SECOND * 30);
    for member in [0, 1] {
        assert_eq!(explain(&lan.rig, member).standing, Standing::Silent { kept: true });
    }
}

#[test]
fn a_silent_member_without_targets_needs_some() {
    let mut lan = Lan::begin(lan::probed("aa"));
    lan.routers([1]);
    lan.wait(SECOND * 30);
    lan.silence(0);
    lan.wait(SECOND * 20);
    lan.tell(Event::Routes(RouteTargets::default()));
    let explained = explain(&lan.rig, 0);
    assert!(matches!(explained.needs[..], [Need::Targets, Need::Answers(_)]), "{explained:?}");
}
