use super::{RouteFollower, Touched};
use crate::kernel::{
    ifreq,
    testing::{block_in_netns, ip, soon, veth_pair},
};

/// Waits until routes by the interface are said to have changed.
async fn touched(follower: &mut RouteFollower, ifindex: u32) {
    loop {
        let touched = soon("a change of routes", follower.next()).await.expect("open");
        assert!(matches!(touched, Touched::Some(_)));
        if touched.includes(ifindex) {
            return;
        }
    }
}

#[test]
fn routes_that_come_and_go_are_told_by_interface() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 198.51.100.1/24 dev e1");
        let [a, b] = ["e0", "e1"].map(|name| ifreq::index_of(name).expect("index"));
        let mut follower = RouteFollower::subscribe().expect("netlink");
        for command in ["route add default via 192.0.2.254", "route del default"] {
            ip(command);
            touched(&mut follower, a).await;
        }
        ip("route add default nexthop via 192.0.2.254 nexthop via 198.51.100.254");
        let both = soon("a change of routes", follower.next()).await.expect("open");
        assert!(both.includes(a) && both.includes(b), "{both:?}");
        ip("-6 route add default via fe80::1 dev e1");
        touched(&mut follower, b).await;
    });
}
