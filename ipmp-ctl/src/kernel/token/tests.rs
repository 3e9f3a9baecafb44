use std::net::Ipv6Addr;

use super::set;
use crate::kernel::{
    ifreq,
    netlink::connect,
    sysctl,
    testing::{block_in_netns, ip, veth_pair},
};

#[test]
fn a_token_is_given_once_and_taken_back() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        let ifindex = ifreq::index_of("e0").expect("index");
        let token: Ipv6Addr = "::5054:ff:fe12:3456".parse().expect("address");
        assert!(set(&handle, ifindex, token).await.expect("it can be given"));
        assert!(!set(&handle, ifindex, token).await.expect("it has it"));
        assert!(ip("token show dev e0").contains("::5054:ff:fe12:3456"), "{}", ip("token"));
        assert!(set(&handle, ifindex, Ipv6Addr::UNSPECIFIED).await.expect("it can be taken"));
        assert!(!ip("token show dev e0").contains("5054"), "{}", ip("token"));
    });
}

#[test]
fn an_interface_that_hears_no_routers_refuses_it() {
    block_in_netns(|| async {
        veth_pair();
        let handle = connect().expect("netlink");
        sysctl::write(&sysctl::of_interface("ipv6", "e0", "accept_ra"), 0).expect("a setting");
        let refused = set(&handle, ifreq::index_of("e0").expect("index"), Ipv6Addr::LOCALHOST).await;
        assert_eq!(refused.expect_err("refused").raw_os_error(), Some(libc::EINVAL));
    });
}
