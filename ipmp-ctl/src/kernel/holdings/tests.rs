use super::{HeldAddress, HeldRoute, Holdings, put_addresses, put_route, take_address, take_route};
use crate::kernel::{
    netlink::{connect, dump},
    testing::{block_in_netns, ip},
};

/// What `e0` holds, written for comparison.
fn shown(holdings: &Holdings) -> Vec<String> {
    let addresses = holdings.addresses.iter().map(|held| format!("{held} {:?}", held.info().flags));
    addresses.chain(holdings.routes.iter().map(ToString::to_string)).collect()
}

#[test]
fn of_two_equal_routes_each_is_one_of_its_own() {
    block_in_netns(|| async {
        for number in 0..2 {
            ip(&format!("link add e{number} type veth peer name p{number}"));
            ip(&format!("link set e{number} up"));
            ip(&format!("link set p{number} up"));
            ip(&format!("addr add 2001:db8::{}/64 dev e{number} nodad", number + 1));
        }
        ip("-6 route add 2001:db8:77::/48 via 2001:db8::fe dev e0");
        ip("-6 route append 2001:db8:77::/48 via 2001:db8::fe dev e1");
        let handle = connect().expect("netlink");
        let index = dump(&handle).await.expect("dump").link("e0").expect("e0").ifindex;
        let held = Holdings::read(&handle).await.expect("read").of(index);
        let route = held.routes.iter().find(|route| route.is_made()).expect("the route by e0");
        assert_eq!(route.strange(), None);
        take_route(&handle, route).await.expect("take");
        let left = ip("-6 route show 2001:db8:77::/48");
        assert!(left.contains("dev e1") && !left.contains("dev e0"), "{left}");
    });
}

#[test]
fn what_is_put_elsewhere_and_back_is_what_it_was() {
    block_in_netns(|| async {
        ip("link add e0 type veth peer name e1");
        ip("link set e0 addrgenmode none");
        ip("link set e1 addrgenmode none");
        ip("link set e0 up");
        ip("link set e1 up");
        ip("addr add 192.0.2.1/24 broadcast 192.0.2.255 dev e0 label e0:web");
        ip("addr add 192.0.2.2/24 dev e0 valid_lft 1000 preferred_lft 500");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        ip("addr change 2001:db8::1/64 dev e0");
        ip("addr add 2001:db8::2/64 dev e0 nodad noprefixroute home valid_lft 3000 preferred_lft 2000");
        ip("route add 198.51.100.0/24 via 192.0.2.254 dev e0 metric 70 src 192.0.2.2 mtu 1300");
        ip("route add default via 203.0.113.1 dev e0 onlink table 100");
        // As NetworkManager does it.
        ip("addr add 10.77.0.1/24 dev e0 noprefixroute");
        ip("route add 10.77.0.0/24 dev e0 proto kernel scope link src 10.77.0.1 metric 100");
        ip("route add 10.78.0.0/16 via 10.77.0.2 dev e0 metric 100");
        ip("-6 route add default via 2001:db8::fe dev e0 metric 50 src 2001:db8::1 advmss 1200");
        let handle = connect().expect("netlink");
        let index = dump(&handle).await.expect("dump").link("e0").expect("e0").ifindex;
        let other = dump(&handle).await.expect("dump").link("e1").expect("e1").ifindex;
        let before = Holdings::read(&handle).await.expect("read").of(index);
        let movable = |held: &&HeldAddress| !held.info().is_ipv6_link_local();
        let there: Vec<_> =
            before.addresses.iter().filter(movable).map(|held| held.moved("e0", "e1", other)).collect();
        assert!(put_addresses(&handle, &there).await.is_empty());
        for route in before.routes.iter().filter(|route| route.is_made()) {
            put_route(&handle, &route.moved(other)).await.expect("put");
            take_route(&handle, route).await.expect("take");
        }
        for address in before.addresses.iter().rev().filter(movable) {
            take_address(&handle, address).await.expect("take");
            take_address(&handle, address).await.expect("twice");
        }
        let moved = Holdings::read(&handle).await.expect("read").of(other);
        assert!(shown(&moved).iter().any(|line| line.contains("src 192.0.2.2")), "{:?}", shown(&moved));
        assert!(moved.routes.iter().any(|route| route.is_onlink() && route.info().table == 100));
        assert!(
            shown(&moved).iter().any(|line| line.contains("10.78.0.0/16 via 10.77.0.2")),
            "{:?}",
            shown(&moved)
        );
        assert_eq!(moved.addresses.iter().filter(|held| held.valid_s().is_some()).count(), 2);
        // Through text, as the file has it.
        let through = |held: &HeldAddress| HeldAddress::try_from(String::from(held.clone())).expect("text");
        let back: Vec<_> = before.addresses.iter().filter(movable).map(through).collect();
        assert!(put_addresses(&handle, &back).await.is_empty());
        assert!(put_addresses(&handle, &back).await.is_empty(), "twice");
        for route in before.routes.iter().filter(|route| route.is_made()) {
            let route = HeldRoute::try_from(String::from(route.clone())).expect("text");
            put_route(&handle, &route).await.expect("put");
            put_route(&handle, &route).await.expect("twice");
            take_route(&handle, &route.moved(other)).await.expect("take");
        }
        let after = Holdings::read(&handle).await.expect("read").of(index);
        let (mut after, mut before) = (shown(&after), shown(&before));
        after.sort();
        before.sort();
        assert_eq!(after, before);
    });
}
