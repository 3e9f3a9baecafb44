//! Where the data addresses are.

use super::{super::*, SECOND};
use crate::engine::fixture::{Rig, group, link, net, v4, v6};

fn hosts(rig: &Rig, addresses: &[IpAddr]) -> Vec<MemberIndex> {
    addresses.iter().map(|&address| rig.host(address).unwrap()).collect()
}

fn five() -> (config::Group, Vec<IpAddr>) {
    let config = config::Group { addresses: (1..=5).map(net).collect(), ..group("aaa") };
    (config, (1..=5).map(v4).collect())
}

#[test]
fn five_addresses_over_three_members_fail_over_and_back() {
    let (config, addresses) = five();
    let mut rig = Rig::start(config);
    for (step, expected) in [
        ("start", [0, 1, 2, 0, 1]),
        ("-0", [2, 1, 2, 1, 1]),
        ("-1", [2, 2, 2, 2, 2]),
        ("+0", [0, 2, 2, 0, 2]),
        ("+1", [0, 1, 2, 0, 1]),
        ("-2", [0, 1, 0, 0, 1]),
        ("+2", [0, 1, 2, 0, 1]),
    ] {
        if let Some(member) = step.strip_prefix('-') {
            rig.down(member.parse().unwrap());
        } else if let Some(member) = step.strip_prefix('+') {
            rig.up(member.parse().unwrap());
        }
        assert_eq!(hosts(&rig, &addresses), expected, "after {step}");
    }
}

#[test]
fn a_standby_that_stands_in_takes_what_levels_the_counts() {
    let config = config::Group { addresses: (1..=4).map(net).collect(), ..group("aas") };
    let addresses: Vec<_> = (1..=4).map(v4).collect();
    let mut rig = Rig::start(config);
    rig.down(0);
    assert_eq!(hosts(&rig, &addresses), [2, 1, 2, 1]);
    rig.up(0);
    assert_eq!(hosts(&rig, &addresses), [0, 1, 0, 1]);
}

#[test]
fn without_failback_addresses_stay_where_they_went() {
    let (config, addresses) = five();
    let mut rig = Rig::start(config::Group { failback: false, ..config });
    rig.down(0);
    rig.up(0);
    assert_eq!(hosts(&rig, &addresses), [2, 1, 2, 1, 1]);
    rig.down(2);
    assert_eq!(hosts(&rig, &addresses), [0, 1, 0, 1, 1], "the idle member is used again, nothing else moves");
}

#[test]
fn homes_do_not_depend_on_who_is_present() {
    let (config, addresses) = five();
    let links = (1..3).map(|index| (index, link(index))).collect();
    let (mut rig, _) = Rig::start_with(config, None, links, addresses.clone());
    assert_eq!(hosts(&rig, &addresses), [2, 1, 2, 1, 1]);
    rig.change(0, |_| {});
    assert_eq!(hosts(&rig, &addresses), [0, 1, 2, 0, 1]);
}

#[test]
fn families_are_dealt_out_separately() {
    let mut rig = Rig::start(group("aa"));
    let addresses = [v4(1), v6(1), v4(2), v6(2)];
    for address in addresses {
        let actions = rig.tell(Event::AddressAdded(address));
        assert_eq!(actions[1], Action::Announce(vec![(address, rig.host(address).unwrap())]));
    }
    assert_eq!(hosts(&rig, &addresses), [0, 0, 1, 1]);
}

#[test]
fn an_address_that_is_removed_is_neither_bound_nor_announced() {
    let (config, _) = five();
    let mut rig = Rig::start(config);
    rig.tell(Event::AddressRemoved(v4(1)));
    assert_eq!(rig.host(v4(1)), None);
    let again = rig.wait(3 * SECOND);
    assert!(!again.is_empty());
    for action in again {
        assert!(
            matches!(&action, Action::Announce(all) if all.iter().all(|(a, _)| *a != v4(1)))
                || action == Action::ReportMemberships,
            "{action:?}"
        );
    }
}

#[test]
fn a_move_is_announced_four_times_and_always_with_the_present_member() {
    let (config, _) = five();
    let mut rig = Rig::start(config);
    rig.wait(10 * SECOND);
    let mut actions = rig.down(2);
    actions.extend(rig.wait(SECOND / 2));
    actions.extend(rig.up(2));
    actions.extend(rig.wait(5 * SECOND));
    let announced: Vec<_> = actions
        .iter()
        .filter_map(|action| if let Action::Announce(all) = action { Some(all.clone()) } else { None })
        .flatten()
        .collect();
    let expected = [0, 0, 2, 2, 2, 2].map(|member| (v4(3), member));
    assert_eq!(announced, expected);
}
