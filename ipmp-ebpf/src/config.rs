//! Constants of one load of the object, set by the controller.

use aya_ebpf::Global;

/// Seed of the group's flow hash.
#[unsafe(no_mangle)]
static HASH_SEED: Global<u64> = Global::new(0);

/// Interface index of the group interface.
#[unsafe(no_mangle)]
static GROUP_IFINDEX: Global<u32> = Global::new(0);

/// Slot of the member, for `member_ingress`.
#[unsafe(no_mangle)]
static SLOT: Global<u32> = Global::new(0);

/// 1 where unicast IP stays on the member (`receive = "member"`), for `member_ingress`.
#[unsafe(no_mangle)]
static RECEIVE_ON_MEMBER: Global<u32> = Global::new(0);

/// 1 at the peer of the group interface, for `group_egress`.
#[unsafe(no_mangle)]
static BEHIND: Global<u32> = Global::new(0);

/// Seed of the group's flow hash.
#[inline(always)]
pub fn hash_seed() -> u64 {
    HASH_SEED.load()
}

/// Interface index of the group interface.
#[inline(always)]
pub fn group_ifindex() -> u32 {
    GROUP_IFINDEX.load()
}

/// Slot of the member that this program receives for.
#[inline(always)]
pub fn slot() -> u16 {
    SLOT.load() as u16
}

/// Whether unicast IP stays on the member.
#[inline(always)]
pub fn receive_on_member() -> bool {
    RECEIVE_ON_MEMBER.load() == 1
}

/// Whether this load sits behind the group interface, at its peer.
#[inline(always)]
pub fn behind() -> bool {
    BEHIND.load() == 1
}
