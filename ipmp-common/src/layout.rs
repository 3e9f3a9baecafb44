//! Capacities, names and the proof that map values have no padding.

use crate::{
    Address, Binding, Bucket, Choice, GroupState, MemberCounters, Meta, Passage, SettingKey, SettingValue,
    Slot, SlotRef, TestFilter,
    member::Mac,
    probe::{Probe, ProbeCounters, ProbeHead, RttHistogram},
    reason::ReasonCounter,
};

/// Version of everything in this crate that lies in a pin directory. A daemon adopts pins of its own version only;
/// raise it with every change to a map.
pub const LAYOUT_VERSION: u32 = 4;

/// Members a group can have, and slots of its member table: the usable word has 64 bits.
pub const SLOTS: usize = 64;

/// Buckets of a group's flow table.
pub const BUCKETS: usize = 1024;

/// Data addresses and, separately, test addresses a group can have.
pub const ADDRESSES: usize = 4096;

/// Member MAC addresses known to the own-frame check: every slot once, twice over for replaced members.
pub const MACS: usize = 2 * SLOTS;

/// Kernel settings remembered for `down`.
pub const SAVED_SETTINGS: usize = 1024;

/// Names of the maps, as in the object file and in the pin directory (15 characters at most, or the kernel cuts them).
pub mod names {
    /// [`crate::Meta`], one entry. Written once by the controller.
    pub const META: &str = "meta";
    /// [`crate::GroupState`], one entry, mapped into the controller's memory.
    pub const GROUP_STATE: &str = "group_state";
    /// [`crate::Slot`] by slot number.
    pub const SLOTS: &str = "slots";
    /// [`crate::Bucket`] by bucket number, mapped into the controller's memory.
    pub const BUCKETS: &str = "buckets";
    /// [`crate::Binding`] by data address.
    pub const BINDINGS: &str = "bindings";
    /// [`crate::SlotRef`] by test address.
    pub const TEST_ADDRESSES: &str = "test_addresses";
    /// [`crate::SlotRef`] by MAC address of a member.
    pub const MEMBER_MACS: &str = "member_macs";
    /// [`crate::MemberCounters`] by slot number, per CPU.
    pub const COUNTERS: &str = "counters";
    /// [`crate::reason::ReasonCounter`] by [`crate::Reason`], per CPU.
    pub const REASONS: &str = "reasons";
    /// [`crate::SettingValue`] by [`crate::SettingKey`]: what a setting was before the daemon changed it.
    pub const SAVED_SETTINGS: &str = "saved_settings";

    /// [`crate::ProbeHead`] by instance, mapped into the controller's memory.
    pub const PROBE_HEADS: &str = "probe_heads";
    /// [`crate::Probe`] by [`crate::probe::probe_index`], mapped into the controller's memory.
    pub const PROBES: &str = "probes";
    /// [`crate::ProbeCounters`] by slot number, per CPU.
    pub const PROBE_COUNTERS: &str = "probe_counters";
    /// [`crate::RttHistogram`] by [`crate::probe::histogram_index`], mapped into the controller's memory.
    pub const RTT_HISTOGRAMS: &str = "rtt_histograms";

    /// All of the above.
    pub const ALL: [&str; 14] = [
        META,
        GROUP_STATE,
        SLOTS,
        BUCKETS,
        BINDINGS,
        TEST_ADDRESSES,
        MEMBER_MACS,
        COUNTERS,
        REASONS,
        SAVED_SETTINGS,
        PROBE_HEADS,
        PROBES,
        PROBE_COUNTERS,
        RTT_HISTOGRAMS,
    ];
}

/// Implements aya's `Pod` and proves that the fields fill the type: the sum of their sizes is its size.
macro_rules! plain {
    ($($type:ty { $($field:ty),* $(,)? })*) => { $(
        const _: () = assert!(size_of::<$type>() == 0 $(+ size_of::<$field>())*, "map value with padding");
        #[cfg(feature = "user")]
        // SAFETY: `repr(C)`, made of integers and arrays of them, and without padding as just asserted: every bit
        // pattern is a value and every byte is initialised.
        unsafe impl aya::Pod for $type {}
    )* };
}

plain! {
    Address { [u8; 16] }
    Binding { Choice }
    Bucket { Choice, Passage }
    Choice { u16, u16, u32 }
    GroupState { u64, Choice, Mac, u16, TestFilter, u64 }
    Mac { [u8; 6] }
    MemberCounters { u64, u64, u64, u64 }
    Meta { u32, u32, u64, u64, u64 }
    Passage { u32, u32 }
    Probe { Address, u64, u64, u16, u16, u16, u16, u64 }
    ProbeCounters { u64, u64, u64, u64, u64 }
    ProbeHead { u16, u16, u16, u16 }
    ReasonCounter { u64 }
    RttHistogram { [u32; RttHistogram::BINS] }
    SettingKey { u32, u32 }
    SettingValue { u32, u32 }
    Slot { u32, Mac, u16 }
    SlotRef { u32 }
    TestFilter { [u64; TestFilter::BITS as usize / 64] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_the_kernel() {
        for name in names::ALL {
            assert!(name.len() <= 15, "{name} would be cut");
        }
    }

    #[test]
    fn a_group_costs_little_kernel_memory() {
        let fixed = BUCKETS * size_of::<Bucket>() + SLOTS * size_of::<Slot>() + size_of::<GroupState>();
        assert!(fixed <= 32 * 1024, "{fixed} bytes of tables");
    }

    #[test]
    fn words_read_per_packet_are_aligned() {
        assert_eq!(core::mem::offset_of!(Bucket, next) % 8, 0);
        assert_eq!(core::mem::offset_of!(Bucket, passage) % 8, 0);
        assert_eq!(core::mem::offset_of!(GroupState, usable) % 8, 0);
        assert_eq!(core::mem::offset_of!(GroupState, nominee) % 8, 0);
        assert_eq!(core::mem::offset_of!(GroupState, mac) % 8, 0);
        assert_eq!(core::mem::offset_of!(GroupState, test_filter) % 8, 0);
        assert_eq!(size_of::<Choice>(), 8);
    }
}
