//! What is predicted of a failure is what comes of it.

use proptest::{collection::vec, prelude::*};

use super::laws::{any_group, apply, op};
use crate::{
    dataplane::flow::Flow,
    engine::fixture::{Rig, group, v4},
};

/// Flows to one address, which differ by their source port.
fn flows(number: u16) -> impl Iterator<Item = Flow> {
    (0..number).map(|source_port| Flow {
        source: v4(1),
        destination: v4(100),
        to_group: source_port % 16 == 0,
        protocol: Some(17),
        source_port,
        destination_port: 53,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn flows_go_where_it_was_predicted(config in any_group(), ops in vec(op(), 0..12), failed in 0_usize..8) {
        let mut rig = Rig::start(config);
        for op in &ops {
            apply(&mut rig, op);
        }
        let failed = failed % rig.engine.config().members.len();
        let before = rig.engine.assignment().clone();
        let predicted = rig.engine.without(failed);
        prop_assert_eq!(rig.engine.assignment(), &before, "a prediction changes nothing");
        let slot = rig.engine.view().members[failed].slot;

        rig.down(failed);
        let after = rig.engine.assignment();
        prop_assert_eq!(&predicted, after);
        for flow in flows(64) {
            let way = |assignment| flow.way(7, assignment, |_| false).slot();
            let (was, is) = (way(&before), way(after));
            if was.is_some() && was != slot && after.usable.contains(was.unwrap_or_default()) {
                prop_assert_eq!(is, was, "a flow of a member that works stays");
            }
            // The packet path by itself, before the tables are rewritten.
            let mut at_once = before.clone();
            at_once.usable = slot.map_or(before.usable, |slot| before.usable.without(slot));
            // Unless somebody is activated, or let go with the last one that worked.
            if at_once.usable == after.usable {
                prop_assert_eq!(way(&at_once), is, "a flow moves once");
            }
        }
    }
}

#[test]
fn a_standby_takes_the_place_of_the_member_that_is_thought_away() {
    let rig = Rig::start(group("aas"));
    let slots: Vec<_> = rig.engine.view().members.iter().filter_map(|member| member.slot).collect();
    let predicted = rig.engine.without(0);
    assert_eq!(predicted.usable, [slots[1], slots[2]].into_iter().collect());
    let moved = rig.engine.assignment().buckets.iter().zip(&predicted.buckets);
    let moved = moved.filter(|(before, _)| before.slot == slots[0]).map(|(_, after)| after.slot);
    assert!(moved.clone().all(|slot| slot == slots[2]) && moved.count() == 512);
}
