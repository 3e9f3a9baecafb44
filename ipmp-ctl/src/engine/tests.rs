use std::{collections::BTreeMap, time::Duration};

use super::{
    action::Notice,
    fixture::{Rig, group, link, net, notices, v4},
    *,
};

const SECOND: Duration = Duration::from_secs(1);

fn three_with_addresses() -> config::Group {
    config::Group { addresses: (1..=3).map(net).collect(), ..group("aaa") }
}

#[test]
fn nothing_happens_before_the_first_snapshot() {
    let now = Instant::now();
    let mut engine = Engine::new(group("aa"), None, now);
    engine.handle(Event::Link { member: 0, link: link(0) }, now);
    engine.handle(Event::AddressAdded(v4(1)), now);
    engine.handle_timeout(now + SECOND);
    assert_eq!(engine.poll_action(), None);
    assert_eq!(engine.poll_timeout(), None);
}

#[test]
fn a_start_installs_then_brings_the_interface_up_then_announces() {
    let links = (0..3).map(|index| (index, link(index))).collect();
    let (rig, actions) = Rig::start_with(three_with_addresses(), None, links, (1..=3).map(v4).collect());
    let expected = [
        Action::Install(Box::new(rig.engine.assignment().clone())),
        Action::SetGroupLink { limits: Some(link(0).limits), running: true },
        Action::Announce(vec![(v4(1), 0), (v4(2), 1), (v4(3), 2)]),
        Action::ReportMemberships,
    ];
    assert_eq!(actions[..4], expected);
    assert!(notices(&actions).contains(&Notice::Nominated(0)));
    assert_eq!(rig.shares(), [342, 341, 341]);
}

#[test]
fn a_cut_cable_moves_what_was_on_it_and_purges_its_queue() {
    let mut rig = Rig::start(three_with_addresses());
    let actions = rig.down(0);
    assert!(matches!(actions[0], Action::Install(_)), "{actions:?}");
    assert_eq!(actions[1], Action::PurgeQueue(0));
    assert_eq!(actions[2], Action::Announce(vec![(v4(1), 1)]));
    assert_eq!(actions[3], Action::ReportMemberships);
    assert_eq!(
        notices(&actions),
        [
            Notice::LinkDown(0),
            Notice::Failed(0),
            Notice::Moved { address: v4(1), from: Some(0), to: 1 },
            Notice::Nominated(1),
        ]
    );
    assert_eq!(rig.shares(), [0, 512, 512]);
}

#[test]
fn a_mended_cable_brings_everything_but_the_nomination_home() {
    let mut rig = Rig::start(three_with_addresses());
    rig.down(0);
    let actions = rig.up(0);
    assert_eq!(actions[1], Action::Announce(vec![(v4(1), 0)]));
    assert_eq!(
        notices(&actions),
        [Notice::LinkUp(0), Notice::Repaired(0), Notice::Moved { address: v4(1), from: Some(1), to: 0 },]
    );
    assert_eq!(rig.shares(), [342, 341, 341]);
}
