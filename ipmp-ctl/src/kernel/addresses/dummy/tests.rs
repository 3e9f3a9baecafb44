use super::{Interface, lend, take_back};
use crate::kernel::{
    ifreq,
    netlink::{connect, dump},
    settings::MemoryStore,
    testing::{block_in_netns, ip, veth_pair},
};

#[test]
fn a_member_without_ipv4_address_gets_one_and_loses_it_again() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let member = Interface { name: "e0", index: ifreq::index_of("e0").expect("index") };
        let mut store = MemoryStore::default();
        for expected in [true, false] {
            let snapshot = dump(&handle).await.expect("dump");
            assert_eq!(lend(&handle, member, &snapshot, &[], &mut store).await.expect("lend"), expected);
        }
        assert!(ip("addr show dev e0").contains("inet 192.0.0.8/32 scope link noprefixroute e0"));
        assert!(take_back(&handle, member, &mut store).await.expect("take back"));
        assert!(!ip("addr show dev e0").contains("inet "));
        assert!(store.is_empty());
    });
}

#[test]
fn a_member_with_an_address_keeps_what_it_has() {
    block_in_netns(|| async {
        veth_pair();
        ip("addr add 192.0.0.8/32 dev e0");
        let handle = connect().expect("netlink");
        let member = Interface { name: "e0", index: ifreq::index_of("e0").expect("index") };
        let mut store = MemoryStore::default();
        let snapshot = dump(&handle).await.expect("dump");
        assert!(!lend(&handle, member, &snapshot, &[], &mut store).await.expect("lend"));
        assert!(!take_back(&handle, member, &mut store).await.expect("take back"));
        assert!(ip("addr show dev e0").contains("192.0.0.8/32"), "an administrator put it there");
    });
}
