use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use proptest::{prelude::*, test_runner::Config};
use rtnetlink::Handle;

use super::{HeldAddress, HeldRoute, Holdings, put_addresses, put_route, take_address, take_route};
use crate::kernel::{
    netlink::{connect, dump},
    testing::{block_in_netns, hosts, ip},
};

/// What interfaces hold, in words: all that the kernel says, but no times. Addresses in the kernel's order.
fn shown(holdings: &Holdings) -> (Vec<String>, Vec<String>) {
    let addresses = holdings.addresses.iter().map(|held| {
        let message = held.unchecked_message();
        let said: Vec<_> = message.attributes.iter().map(|said| format!("{said:?}")).collect();
        let said: Vec<_> = said.into_iter().filter(|said| !said.starts_with("CacheInfo")).collect();
        format!("{} {said:?} {:?} {}", held.info().ifindex, held.info().flags, held.valid_s().is_some())
    });
    let routes = holdings.routes.iter().filter(|route| route.is_own()).map(|route| {
        let message = route.message();
        let said: Vec<_> = message.attributes.iter().map(|said| format!("{said:?}")).collect();
        let said: Vec<_> = said.into_iter().filter(|said| !said.starts_with("Expires")).collect();
        format!("{:?} {said:?} {}", message.header, route.expires_s().is_some())
    });
    let mut routes: Vec<_> = routes.collect();
    routes.sort();
    (addresses.collect(), routes)
}

/// What two interfaces hold.
async fn read(handle: &Handle, of: [u32; 2]) -> Holdings {
    let all = Holdings::read(handle).await.expect("read");
    let [first, second] = of.map(|ifindex| all.of(ifindex));
    Holdings {
        addresses: [first.addresses, second.addresses].concat(),
        routes: [first.routes, second.routes].concat(),
    }
}

/// The addresses of each subnet in the order in which the kernel prefers them.
fn preferred(holdings: &Holdings) -> BTreeMap<IpNet, Vec<IpAddr>> {
    let mut subnets: BTreeMap<IpNet, Vec<IpAddr>> = BTreeMap::new();
    for held in &holdings.addresses {
        subnets.entry(held.info().net().trunc()).or_default().push(held.info().address);
    }
    subnets
}

/// What `e0` and `e1` hold.
struct Held {
    before: Holdings,
    /// When all has moved.
    meanwhile: Holdings,
    after: Holdings,
    /// What `e2` held then.
    at_e2: Holdings,
}

/// Moves all that `e0` and `e1` hold to `e2` and back, as an adoption does that is put back. `None`: they hold an address twice,
/// which nobody asks for.
fn there_and_back(commands: Vec<String>) -> Option<Held> {
    block_in_netns(|| async move {
        hosts::make(&commands);
        let handle = connect().expect("netlink");
        let links = dump(&handle).await.expect("dump");
        let [e0, e1, e2] = hosts::NICS.map(|name| links.link(name).expect("a NIC").ifindex);
        let before = read(&handle, [e0, e1]).await;
        let different: BTreeSet<_> = before.addresses.iter().map(|held| held.info().address).collect();
        if different.len() < before.addresses.len() {
            return None;
        }
        let name = |ifindex| if ifindex == e0 { "e0" } else { "e1" };
        let there = before.addresses.iter().map(|held| held.moved(name(held.info().ifindex), "e2", e2));
        let errors = put_addresses(&handle, &there.collect::<Vec<_>>()).await;
        assert!(errors.is_empty(), "{errors:?}");
        let made: Vec<_> = before.routes.iter().filter(|route| route.is_made()).collect();
        for route in &made {
            put_route(&handle, &route.moved(e2)).await.expect("put");
            take_route(&handle, route).await.expect("take");
        }
        for held in before.addresses.iter().rev() {
            take_address(&handle, held).await.expect("take");
        }
        for route in read(&handle, [e0, e1]).await.routes.iter().filter(|route| route.is_own()) {
            take_route(&handle, route).await.expect("take what the kernel has left");
        }
        let meanwhile = read(&handle, [e0, e1]).await;
        let at_e2 = Holdings::read(&handle).await.expect("read").of(e2);

        // Through text, as a file has it.
        let address = |held: &HeldAddress| HeldAddress::try_from(String::from(held.clone())).expect("text");
        let back: Vec<_> = before.addresses.iter().map(address).collect();
        let errors = put_addresses(&handle, &back).await;
        assert!(errors.is_empty(), "{errors:?}");
        for route in made {
            let route = HeldRoute::try_from(String::from(route.clone())).expect("text");
            put_route(&handle, &route).await.expect("put");
        }
        ip("link del e2");
        let after = read(&handle, [e0, e1]).await;
        Some(Held { before, meanwhile, after, at_e2 })
    })
}

proptest! {
    #![proptest_config(Config { cases: 32, ..Config::default() })]

    #[test]
    fn whatever_is_held_moves_and_comes_back_as_it_was(commands in hosts::commands()) {
        let held = there_and_back(commands);
        prop_assume!(held.is_some());
        let held = held.expect("it is assumed");
        prop_assert_eq!(shown(&held.meanwhile), (Vec::new(), Vec::new()), "all of it moves");
        prop_assert_eq!(preferred(&held.at_e2), preferred(&held.before), "what the host speaks from is the same");
        prop_assert_eq!(shown(&held.after), shown(&held.before));
    }
}
