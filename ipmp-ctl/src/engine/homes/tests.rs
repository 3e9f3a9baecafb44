use super::*;
use crate::engine::fixture::{data, group, net, v4, v6};
use crate::engine::memory::Memory;

fn homes(roles: &str, v4s: u8, v6s: u16) -> Homes {
    let mut config = group(roles);
    config.addresses.extend((1..=v4s).map(net));
    config.addresses.extend((1..=v6s).map(|n| data(ipnet::IpNet::new(v6(n), 64).unwrap())));
    Homes::new(&config, &Memory::default())
}

fn dealt(homes: &Homes) -> Vec<Option<MemberIndex>> {
    homes.iter().map(|home| home.member).collect()
}

#[test]
fn each_family_goes_round_the_members_that_are_not_standby() {
    let expected = [0, 2, 3, 0, 2, 0, 2].map(Some);
    assert_eq!(dealt(&homes("asaa", 5, 2)), expected);
}

#[test]
fn a_group_of_standby_members_alone_deals_to_them() {
    assert_eq!(dealt(&homes("ss", 3, 0)), [0, 1, 0].map(Some));
}

#[test]
fn a_group_without_members_has_no_homes() {
    assert_eq!(dealt(&homes("", 2, 0)), [None, None]);
}

#[test]
fn an_address_added_by_hand_takes_the_member_with_the_fewest_of_its_family() {
    let mut homes = homes("aaa", 4, 1);
    for address in [v4(9), v6(9), v4(10), v4(11)] {
        homes.add(address);
    }
    assert_eq!(dealt(&homes)[5..], [1, 1, 2, 0].map(Some));
    homes.remove(v4(10));
    homes.add(v4(12));
    assert_eq!(dealt(&homes)[5..], [1, 1, 0, 2].map(Some), "the gap is filled, nobody else moves");
}

#[test]
fn only_a_configured_address_keeps_its_place_while_it_is_missing() {
    let mut homes = homes("aa", 2, 0);
    homes.replace(&[v4(9), v4(2)]);
    assert_eq!(homes.up().map(|home| home.address).collect::<Vec<_>>(), [v4(2), v4(9)]);
    homes.replace(&[v4(1)]);
    assert_eq!(
        homes.iter().map(|home| (home.address, home.up)).collect::<Vec<_>>(),
        [(v4(1), true), (v4(2), false)]
    );
}
