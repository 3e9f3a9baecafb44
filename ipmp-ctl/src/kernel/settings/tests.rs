use super::{
    MemoryStore, Role, SavedStore, SavedValue, Setting, SettingKey, apply, forget, restore, wanted_rp_filter,
};
use crate::kernel::{
    ifreq,
    testing::{in_netns, ip, veth_pair},
};

/// What an interface has, in the order: `arp_ignore`, `arp_announce`, `rp_filter`, `accept_ra`, allmulticast.
fn present(ifname: &str) -> [u32; 5] {
    let read = |path: &str| -> u32 {
        let text = std::fs::read_to_string(format!("/proc/sys/net/{path}")).expect(path);
        text.trim().parse().expect("number")
    };
    [
        read(&format!("ipv4/conf/{ifname}/arp_ignore")),
        read(&format!("ipv4/conf/{ifname}/arp_announce")),
        read(&format!("ipv4/conf/{ifname}/rp_filter")),
        read(&format!("ipv6/conf/{ifname}/accept_ra")),
        u32::from(ip(&format!("link show {ifname}")).contains("ALLMULTI")),
    ]
}

fn set(path: &str, value: u32) {
    std::fs::write(format!("/proc/sys/net/{path}"), value.to_string()).expect(path);
}

/// Runs a test with a pair of which `e0` has known settings and index.
fn with_member(test: impl FnOnce(u32) + Send + 'static) {
    in_netns(|| {
        veth_pair();
        for (setting, value) in [("arp_ignore", 0), ("arp_announce", 0), ("rp_filter", 0)] {
            set(&format!("ipv4/conf/all/{setting}"), 0);
            set(&format!("ipv4/conf/e0/{setting}"), value);
        }
        set("ipv6/conf/e0/accept_ra", 1);
        assert_eq!(present("e0"), [0, 0, 0, 1, 0]);
        test(ifreq::index_of("e0").expect("index"));
    });
}

#[test]
fn a_member_gets_what_it_needs_and_its_own_back() {
    with_member(|index| {
        let mut store = MemoryStore::default();
        let changed = apply(Role::Member, "e0", index, &mut store).expect("apply");
        assert_eq!(
            changed,
            [Setting::ArpIgnore, Setting::ArpAnnounce, Setting::AcceptRa, Setting::AllMulticast]
        );
        assert_eq!(present("e0"), [1, 2, 0, 0, 1]);
        assert_eq!(apply(Role::Member, "e0", index, &mut store).expect("again"), []);

        assert!(restore("e0", index, &mut store).is_empty());
        assert_eq!(present("e0"), [0, 0, 0, 1, 0]);
        assert!(store.is_empty());
    });
}

#[test]
fn the_group_interface_gets_arp_announce_only() {
    with_member(|index| {
        let mut store = MemoryStore::default();
        assert_eq!(apply(Role::Group, "e0", index, &mut store).expect("apply"), [Setting::ArpAnnounce]);
        assert_eq!(present("e0"), [0, 2, 0, 1, 0]);
    });
}

#[test]
fn what_was_right_before_is_neither_saved_nor_put_back() {
    with_member(|index| {
        set("ipv4/conf/e0/arp_ignore", 1);
        ip("link set e0 allmulticast on");
        let mut store = MemoryStore::default();
        apply(Role::Member, "e0", index, &mut store).expect("apply");
        assert_eq!(store.get(SettingKey { ifindex: index, setting: Setting::ArpIgnore }), None);
        restore("e0", index, &mut store);
        assert_eq!(present("e0"), [1, 0, 0, 1, 1]);
    });
}

#[test]
fn strict_reverse_path_checking_becomes_loose_and_nothing_else_changes() {
    let cases = [
        (0, 0, None),
        (0, 1, Some(2)),
        (1, 0, Some(2)),
        (1, 1, Some(2)),
        (2, 1, None),
        (0, 2, None),
        (1, 2, None),
    ];
    for (all, member, wanted) in cases {
        assert_eq!(wanted_rp_filter(all, member), wanted, "all {all}, member {member}");
    }
    with_member(|index| {
        set("ipv4/conf/all/rp_filter", 1);
        let mut store = MemoryStore::default();
        apply(Role::Member, "e0", index, &mut store).expect("apply");
        assert_eq!(present("e0")[2], 2);
        apply(Role::Member, "e0", index, &mut store).expect("again");
        restore("e0", index, &mut store);
        assert_eq!(present("e0")[2], 0);
    });
}

#[test]
fn what_others_undo_is_repaired_and_the_first_old_value_is_put_back() {
    with_member(|index| {
        set("ipv4/conf/e0/arp_announce", 1);
        let mut store = MemoryStore::default();
        apply(Role::Member, "e0", index, &mut store).expect("apply");
        set("ipv4/conf/e0/arp_announce", 0);
        ip("link set e0 allmulticast off");
        let repaired = apply(Role::Member, "e0", index, &mut store).expect("again");
        assert_eq!(repaired, [Setting::ArpAnnounce, Setting::AllMulticast]);
        restore("e0", index, &mut store);
        assert_eq!(present("e0"), [0, 1, 0, 1, 0]);
    });
}

#[test]
fn what_an_administrator_changed_since_stays() {
    with_member(|index| {
        let mut store = MemoryStore::default();
        apply(Role::Member, "e0", index, &mut store).expect("apply");
        set("ipv4/conf/e0/arp_ignore", 8);
        assert!(restore("e0", index, &mut store).is_empty());
        assert_eq!(present("e0"), [8, 0, 0, 1, 0]);
        assert!(store.is_empty());
    });
}

#[test]
fn an_interface_that_is_gone_is_fine_to_restore_and_cannot_be_applied_to() {
    with_member(|index| {
        let mut store = MemoryStore::default();
        apply(Role::Member, "e0", index, &mut store).expect("apply");
        ip("link del e0");
        assert!(restore("e0", index, &mut store).is_empty());
        assert!(store.is_empty());
        let error = apply(Role::Member, "e0", index, &mut store).expect_err("gone").to_string();
        assert!(error.starts_with("cannot read arp_ignore of interface e0: "), "{error}");
    });
}

#[test]
fn an_old_value_that_cannot_be_saved_is_not_overwritten() {
    struct Full;
    impl SavedStore for Full {
        fn get(&self, _: SettingKey) -> Option<SavedValue> {
            None
        }
        fn put(&mut self, _: SettingKey, _: SavedValue) -> std::io::Result<()> {
            Err(std::io::Error::from_raw_os_error(libc::E2BIG))
        }
        fn remove(&mut self, _: SettingKey) {}
    }
    with_member(|index| {
        let error = apply(Role::Member, "e0", index, &mut Full).expect_err("full").to_string();
        assert!(error.contains("cannot save the old value of arp_ignore of interface e0"), "{error}");
        assert_eq!(present("e0"), [0, 0, 0, 1, 0]);
    });
}

#[test]
fn forgetting_an_index_leaves_the_others() {
    let key = |ifindex| SettingKey { ifindex, setting: Setting::AcceptRa };
    let mut store = MemoryStore::default();
    for ifindex in [3, 4] {
        store.put(key(ifindex), SavedValue { old: 1, ours: 0 }).expect("memory");
    }
    forget(3, &mut store);
    assert_eq!((store.get(key(3)), store.get(key(4)).is_some()), (None, true));
}

#[test]
fn numbers_of_settings_stay() {
    let numbers: Vec<u32> = Setting::ALL.iter().map(|setting| *setting as u32).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    assert!(Setting::ALL.into_iter().all(|setting| Setting::from_number(setting as u32) == Some(setting)));
    assert_eq!(Setting::from_number(0), None);
}

#[test]
fn multicast_addresses_are_added_to_the_filter_and_taken_away() {
    with_member(|_| {
        let mac = ipmp_common::member::Mac { bytes: [0x01, 0x00, 0x5e, 1, 2, 3] };
        let filter = || ip("maddr show dev e0").contains("01:00:5e:01:02:03");
        for _ in 0..2 {
            ifreq::add_multicast("e0", mac).expect("add");
            assert!(filter());
        }
        for _ in 0..2 {
            ifreq::remove_multicast("e0", mac).expect("remove");
            assert!(!filter());
        }
    });
}
