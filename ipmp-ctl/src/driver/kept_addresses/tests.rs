use netlink_packet_route::address::{AddressFlags, AddressScope};

use super::KeptAddresses;
use crate::kernel::netlink::AddressInfo;

fn address(net: &str) -> AddressInfo {
    let net: ipnet::IpNet = net.parse().expect("an address");
    AddressInfo {
        ifindex: 7,
        address: net.addr(),
        prefix_len: net.prefix_len(),
        flags: AddressFlags::empty(),
        scope: AddressScope::Universe,
        expires: false,
        protocol: None,
    }
}

fn shown(kept: &KeptAddresses) -> Vec<String> {
    kept.nets().iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_put_there_is_kept_in_its_order_until_it_is_taken_away() {
    let mut kept = KeptAddresses::default();
    for net in ["10.0.0.2/24", "fd00::1/64", "10.0.0.1/24", "10.0.0.2/24"] {
        kept.add(&address(net));
    }
    kept.add(&address("fd00::2/64"));
    assert_eq!(shown(&kept), ["fd00::2/64", "fd00::1/64", "10.0.0.2/24", "10.0.0.1/24"]);
    kept.remove(&address("fd00::2/64"));
    assert!(kept.remove(&address("fd00::1/64")), "news");
    assert!(!kept.remove(&address("fd00::1/64")), "no news");
    assert_eq!(shown(&kept), ["10.0.0.2/24", "10.0.0.1/24"]);
    kept.add(&address("fd00::1/64"));
    assert!(kept.remove(&address("fd00::1/64")), "news again, since it had been put back");
}

#[test]
fn what_others_see_to_is_not_kept() {
    let mut kept = KeptAddresses::default();
    kept.add(&AddressInfo { expires: true, ..address("10.0.0.9/24") });
    kept.add(&AddressInfo { protocol: Some(2), ..address("fd00::9/64") });
    kept.add(&address("fe80::1/64"));
    assert_eq!(kept.nets(), []);
}

#[test]
fn what_went_without_a_word_is_told_once() {
    let mut kept = KeptAddresses::default();
    kept.add(&address("10.0.0.1/24"));
    kept.add(&address("10.0.0.2/24"));
    let left = [address("10.0.0.2/24")];
    assert_eq!(kept.replace(left.iter()), ["10.0.0.1/24".parse().expect("an address")]);
    assert_eq!(kept.replace(left.iter()), []);
    assert_eq!(shown(&kept), ["10.0.0.2/24"]);
    let all = ["fd00::7/64", "10.0.0.2/24", "fd00::3/64"].map(address);
    assert_eq!(kept.replace(all.iter()), []);
    assert_eq!(shown(&kept), ["fd00::7/64", "10.0.0.2/24", "fd00::3/64"], "as the kernel has them");
}
