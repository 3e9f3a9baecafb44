//! The maps. Layouts and names: `ipmp-common`; all are pinned by the controller.

use core::{
    intrinsics::{AtomicOrdering, atomic_cxchg},
    ptr,
};

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE,
    btf_maps::{Array, HashMap, PerCpuArray},
    macros::btf_map,
};
use ipmp_common::{
    Address, Binding, Bucket, Choice, GroupState, MemberCounters, Meta, Passage, Reason, SettingKey,
    SettingValue, Slot, SlotRef, SlotSet,
    layout::{ADDRESSES, BUCKETS, MACS, SAVED_SETTINGS, SLOTS as SLOT_COUNT},
    member::Mac,
    passage::PassageCell,
    reason::ReasonCounter,
};

const MMAPABLE: usize = BPF_F_MMAPABLE as usize;

#[btf_map(name = "meta")]
static META: Array<Meta, 1> = Array::new();
#[btf_map(name = "group_state")]
static GROUP_STATE: Array<GroupState, 1, MMAPABLE> = Array::new();
#[btf_map(name = "slots")]
static SLOTS: Array<Slot, SLOT_COUNT> = Array::new();
#[btf_map(name = "buckets")]
static BUCKET_TABLE: Array<Bucket, BUCKETS, MMAPABLE> = Array::new();
#[btf_map(name = "bindings")]
static BINDINGS: HashMap<Address, Binding, ADDRESSES> = HashMap::new();
#[btf_map(name = "test_addresses")]
static TEST_ADDRESSES: HashMap<Address, SlotRef, ADDRESSES> = HashMap::new();
#[btf_map(name = "member_macs")]
static MEMBER_MACS: HashMap<Mac, SlotRef, MACS> = HashMap::new();
#[btf_map(name = "counters")]
static COUNTERS: PerCpuArray<MemberCounters, SLOT_COUNT> = PerCpuArray::new();
#[btf_map(name = "reasons")]
static REASONS: PerCpuArray<ReasonCounter, { Reason::COUNT }> = PerCpuArray::new();
#[btf_map(name = "saved_settings")]
static SAVED_SETTINGS_MAP: HashMap<SettingKey, SettingValue, SAVED_SETTINGS> = HashMap::new();

/// The word at `word`, read in one piece and anew: another thread may be writing it.
#[inline(always)]
fn read<T: Copy>(word: *const T) -> T {
    const { assert!(size_of::<T>() <= 8, "longer values can be torn") };
    // SAFETY: callers pass pointers into map values that the verifier has seen checked.
    unsafe { ptr::read_volatile(word) }
}

/// A [`Choice`], read as the one word it is written as.
#[inline(always)]
fn read_choice(word: *const Choice) -> Choice {
    Choice::from_word(read(word.cast()))
}

/// The state words of the group.
#[derive(Clone, Copy)]
pub struct State(*const GroupState);

impl State {
    /// The only entry of its array. `None` does not happen, but the verifier wants it handled.
    #[inline(always)]
    pub fn get() -> Option<Self> {
        GROUP_STATE.get_ptr(0).map(Self)
    }

    /// The usable word.
    #[inline(always)]
    pub fn usable(self) -> SlotSet {
        // SAFETY: the pointer came from a successful look-up; only an address is computed.
        SlotSet(read(unsafe { &raw const (*self.0).usable }))
    }

    /// The nominated member.
    #[inline(always)]
    pub fn nominee(self) -> Choice {
        // SAFETY: as above.
        read_choice(unsafe { &raw const (*self.0).nominee })
    }

    /// How long a bucket has to be idle before a planned move takes it, in ticks.
    #[inline(always)]
    pub fn gap(self) -> u32 {
        // SAFETY: as above.
        read(unsafe { &raw const (*self.0).gap }) as u32
    }

    /// MAC address of the group interface, in the lower six bytes.
    #[inline(always)]
    pub fn mac(self) -> u64 {
        // SAFETY: as above. The address and its filler make one word.
        read(unsafe { &raw const (*self.0).mac }.cast::<u64>()) & 0xffff_ffff_ffff
    }

    /// Whether an address that ends in these four bytes may be a test address.
    #[inline(always)]
    fn may_be_test_address(self, tail: [u8; 4]) -> bool {
        let position = Address::filter_position(tail);
        // SAFETY: as above; a position lies within the words.
        let word = read(unsafe {
            (&raw const (*self.0).test_filter.words).cast::<u64>().add(position as usize / 64)
        });
        word >> (position % 64) & 1 == 1
    }

    /// The slot of the member whose test address this is.
    #[inline(always)]
    pub fn test_address(self, address: &Address) -> Option<u16> {
        let [.., a, b, c, d] = address.bytes;
        self.test_v6([a, b, c, d], || *address)
    }

    /// The same of an IPv4 address.
    #[inline(always)]
    pub fn test_v4(self, address: [u8; 4]) -> Option<u16> {
        self.test_v6(address, || Address::v4(address))
    }

    /// The same of an address that ends in `tail`. The whole is made only if it is needed: it takes longer than the filter.
    #[inline(always)]
    pub fn test_v6(self, tail: [u8; 4], address: impl FnOnce() -> Address) -> Option<u16> {
        if !self.may_be_test_address(tail) {
            return None;
        }
        TEST_ADDRESSES.get_ptr(address()).map(|slot| read(slot).slot as u16)
    }
}

/// Where `bucket` goes.
#[inline(always)]
pub fn bucket(bucket: u32) -> Option<Choice> {
    // SAFETY: the pointer came from a successful look-up; only an address is computed.
    BUCKET_TABLE.get_ptr(bucket).map(|entry| read_choice(unsafe { &raw const (*entry).next }))
}

/// How far a planned move of `bucket` has got.
#[inline(always)]
pub fn passage(bucket: u32) -> Option<PassagePtr> {
    // SAFETY: as above.
    BUCKET_TABLE.get_ptr_mut(bucket).map(|entry| PassagePtr(unsafe { &raw mut (*entry).passage }.cast()))
}

/// A [`Passage`] in the map.
#[derive(Clone, Copy)]
pub struct PassagePtr(*mut u64);

impl PassageCell for PassagePtr {
    #[inline(always)]
    fn load(&self) -> Passage {
        Passage::from_word(read(self.0))
    }

    #[inline(always)]
    fn swap_if(&self, old: Passage, new: Passage) -> Passage {
        // SAFETY: made from a successful look-up; one aligned word.
        let (there, _) = unsafe {
            atomic_cxchg::<u64, { AtomicOrdering::SeqCst }, { AtomicOrdering::SeqCst }>(
                self.0,
                old.to_word(),
                new.to_word(),
            )
        };
        Passage::from_word(there)
    }
}

/// The member that a data address is bound to.
#[inline(always)]
pub fn binding(address: &Address) -> Option<Choice> {
    // SAFETY: as above.
    BINDINGS.get_ptr(address).map(|binding| read_choice(unsafe { &raw const (*binding).member }))
}

/// How a slot sends, if it is in use. Slots are written before anything names them, so this is never half a value.
#[inline(always)]
pub fn slot(slot: u16) -> Option<&'static Slot> {
    SLOTS.get(u32::from(slot)).filter(|entry| entry.ifindex != 0)
}

/// Whether `mac` is the address of a member.
#[inline(always)]
pub fn is_member_mac(mac: &Mac) -> bool {
    MEMBER_MACS.get_ptr(mac).is_some()
}

/// This CPU's counters of a slot.
#[inline(always)]
pub fn counters(slot: u16) -> Option<*mut MemberCounters> {
    COUNTERS.get_ptr_mut(u32::from(slot))
}

/// This CPU's counter of a reason.
#[inline(always)]
pub fn reason(reason: Reason) -> Option<*mut ReasonCounter> {
    REASONS.get_ptr_mut(reason as u32)
}
