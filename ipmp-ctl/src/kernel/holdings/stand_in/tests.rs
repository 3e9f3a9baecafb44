use std::time::Duration;

use super::watch;
use crate::kernel::{
    holdings::{HeldRoute, Holdings, put_route, take_route},
    netlink::{connect, dump},
    testing::{block_in_netns, ip, soon},
};

/// Default routes of both families of advertisements and others, by `e0`, as they move to `e1`.
async fn stand_ins() -> (rtnetlink::Handle, Vec<HeldRoute>) {
    for number in 0..2 {
        ip(&format!("link add e{number} type veth peer name p{number}"));
        ip(&format!("link set e{number} up"));
        ip(&format!("link set p{number} up"));
    }
    for router in ["fe80::1", "fe80::2"] {
        ip(&format!("-6 route append default via {router} dev e0 proto ra metric 1024 expires 600"));
    }
    ip("-6 route append 2001:db8:7::/48 via fe80::1 dev e0 proto ra metric 512 expires 600");
    let handle = connect().expect("netlink");
    let links = dump(&handle).await.expect("dump");
    let [from, to] = ["e0", "e1"].map(|name| links.link(name).expect(name).ifindex);
    let held = Holdings::read(&handle).await.expect("read").of(from).routes;
    let mut stand_ins = Vec::new();
    for route in held.iter().filter(|route| route.is_advertised()) {
        let moved = route.moved(to).standing_in();
        put_route(&handle, &moved).await.expect("put");
        take_route(&handle, route).await.expect("take");
        stand_ins.push(moved);
    }
    assert_eq!(stand_ins.len(), 3, "{stand_ins:?}");
    (handle, stand_ins)
}

/// Destinations and metrics of the routes of advertisements by `e1` that lead by this router.
fn metrics(router: &str) -> Vec<String> {
    let after = |line: &str, word: &str| {
        let rest = line.split_once(word).map_or("", |(_, rest)| rest);
        rest.split_whitespace().next().unwrap_or("?").to_owned()
    };
    // ip(8) shows those of equal metric as one, in one line.
    let lines = ip("-6 -o route show proto ra");
    let of_router = lines.lines().filter(|line| line.contains(&format!("via {router} dev e1")));
    let mut found: Vec<_> =
        of_router.map(|line| format!("{} {}", after(line, ""), after(line, "metric "))).collect();
    found.sort();
    found
}

async fn until_metrics(router: &str, expected: &[&str]) {
    let look = async {
        while metrics(router) != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    soon(&format!("{router}: {expected:?}, not {:?}", metrics(router)), look).await;
}

#[test]
fn a_stand_in_yields_to_the_route_of_an_advertisement_of_its_own_router() {
    block_in_netns(|| async {
        let (handle, stand_ins) = stand_ins().await;
        watch(&handle, stand_ins);
        // Of another interface, of somebody else, of another destination: none of them is what is waited for.
        ip("-6 route append default via fe80::1 dev e0 proto ra metric 100 expires 600");
        ip("-6 route append default via fe80::1 dev e1 proto static metric 101");
        ip("-6 route append 2001:db8:8::/48 via fe80::1 dev e1 proto ra metric 1024 expires 600");
        // Whatever metric the kernel gives it.
        ip("-6 route append default via fe80::2 dev e1 proto ra metric 2000 expires 600");
        until_metrics("fe80::2", &["default 2000"]).await;
        let waiting = ["2001:db8:7::/48 513", "2001:db8:8::/48 1024", "default 1025"];
        until_metrics("fe80::1", &waiting).await;
        ip("-6 route append default via fe80::1 dev e1 proto ra metric 1024 expires 600");
        until_metrics("fe80::1", &["2001:db8:7::/48 513", "2001:db8:8::/48 1024", "default 1024"]).await;
        ip("-6 route append 2001:db8:7::/48 via fe80::1 dev e1 proto ra metric 512 expires 600");
        until_metrics("fe80::1", &["2001:db8:7::/48 512", "2001:db8:8::/48 1024", "default 1024"]).await;
        until_metrics("fe80::2", &["default 2000"]).await;
    });
}

#[test]
fn one_that_was_heard_before_anybody_watched_is_found() {
    block_in_netns(|| async {
        let (handle, stand_ins) = stand_ins().await;
        ip("-6 route append default via fe80::1 dev e1 proto ra metric 1024 expires 600");
        watch(&handle, stand_ins);
        until_metrics("fe80::1", &["2001:db8:7::/48 513", "default 1024"]).await;
    });
}
