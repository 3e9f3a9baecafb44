use super::{Interface, demote, restore};
use crate::kernel::{
    ifreq,
    netlink::connect,
    testing::{block_in_netns, eventually, ip, veth_pair},
};

fn interface(name: &str) -> Interface<'_> {
    Interface { name, index: ifreq::index_of(name).expect("index") }
}

#[test]
fn member_routes_get_a_worse_metric_and_their_own_again() {
    block_in_netns(|| async {
        veth_pair();
        let shown = || (ip("-6 route show table local dev e0"), ip("-6 route show dev e0"));
        eventually("link-local address", || shown().1.contains("fe80::/64").then_some(()));
        let before = shown();
        assert!(before.0.contains("multicast ff00::/8 proto kernel metric 256"), "{before:?}");

        let handle = connect().expect("netlink");
        assert_eq!(demote(&handle, interface("e0")).await.expect("demote"), 2);
        let demoted = shown();
        assert!(demoted.0.contains("multicast ff00::/8 proto kernel metric 1024"), "{demoted:?}");
        assert!(demoted.1.contains("fe80::/64 proto kernel metric 1024"), "{demoted:?}");
        assert!(!demoted.0.contains("ff00::/8 proto kernel metric 256"), "{demoted:?}");
        assert!(!demoted.1.contains("metric 256"), "{demoted:?}");
        assert_eq!(demote(&handle, interface("e0")).await.expect("again"), 0);
        assert!(
            ip("-6 route show table local dev e1").contains("ff00::/8 proto kernel metric 256"),
            "others stay"
        );

        assert_eq!(restore(&handle, interface("e0")).await.expect("restore"), 2);
        assert_eq!(shown(), before);
    });
}

#[test]
fn multicast_leaves_by_the_interface_that_was_not_demoted() {
    block_in_netns(|| async {
        veth_pair();
        ip("link add name g type veth peer name g-p");
        ip("link set g up");
        ip("link set g-p up");
        let out = || ip("-6 route get ff05::1234");
        eventually("a route", || ip("-6 route show dev g").contains("fe80::/64").then_some(()));
        let handle = connect().expect("netlink");
        for member in ["e0", "e1", "g-p"] {
            demote(&handle, interface(member)).await.expect("demote");
        }
        assert!(out().contains("dev g "), "{}", out());
    });
}
