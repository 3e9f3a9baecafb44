use ipmp_common::member::Mac;

use super::{GroupLink, GroupLinkError};
use crate::{
    engine::event::Limits,
    kernel::{
        netlink::{connect, dump},
        testing::{block_in_netns, eventually, ip},
    },
};

const MAC: Mac = Mac { bytes: [2, 0, 0, 0, 0, 1] };
const PEER_MAC: Mac = Mac { bytes: [2, 0, 0, 0, 0, 2] };

#[test]
fn it_is_made_up_without_carrier_and_its_peer_without_ipv6() {
    block_in_netns(|| async {
        let handle = connect().expect("netlink");
        let (group, made) = GroupLink::create(&handle, "ipmp0", MAC, PEER_MAC).await.expect("create");
        assert!(made);
        assert_eq!((group.mac, group.peer_mac), (MAC, PEER_MAC));
        let link = dump(&handle).await.expect("dump").links.remove(&group.ifindex).expect("link");
        assert!(link.admin_up && !link.carrier);
        assert!(!ip("link show ipmp0-p").contains("UP"));

        group.set_running(&handle, true).await.expect("running");
        eventually("link-local address of the group interface", || {
            ip("-6 addr show dev ipmp0").contains("fe80::").then_some(())
        });
        assert!(ip("link show ipmp0").contains("LOWER_UP"));
        assert_eq!(ip("-6 addr show dev ipmp0-p"), "", "the peer has no IPv6");
        assert_eq!(ip("-6 route show table all dev ipmp0-p"), "");

        group.set_running(&handle, false).await.expect("not running");
        assert!(ip("link show ipmp0").contains("NO-CARRIER"));
        group.delete(&handle).await.expect("delete");
        group.delete(&handle).await.expect("gone is fine");
        assert!(dump(&handle).await.expect("dump").link("ipmp0-p").is_none());
    });
}

#[test]
fn one_that_an_earlier_daemon_left_is_taken_as_it_is() {
    block_in_netns(|| async {
        let handle = connect().expect("netlink");
        let (first, _) = GroupLink::create(&handle, "ipmp0", MAC, PEER_MAC).await.expect("create");
        first.set_running(&handle, true).await.expect("running");
        let (second, made) = GroupLink::create(&handle, "ipmp0", PEER_MAC, MAC).await.expect("adopt");
        assert!(!made);
        assert_eq!(second, first);
        assert!(ip("link show ipmp0").contains("LOWER_UP"), "its carrier stays");
    });
}

#[test]
fn an_interface_of_others_is_refused_by_name_and_left_alone() {
    let ways = [
        "link add ipmp0 type bridge",
        "link add ipmp0-p type bridge",
        "link add ipmp0 type veth peer name other",
        "link add other type veth peer name ipmp0-p",
        "link add ipmp0 type veth peer name x; link add ipmp0-p type veth peer name y",
    ];
    for way in ways {
        block_in_netns(move || async move {
            for command in way.split(';') {
                ip(command);
            }
            let before = ip("-o link show");
            let handle = connect().expect("netlink");
            let error = GroupLink::create(&handle, "ipmp0", MAC, PEER_MAC).await.expect_err(way);
            assert!(matches!(error, GroupLinkError::Foreign { .. }), "{way}: {error}");
            assert!(error.to_string().contains("ip link del ipmp0"), "{error}");
            assert_eq!(ip("-o link show"), before, "{way}");
        });
    }
}

#[test]
fn limits_reach_both_ends_and_stop_at_what_the_device_can() {
    block_in_netns(|| async {
        let handle = connect().expect("netlink");
        let (group, _) = GroupLink::create(&handle, "ipmp0", MAC, PEER_MAC).await.expect("create");
        let set = |limits| {
            let (group, handle) = (group.clone(), handle.clone());
            async move {
                let snapshot = dump(&handle).await.expect("dump");
                group.set_limits(&handle, &snapshot, limits).await.expect("limits");
                let links = dump(&handle).await.expect("dump").links;
                [group.ifindex, group.peer_ifindex].map(|index| links[&index].limits)
            }
        };
        let small = Limits { mtu: 9000, gso_max_size: 60000, gso_ipv4_max_size: 50000, gso_max_segs: 64 };
        assert_eq!(set(small).await, [small; 2]);
        let most = Limits { mtu: 1500, ..set(Limits { gso_max_segs: u32::MAX, ..small }).await[0] };
        assert_eq!(most.gso_max_segs, 65535);
        assert_eq!(set(most).await, [most; 2]);
        assert_eq!(set(most).await, [most; 2], "nothing to do");
    });
}
