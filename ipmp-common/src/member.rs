//! Values of which each member has one.

/// A MAC address, as on the wire.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac {
    /// The six bytes.
    pub bytes: [u8; 6],
}

impl core::fmt::Display for Mac {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [a, b, c, d, e, g] = self.bytes;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// How to send by a member. Written before any bucket or binding names the slot, and not changed while one does.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Interface index of the member; 0 for an empty slot.
    pub ifindex: u32,
    /// MAC address of the member.
    pub mac: Mac,
    /// Keeps the layout free of padding.
    pub reserved: u16,
}

/// A slot number as map value.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotRef {
    /// The slot.
    pub slot: u32,
}

/// What went through a member. Written by the packet path, per CPU; read by the controller.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberCounters {
    /// Packets of the group sent by this member (a GSO packet counts once).
    pub tx_packets: u64,
    /// Their bytes, Ethernet header included.
    pub tx_bytes: u64,
    /// Packets received for the group.
    pub rx_packets: u64,
    /// Their bytes, Ethernet header included.
    pub rx_bytes: u64,
}

impl core::ops::AddAssign for MemberCounters {
    fn add_assign(&mut self, other: Self) {
        self.tx_packets += other.tx_packets;
        self.tx_bytes += other.tx_bytes;
        self.rx_packets += other.rx_packets;
        self.rx_bytes += other.rx_bytes;
    }
}

/// A kernel setting of an interface that the daemon has changed.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingKey {
    /// The interface.
    pub ifindex: u32,
    /// The setting, numbered by the controller.
    pub setting: u32,
}

/// What a kernel setting was before.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingValue {
    /// The old value.
    pub old: u32,
    /// The value that the daemon wrote.
    pub written: u32,
}
