use super::ask_again;
use crate::kernel::{
    ifreq,
    netlink::connect,
    testing::{block_in_netns, eventually, ip, veth_pair},
};

/// What the kernel says of its neighbours, those that it only looks for included.
fn shown() -> String {
    ip("neigh show nud all dev e0")
}

#[test]
fn neighbours_that_were_given_up_are_asked_for_at_once_and_others_left_alone() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        ip("neigh add 192.0.2.8 lladdr 02:00:00:00:00:08 dev e0 nud reachable");
        ip("neigh add 192.0.2.9 dev e0 use");
        ip("neigh add 2001:db8::9 dev e0 use");
        eventually("the kernel gives up", || (shown().matches("FAILED").count() == 2).then_some(()));

        let handle = connect().expect("netlink");
        let asked = ask_again(&handle, ifreq::index_of("e0").expect("index")).await.expect("asked");

        assert_eq!(asked, 2, "neighbours given up");
        assert_eq!(shown().matches("INCOMPLETE").count(), 2, "{}", shown());
        assert!(shown().contains("192.0.2.8 lladdr 02:00:00:00:00:08 "), "{}", shown());
        let other = ask_again(&handle, ifreq::index_of("e1").expect("index")).await.expect("asked");
        assert_eq!(other, 0, "another interface's neighbours");
    });
}
