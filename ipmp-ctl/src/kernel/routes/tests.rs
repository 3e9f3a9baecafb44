use super::{Interface, add_route, add_test_prefix, remove_route, remove_test_prefix};
use crate::{
    config::Route,
    kernel::{
        ifreq,
        netlink::connect,
        testing::{block_in_netns, ip, veth_pair},
    },
};

fn interface(name: &str) -> Interface<'_> {
    Interface { name, index: ifreq::index_of(name).expect("index") }
}

fn route(destination: &str, via: &str) -> Route {
    Route {
        line: 1,
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
        for (own, other) in [("192.0.2.1/24", "198.51.100.1/24"), ("2001:db8::1/64", "2001:db8:1::1/64")] {
            ip(&format!("addr add {own} dev e0"));
            ip(&format!("addr add {other} dev e1"));
        }
        ip("route add default via 198.51.100.254");
        ip("-6 route add default via 2001:db8:1::fe");
        let handle = connect().expect("netlink");
        for default in [route("0.0.0.0/0", "192.0.2.254"), route("::/0", "2001:db8::fe")] {
            let with_metric = Route { metric: Some(9), ..default.clone() };
            assert!(add_route(&handle, interface("e0"), &with_metric).await.expect("another metric"));
            let text = add_route(&handle, interface("e0"), &default).await.expect_err("taken").to_string();
            assert!(text.contains(&format!("by interface number {}", interface("e1").index)), "{text}");
        }
    });
}

#[test]
fn routes_can_be_added_before_there_is_carrier() {
    block_in_netns(|| async {
        veth_pair();
        ip("link set e1 down");
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0");
        let handle = connect().expect("netlink");
        for default in [route("0.0.0.0/0", "192.0.2.254"), route("::/0", "2001:db8::fe")] {
            assert!(add_route(&handle, interface("e0"), &default).await.expect("add"));
        }
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
