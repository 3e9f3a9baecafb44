use std::net::IpAddr;

use super::targets;
use crate::{
    engine::event::RouteTargets,
    kernel::{
        ifreq,
        netlink::{connect_strictly, dump_routes_by},
        testing::{block_in_netns, ip, veth_pair},
    },
};

/// What the routes by `e0` name after `commands`, as text; 192.0.2.1 and `2001:db8::1` are our own.
fn named(commands: &'static [&'static str]) -> (String, String) {
    block_in_netns(move || async move {
        veth_pair();
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        ip("addr add 198.51.100.1/24 dev e1");
        for command in commands {
            ip(command);
        }
        let index = ifreq::index_of("e0").expect("index");
        let strict = connect_strictly().expect("netlink");
        let routes = dump_routes_by(&strict, index).await.expect("routes");
        assert!(routes.iter().all(|route| route.hops.iter().any(|hop| hop.ifindex == index)), "{routes:?}");
        let own: [IpAddr; 2] = ["192.0.2.1", "2001:db8::1"].map(|own| own.parse().expect("address"));
        let RouteTargets { hosts, next_hops } = targets(&routes, index, |address| own.contains(&address));
        let text = |list: Vec<IpAddr>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (text(hosts), text(next_hops))
    })
}

/// What the kernel makes by itself names nobody: subnets, link-local and multicast routes, our own addresses.
#[test]
fn an_interface_without_routers_names_nobody() {
    assert_eq!(named(&["addr add 2001:db8::7/128 dev e0 nodad"]), ("2001:db8::7".to_owned(), String::new()));
    assert_eq!(named(&["addr add 192.0.2.1/32 dev e0"]), (String::new(), String::new()));
}

#[test]
fn host_routes_name_their_host_or_the_router_before_it() {
    let (hosts, next_hops) = named(&[
        "route add 192.0.2.101 dev e0",
        "route add 192.0.2.102 via 192.0.2.102 dev e0 onlink",
        "route add 203.0.113.9 via 192.0.2.103",
        "-6 route add fe80::101/128 dev e0",
        "route add 192.0.2.1 dev e0 table 77", // ourselves
    ]);
    assert_eq!(hosts, "192.0.2.101 192.0.2.102 fe80::101");
    assert_eq!(next_hops, "192.0.2.103");
}

#[test]
fn routers_are_named_once_from_every_table_and_both_families() {
    let (hosts, next_hops) = named(&[
        "route add default via 192.0.2.254",
        "route add 203.0.113.0/24 via 192.0.2.254",
        "route add 203.0.113.0/25 via 192.0.2.253 table 77",
        "-6 route add default via fe80::1 dev e0",
        "route add 203.0.115.0/24 via inet6 fe80::2 dev e0",
    ]);
    assert_eq!(hosts, "");
    let mut sorted: Vec<_> = next_hops.split(' ').collect();
    sorted.sort_unstable();
    assert_eq!(sorted, ["192.0.2.253", "192.0.2.254", "fe80::1", "fe80::2"]);
}

#[test]
fn of_routes_with_several_ways_those_by_the_interface_count() {
    let (_, next_hops) = named(&[
        "route add default nexthop via 192.0.2.254 nexthop via 198.51.100.254 nexthop via 192.0.2.253",
        "nexthop add id 5 via 192.0.2.252 dev e0",
        "route add 203.0.113.0/24 nhid 5",
    ]);
    assert_eq!(next_hops, "192.0.2.254 192.0.2.253 192.0.2.252");
}

#[test]
fn a_router_with_a_host_route_is_a_host() {
    let (hosts, next_hops) = named(&["route add default via 192.0.2.254", "route add 192.0.2.254 dev e0"]);
    assert_eq!((hosts.as_str(), next_hops.as_str()), ("192.0.2.254", ""));
}
