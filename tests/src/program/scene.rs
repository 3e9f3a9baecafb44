//! The group that the program tests are about: four members in slots with gaps between them, data addresses bound to
//! three of them, a nominated one that nothing is bound to, and a test address of each family on each.
//!
//! Addresses are those of [`crate::plan`].

use std::net::{IpAddr, Ipv6Addr};

use ipmp_common::{Choice, layout::BUCKETS, member::Mac};
use ipmp_ctl::{
    dataplane::object::Constants,
    engine::assignment::{Assignment, SlotLink},
};

use crate::plan;

/// Slots of the members.
pub const SLOTS: [u16; 4] = [0, 3, 17, 63];

/// Slot of the nominated member, and of its backup.
pub const NOMINEE: Choice = Choice::new(17, 63);

/// Seed of the flow hash.
pub const SEED: u64 = 0x0123_4567_89ab_cdef;

/// MAC address of the group interface.
pub const GROUP_MAC: Mac = Mac { bytes: [2, 0x67, 0, 0, 0, 1] };

/// MAC address of somebody else on the link.
pub const PEER_MAC: Mac = Mac { bytes: [2, 0x70, 0, 0, 0, 1] };

/// MAC address of the member in `slot`.
pub const fn member_mac(slot: u16) -> Mac {
    Mac { bytes: [2, 0x6d, 0, 0, 0, slot as u8] }
}

/// Link-local address that is the IPv6 test address of the member number `index`.
pub const fn test_v6(index: usize) -> Ipv6Addr {
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x20 + index as u16)
}

/// Link-local address of the group interface, a data address.
pub const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x10);

/// A load at the group interface.
pub const fn constants() -> Constants {
    Constants {
        hash_seed: SEED,
        group_ifindex: 9,
        slot: 0,
        receive_on_member: false,
        behind: false,
        trace_level: 0,
    }
}

/// What the maps hold: data address `i` is bound to the member in `SLOTS[i]` for `i` of 0 and 1, number 2 to slot 63,
/// and so is the link-local address; others are not known.
pub fn assignment() -> Assignment {
    let link = |slot: u16| SlotLink { ifindex: 100 + u32::from(slot), mac: member_mac(slot) };
    let bucket = |number: usize| {
        let slot = number % 4;
        Choice::new(SLOTS[slot], SLOTS[(slot + 1 + number / 4 % 3) % 4])
    };
    let bound = [Choice::new(0, 3), Choice::new(3, 63), Choice::new(63, 0)];
    let mut bindings: std::collections::BTreeMap<IpAddr, Choice> = bound
        .iter()
        .enumerate()
        .flat_map(|(index, &choice)| plan::data(index).map(|address| (address, choice)))
        .collect();
    bindings.insert(LINK_LOCAL.into(), bound[2]);
    let test_addresses = SLOTS
        .iter()
        .enumerate()
        .flat_map(|(index, &slot)| [(plan::test_v4(0, index).into(), slot), (test_v6(index).into(), slot)]);
    Assignment {
        usable: SLOTS.into_iter().collect(),
        slots: SLOTS.iter().map(|&slot| (slot, link(slot))).collect(),
        buckets: (0..BUCKETS).map(bucket).collect(),
        bindings,
        nominee: NOMINEE,
        gap: 0,
        test_addresses: test_addresses.collect(),
    }
}
