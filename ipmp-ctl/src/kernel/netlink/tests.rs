use std::net::IpAddr;

use ipmp_common::member::Mac;

use super::{Change, Monitor, Snapshot, connect, dump, dump_routes};
use crate::kernel::testing::{block_in_netns, ip, soon};

/// The next change that the function takes.
async fn wait_for<T>(monitor: &mut Monitor, what: &str, take: impl Fn(Change) -> Option<T>) -> T {
    soon(what, async {
        loop {
            let change = monitor.next().await.expect("the subscription goes on");
            if let Some(found) = take(change) {
                return found;
            }
        }
    })
    .await
}

#[test]
fn a_dump_has_links_with_all_that_matters_and_addresses_in_order() {
    block_in_netns(|| async {
        ip("link add name br type bridge");
        ip("link add e0 address 02:00:00:00:00:0a mtu 1400 type veth peer name e1");
        ip("link set e1 master br");
        ip("link set e0 up");
        ip("addr add 192.0.2.2/24 dev e0");
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        let snapshot = dump(&connect().expect("netlink")).await.expect("dump");

        let (a, b) = (snapshot.link("e0").expect("e0"), snapshot.link("e1").expect("e1"));
        assert_eq!(a.mac, Some(Mac { bytes: [2, 0, 0, 0, 0, 10] }));
        assert!(a.admin_up && !a.carrier && a.ethernet && a.is_kind("veth"));
        assert_eq!((a.lower, a.lower_elsewhere), (Some(b.ifindex), false));
        assert_eq!((a.limits.mtu, a.limits.gso_max_size, a.limits.gso_max_segs), (1400, 65536, 65535));
        assert_eq!(a.limits.gso_ipv4_max_size, 65536);
        assert!(a.tso_max_size >= 65536 && a.tso_max_segs >= 65535);

        let controller = b.controller.as_ref().expect("port of a bridge");
        assert_eq!((controller.name.as_str(), controller.kind.as_str()), ("br", "bridge"));
        assert_eq!(snapshot.links[&controller.ifindex].name, "br");

        let addresses: Vec<_> =
            snapshot.addresses_of(a.ifindex).map(|address| address.net().to_string()).collect();
        assert_eq!(addresses, ["192.0.2.2/24", "192.0.2.1/24", "2001:db8::1/64"]);
        assert!(snapshot.addresses.iter().all(|address| !address.expires));
    });
}

#[test]
fn changes_are_told_from_a_link_appearing_to_its_end() {
    block_in_netns(|| async {
        let mut monitor = Monitor::subscribe().expect("subscribe");
        ip("link add e0 type veth peer name e1");
        ip("link set e0 up");
        ip("link set e1 up");
        let index = wait_for(&mut monitor, "carrier of a", |change| match change {
            Change::Link(link) if link.name == "e0" && link.admin_up && link.carrier => Some(link.ifindex),
            _ => None,
        })
        .await;
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 192.0.2.9/24 dev e0 valid_lft 100 preferred_lft 100");
        ip("addr del 192.0.2.1/24 dev e0");
        let address: IpAddr = "192.0.2.1".parse().expect("address");
        wait_for(&mut monitor, "address", |change| match change {
            Change::Address(new) => (new.ifindex == index && new.address == address).then_some(()),
            _ => None,
        })
        .await;
        wait_for(&mut monitor, "an address that expires", |change| match change {
            Change::Address(new) => new.expires.then_some(()),
            _ => None,
        })
        .await;
        wait_for(&mut monitor, "end of the address", |change| match change {
            Change::AddressGone(gone) => (gone.address == address).then_some(()),
            _ => None,
        })
        .await;
        ip("link set e1 name e2");
        wait_for(&mut monitor, "new name", |change| match change {
            Change::Link(link) => (link.name == "e2").then_some(()),
            _ => None,
        })
        .await;
        ip("link del e0");
        wait_for(&mut monitor, "end of the link", |change| match change {
            Change::LinkGone { ifindex, name } => (ifindex == index && name == "e0").then_some(()),
            _ => None,
        })
        .await;
    });
}

#[test]
fn leaving_a_bridge_is_not_the_end_of_a_link() {
    block_in_netns(|| async {
        ip("link add name br type bridge");
        ip("link add e0 type veth peer name e1");
        ip("link set e0 master br");
        let mut monitor = Monitor::subscribe().expect("subscribe");
        ip("link set e0 nomaster");
        ip("link del dev br");
        wait_for(&mut monitor, "end of the bridge", |change| match change {
            Change::LinkGone { name, .. } => {
                assert_eq!(name, "br", "only the bridge is gone");
                Some(())
            }
            _ => None,
        })
        .await;
    });
}

#[test]
fn a_snapshot_that_absorbs_the_changes_is_what_a_dump_shows() {
    block_in_netns(|| async {
        let handle = connect().expect("netlink");
        let mut monitor = Monitor::subscribe().expect("subscribe");
        let mut snapshot = dump(&handle).await.expect("dump");
        ip("link add e0 type veth peer name e1");
        ip("link set e0 up");
        ip("addr add 192.0.2.1/24 dev e0");
        ip("addr add 2001:db8::1/64 dev e0 nodad");
        ip("link add e2 type veth peer name e3");
        ip("addr add 198.51.100.1/24 dev e2");
        ip("link del e2");
        ip("addr del 192.0.2.1/24 dev e0");
        ip("link set e1 alias last");
        soon("all changes", async {
            loop {
                let change = monitor.next().await.expect("change");
                assert!(snapshot.absorb(&change));
                let fresh = dump(&handle).await.expect("dump");
                if names(&snapshot) == names(&fresh) && snapshot.addresses == fresh.addresses {
                    break;
                }
            }
        })
        .await;
        assert!(!snapshot.absorb(&Change::Lost));
    });
}

fn names(snapshot: &Snapshot) -> Vec<(u32, &str)> {
    snapshot.links.iter().map(|(index, link)| (*index, link.name.as_str())).collect()
}

#[test]
fn lost_messages_are_told() {
    block_in_netns(|| async {
        ip("link add e0 type veth peer name e1");
        // Room for some hundred messages: more than are read in one go.
        let mut monitor = Monitor::with_buffer(128 << 10).expect("subscribe");
        let many: Vec<String> =
            (0..2000).map(|n| format!("addr add 10.0.{}.{}/32 dev e0\n", n / 250, n % 250)).collect();
        let batch = std::env::temp_dir().join(format!("ipmp-addresses-{}", std::process::id()));
        std::fs::write(&batch, many.concat()).expect("batch");
        ip(&format!("-batch {}", batch.display()));
        std::fs::remove_file(&batch).expect("batch");
        wait_for(&mut monitor, "loss", |change| (change == Change::Lost).then_some(())).await;
        // What comes before anything else is read is told again.
        ip("link set e0 up");
        wait_for(&mut monitor, "life after", |change| matches!(change, Change::Link(_)).then_some(())).await;
    });
}

#[test]
fn routes_are_read_from_all_tables_and_both_families() {
    block_in_netns(|| async {
        ip("link add e0 type veth peer name e1");
        ip("link set e0 up");
        ip("addr add 192.0.2.1/24 dev e0");
        ip("route add default via 192.0.2.254 dev e0 metric 7");
        ip("-6 route add 2001:db8:5::/48 dev e0 table 1000");
        let routes = dump_routes(&connect().expect("netlink")).await.expect("routes");
        let has = |destination: &str, table| {
            routes.iter().find(|route| route.destination.to_string() == destination && route.table == table)
        };
        let default = has("0.0.0.0/0", 254).expect("default");
        assert_eq!((default.metric, default.gateway), (7, Some("192.0.2.254".parse().expect("address"))));
        assert!(has("192.0.2.0/24", 254).is_some() && has("192.0.2.1/32", 255).is_some());
        assert!(has("2001:db8:5::/48", 1000).is_some());
    });
}
