use super::*;

const IPMP: u32 = 990;

fn peer(uid: u32, groups: &[u32]) -> Peer {
    Peer { uid, groups: groups.to_vec() }
}

#[test]
fn a_follower_must_be_in_the_group_if_there_is_one() {
    let cases = [
        (Some(IPMP), Some(peer(1000, &[1000, IPMP])), true),
        (Some(IPMP), Some(peer(1000, &[1000])), false),
        (Some(IPMP), None, false),
        (None, Some(peer(1000, &[1000])), true),
        (None, None, true),
    ];
    for (group, peer, allowed) in cases {
        assert_eq!(refused_follower(group, peer.as_ref()).is_none(), allowed, "{group:?} {peer:?}");
    }
}

#[test]
fn anyone_may_look_and_only_root_may_change() {
    let down = Request::Down { group: "ipmp0".to_owned() };
    let looks = [Request::Status, Request::Probes, Request::Events { follow: false }];
    let nobody = peer(65534, &[65534, IPMP]);
    for request in looks {
        assert_eq!(refusal(&request, Some(&nobody)), None, "{request:?}");
        assert_eq!(refusal(&request, None), None, "{request:?}");
    }
    for request in [down, Request::Reload] {
        assert_eq!(refusal(&request, Some(&peer(0, &[0]))), None, "{request:?}");
        assert!(refusal(&request, Some(&nobody)).is_some_and(|why| why.contains("root")), "{request:?}");
        assert!(refusal(&request, None).is_some(), "{request:?}");
    }
}

#[test]
fn the_number_of_a_group_is_found_by_its_whole_name() {
    let groups = "root:x:0:\nipmpx:x:5:\nipmp:x:990:alice,bob\nbroken\nipmp2:x\n";
    assert_eq!(number(groups, "ipmp"), Some(990));
    assert_eq!(number(groups, "ipmp2"), None);
    assert_eq!(number(groups, "none"), None);
}
