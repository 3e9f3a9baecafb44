use std::collections::BTreeMap;

use netlink_packet_route::link::LinkFlags;

use super::{on_another_link, on_the_same_nic};
use crate::{
    engine::event::Limits,
    kernel::netlink::{LinkInfo, Snapshot},
};

fn link(ifindex: u32, name: &str) -> LinkInfo {
    LinkInfo {
        ifindex,
        name: name.to_owned(),
        mac: None,
        admin_up: true,
        carrier: true,
        ethernet: true,
        flags: LinkFlags::empty(),
        kind: None,
        vlan: None,
        controller: None,
        lower: None,
        lower_elsewhere: false,
        limits: Limits { mtu: 1500, gso_max_size: 65536, gso_ipv4_max_size: 65536, gso_max_segs: 65535 },
        tso_max_size: 65536,
        tso_max_segs: 65535,
    }
}

fn vlan(ifindex: u32, name: &str, id: u16, lower: u32) -> LinkInfo {
    LinkInfo { kind: Some("vlan".to_owned()), vlan: Some(id), lower: Some(lower), ..link(ifindex, name) }
}

/// Two NICs; VLANs 5 and 6 of both; VLAN 7 inside VLAN 5 of both, and one on e0 inside VLAN 6; a macvlan on VLAN 5 of e0; a
/// VLAN on a NIC of another namespace, whose index is that of e1 here.
fn scene() -> Snapshot {
    let macvlan = LinkInfo { kind: Some("macvlan".to_owned()), lower: Some(10), ..link(16, "m0") };
    let away = LinkInfo { lower_elsewhere: true, ..vlan(17, "away.5", 5, 2) };
    // A veth end is no device on top of the other.
    let veth = LinkInfo { kind: Some("veth".to_owned()), lower: Some(1), ..link(3, "v0") };
    let links = [
        link(1, "e0"),
        link(2, "e1"),
        veth,
        vlan(10, "e0.5", 5, 1),
        vlan(11, "e1.5", 5, 2),
        vlan(12, "e0.6", 6, 1),
        vlan(13, "e0.5.7", 7, 10),
        vlan(14, "e1.5.7", 7, 11),
        vlan(15, "e0.6.7", 7, 12),
        macvlan,
        away,
    ];
    let links: BTreeMap<_, _> = links.into_iter().map(|link| (link.ifindex, link)).collect();
    Snapshot { links, addresses: Vec::new() }
}

#[test]
fn members_are_on_one_link_if_their_tags_are_the_same() {
    let scene = scene();
    let cases: [(&str, &str, Option<[&str; 2]>); 10] = [
        ("e1", "e0", None),
        ("e1.5", "e0.5", None),
        ("e1.5.7", "e0.5.7", None),
        ("m0", "e1.5", None),
        ("away.5", "e1.5", None),
        ("e1.5", "e0.6", Some(["e1.5 is on VLAN 5", "e0.6 is on VLAN 6"])),
        ("e1", "e0.5", Some(["e1 is untagged", "e0.5 is on VLAN 5"])),
        ("e1.5", "e0", Some(["e1.5 is on VLAN 5", "e0 is untagged"])),
        ("e1.5.7", "e0.6.7", Some(["e1.5.7 is on VLAN 7 inside 5", "e0.6.7 is on VLAN 7 inside 6"])),
        ("e1.5", "e0.5.7", Some(["e1.5 is on VLAN 5", "e0.5.7 is on VLAN 7 inside 5"])),
    ];
    for (name, other, expected) in cases {
        let [link, other] = [name, other].map(|name| scene.link(name).expect("it is in the scene"));
        let found = on_another_link(link, std::iter::once(other), &scene);
        assert_eq!(found.is_some(), expected.is_some(), "{name} beside {}: {found:?}", other.name);
        for words in expected.into_iter().flatten() {
            assert!(found.as_ref().is_some_and(|text| text.contains(words)), "{words:?} is not in {found:?}");
        }
    }
    let alone = scene.link("e0.5").expect("it is in the scene");
    assert_eq!(on_another_link(alone, std::iter::empty(), &scene), None);
}

#[test]
fn members_on_one_nic_are_found_through_any_stack() {
    let scene = scene();
    for (name, other, nic) in [
        ("e0.6", "e0.5", Some("e0")),
        ("e0.6.7", "e0.5", Some("e0")),
        ("m0", "e0.6.7", Some("e0")),
        ("e0.5", "e0", Some("e0")),
        ("e1.5", "e0.5", None),
        ("v0", "e0", None),
        ("away.5", "e1", None),
    ] {
        let [link, other] = [name, other].map(|name| scene.link(name).expect("it is in the scene"));
        let found = on_the_same_nic(link, &[other], &scene);
        let expected = nic.map(|nic| format!("are both on {nic}"));
        let same = match (&found, &expected) {
            (Some(found), Some(expected)) => found.contains(expected),
            (found, expected) => found.is_none() && expected.is_none(),
        };
        assert!(same, "{name} beside {}: {found:?}", other.name);
    }
}
