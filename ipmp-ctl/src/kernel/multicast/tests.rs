use std::collections::BTreeSet;

use ipmp_common::member::Mac;

use super::{follow, joined, parse};
use crate::kernel::testing::{in_netns, ip, veth_pair};

const TABLE: &str = "\
4    eth0            1     0     01005e000001
4    eth0            2     1     333300000001
5    eth0.5          1     0     01005e000005
6    ib0             1     0     00ffffffff12401bffff000000000000ffffffff
";

#[test]
fn the_table_of_the_kernel_is_read_by_interface() {
    let expected = [Mac { bytes: [1, 0, 0x5e, 0, 0, 1] }, Mac { bytes: [0x33, 0x33, 0, 0, 0, 1] }];
    assert_eq!(parse(TABLE, "eth0", 0), BTreeSet::from(expected));
    assert_eq!(parse(TABLE, "ib0", 0), BTreeSet::new());
    assert_eq!(parse("", "eth0", 0), BTreeSet::new());
    assert_eq!(
        parse(TABLE, "eth0", 1),
        BTreeSet::from([Mac { bytes: [0x33, 0x33, 0, 0, 0, 1] }]),
        "by request"
    );
}

#[test]
fn a_member_follows_what_the_group_interface_joins_and_leaves() {
    in_netns(|| {
        veth_pair();
        ip("link add e2 type veth peer name e3");
        let nothing = BTreeSet::new();
        let base = joined("e2").expect("table");
        ip("maddr add 01:00:5e:01:02:03 dev e0");
        let wanted = joined("e0").expect("table");
        assert!(wanted.contains(&Mac { bytes: [1, 0, 0x5e, 1, 2, 3] }));
        follow("e2", &nothing, &wanted).expect("add");
        assert!(joined("e2").expect("table").is_superset(&wanted));
        follow("e2", &wanted, &wanted).expect("nothing to do");
        follow("e2", &wanted, &nothing).expect("remove");
        assert_eq!(joined("e2").expect("table"), base);
        assert!(follow("absent", &nothing, &wanted).is_err());
    });
}
