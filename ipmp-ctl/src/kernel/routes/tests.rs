use super::{
    Interface, add_route, add_test_prefix, demote_member_routes, remove_route, remove_test_prefix,
    restore_member_routes,
};
use crate::{
    config::Route,
    kernel::{
        ifreq,
        netlink::connect,
        testing::{block_in_netns, eventually, ip, veth_pair},
    },
};

fn interface(name: &str) -> Interface<'_> {
    Interface { name, index: ifreq::index_of(name).expect("index") }
}

fn route(destination: &str, via: &str) -> Route {
    Route {
        destination: destination.parse().expect("prefix"),
        via: via.parse().expect("address"),
        metric: None,
        source: None,
    }
}

#[test]
fn configured_routes_are_added_once_and_removed() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 192.0.2.2/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        let handle = connect().expect("netlink");
        let a = interface("e0");
        let with_all = Route {
            metric: Some(50),
            source: Some("192.0.2.2".parse().expect("address")),
            ..route("198.51.100.0/24", "192.0.2.254")
        };
        let routes = [route("0.0.0.0/0", "192.0.2.254"), route("::/0", "2001:db8::fe"), with_all];
        for route in &routes {
            assert!(add_route(&handle, a, route).await.expect("add"));
            assert!(!add_route(&handle, a, route).await.expect("add again"));
        }
        let shown = ip("route show");
        assert!(shown.contains("default via 192.0.2.254 dev e0 proto static"), "{shown}");
        assert!(
            shown.contains("198.51.100.0/24 via 192.0.2.254 dev e0 proto static src 192.0.2.2 metric 50"),
            "{shown}"
        );
        assert!(ip("-6 route show").contains("default via 2001:db8::fe dev e0 proto static"));
        for route in &routes {
            assert!(remove_route(&handle, a, route).await.expect("remove"));
            assert!(!remove_route(&handle, a, route).await.expect("remove again"));
        }
        assert!(!ip("route show").contains("static"));
    });
}

#[test]
fn a_router_outside_every_subnet_is_refused_with_the_reason() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let refused = add_route(&handle, interface("e0"), &route("0.0.0.0/0", "203.0.113.1")).await;
        let text = refused.expect_err("unreachable").to_string();
        assert!(
            text.contains("0.0.0.0/0 by e0") && text.contains("inside the subnet of a data address"),
            "{text}"
        );
    });
}

#[test]
fn a_route_of_another_interface_is_not_taken_for_ours() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 198.51.100.1/24 dev e1");
        ip("route add default via 198.51.100.254");
        let handle = connect().expect("netlink");
        let default = route("0.0.0.0/0", "192.0.2.254");
        let text = add_route(&handle, interface("e0"), &default).await.expect_err("taken").to_string();
        assert!(text.contains(&format!("by interface number {}", interface("e1").index)), "{text}");
        let other_metric = Route { metric: Some(9), ..default };
        assert!(add_route(&handle, interface("e0"), &other_metric).await.expect("another metric"));
    });
}

#[test]
fn a_test_prefix_gets_a_route_of_link_scope() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let prefix = "198.51.100.0/24".parse().expect("prefix");
        assert!(add_test_prefix(&handle, interface("e0"), prefix).await.expect("add"));
        assert!(!add_test_prefix(&handle, interface("e0"), prefix).await.expect("add again"));
        let shown = ip("route show dev e0");
        assert!(shown.contains("198.51.100.0/24 proto static scope link"), "{shown}");
        assert!(remove_test_prefix(&handle, interface("e0"), prefix).await.expect("remove"));
        assert_eq!(ip("route show dev e0"), "");
    });
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
        assert_eq!(demote_member_routes(&handle, interface("e0")).await.expect("demote"), 2);
        let demoted = shown();
        assert!(demoted.0.contains("multicast ff00::/8 proto kernel metric 1024"), "{demoted:?}");
        assert!(demoted.1.contains("fe80::/64 proto kernel metric 1024"), "{demoted:?}");
        assert!(!demoted.0.contains("ff00::/8 proto kernel metric 256"), "{demoted:?}");
        assert!(!demoted.1.contains("metric 256"), "{demoted:?}");
        assert_eq!(demote_member_routes(&handle, interface("e0")).await.expect("again"), 0);
        assert!(
            ip("-6 route show table local dev e1").contains("ff00::/8 proto kernel metric 256"),
            "others stay"
        );

        assert_eq!(restore_member_routes(&handle, interface("e0")).await.expect("restore"), 2);
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
            demote_member_routes(&handle, interface(member)).await.expect("demote");
        }
        assert!(out().contains("dev g "), "{}", out());
    });
}
