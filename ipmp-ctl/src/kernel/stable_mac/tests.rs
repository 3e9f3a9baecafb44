use std::collections::BTreeSet;

use proptest::{prelude::any, prop_assert, prop_assert_ne, proptest};

use super::{End, host_identity, stable_mac};

#[test]
fn the_hash_never_changes() {
    let mac = |group, end| stable_mac(b"0123456789abcdef0123456789abcdef\0", group, end).to_string();
    assert_eq!(
        [mac("ipmp0", End::Group), mac("ipmp0", End::Peer), mac("ipmp1", End::Group)],
        GOLDEN,
        "hosts would get other IPv6 addresses"
    );
}

const GOLDEN: [&str; 3] = ["be:b4:a3:98:7f:f8", "e6:e0:4c:09:ef:f9", "72:85:7e:78:f4:f5"];

#[test]
fn namespaces_of_one_host_differ_and_each_is_stable() {
    let identity = |netns| host_identity(netns).expect("identity");
    assert_eq!(identity(Some("blue")), identity(Some("blue")));
    let all: BTreeSet<_> = [None, Some("blue"), Some("red")].map(identity).into_iter().collect();
    assert_eq!(all.len(), 3);
}

proptest! {
    #[test]
    fn it_is_locally_administered_and_unicast_and_its_ends_differ(host: Vec<u8>, group in any::<String>()) {
        let mac = stable_mac(&host, &group, End::Group);
        prop_assert!(mac.bytes[0] & 0b11 == 0b10);
        prop_assert_ne!(mac, stable_mac(&host, &group, End::Peer));
    }
}
