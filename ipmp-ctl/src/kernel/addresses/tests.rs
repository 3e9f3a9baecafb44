use super::{Interface, add_address, add_test_address, remove_address};
use crate::kernel::{
    ifreq,
    netlink::connect,
    testing::{block_in_netns, ip, veth_pair},
};

#[test]
fn data_addresses_are_as_ip_would_make_them_and_adding_twice_is_fine() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let a = Interface { name: "e0", index: ifreq::index_of("e0").expect("index") };
        for text in ["192.0.2.1/24", "2001:db8::1/64", "198.51.100.1/31"] {
            let address = text.parse().expect("address");
            assert!(add_address(&handle, a, address).await.expect("add"));
            assert!(!add_address(&handle, a, address).await.expect("add again"));
        }
        let shown = ip("addr show dev e0");
        assert!(shown.contains("inet 192.0.2.1/24 brd 192.0.2.255 scope global e0"), "{shown}");
        assert!(shown.contains("inet 198.51.100.1/31 scope global e0"), "{shown}");
        assert!(shown.contains("inet6 2001:db8::1/64 scope global"), "{shown}");
        assert!(ip("route show dev e0").contains("192.0.2.0/24 proto kernel scope link src 192.0.2.1"));

        let address = "192.0.2.1/24".parse().expect("address");
        assert!(remove_address(&handle, a, address).await.expect("remove"));
        assert!(!remove_address(&handle, a, address).await.expect("remove again"));
    });
}

#[test]
fn test_addresses_stay_on_their_link_and_make_no_route() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let a = Interface { name: "e0", index: ifreq::index_of("e0").expect("index") };
        assert!(add_test_address(&handle, a, "192.0.2.21".parse().expect("address")).await.expect("add"));
        let shown = ip("addr show dev e0");
        assert!(shown.contains("inet 192.0.2.21/32 scope link noprefixroute e0"), "{shown}");
        assert_eq!(ip("route show dev e0"), "");
        assert!(remove_address(&handle, a, "192.0.2.21/32".parse().expect("net")).await.expect("remove"));
    });
}

#[test]
fn a_refusal_names_address_interface_and_reason() {
    block_in_netns(|| async {
        let handle = connect().expect("netlink");
        let gone = Interface { name: "gone", index: 4711 };
        let error =
            add_address(&handle, gone, "192.0.2.1/24".parse().expect("net")).await.expect_err("absent");
        assert!(
            error.to_string().starts_with("cannot put address 192.0.2.1/24 on interface gone: "),
            "{error}"
        );
        assert!(
            !remove_address(&handle, gone, "192.0.2.1/24".parse().expect("net")).await.expect("gone is fine")
        );
    });
}
