//! Access to a packet: the only place that turns packet offsets into pointers.

use aya_ebpf::{bindings::__sk_buff, programs::TcContext};
use ipmp_common::member::Mac;

/// Length of an Ethernet header.
pub const ETH_LEN: usize = 14;
/// Length of an IPv6 header without extension headers.
pub const IPV6_LEN: usize = 40;

/// EtherTypes.
pub mod ethertype {
    /// IPv4.
    pub const IPV4: u16 = 0x0800;
    /// ARP.
    pub const ARP: u16 = 0x0806;
    /// IPv6.
    pub const IPV6: u16 = 0x86dd;
    /// IEEE 802.1Q tag.
    pub const VLAN: u16 = 0x8100;
    /// IEEE 802.1ad tag.
    pub const QINQ: u16 = 0x88a8;
}

/// Values of `pkt_type` (`linux/if_packet.h`).
pub mod packet_type {
    /// To a multicast address.
    pub const MULTICAST: u32 = 2;
    /// To the MAC address of somebody else.
    pub const OTHER_HOST: u32 = 3;
    /// To the broadcast address.
    pub const BROADCAST: u32 = 1;
}

/// What the usual IPv4 packet is looked at: Ethernet and IP header without options, and the ports.
pub const IPV4_HEAD: u32 = ETH_LEN as u32 + 20 + 4;
/// The same of the usual IPv6 packet.
pub const IPV6_HEAD: u32 = (ETH_LEN + IPV6_LEN) as u32 + 4;
/// What an unusual packet is looked at: extension headers, or a neighbour discovery message with its options.
pub const LONG_HEAD: u32 = 256;

/// A packet, by the kernel's description of it.
#[derive(Clone, Copy)]
pub struct Packet {
    skb: *mut __sk_buff,
}

impl Packet {
    /// The packet that the program was called for.
    #[inline(always)]
    pub fn new(ctx: &TcContext) -> Self {
        Self { skb: ctx.skb.skb }
    }

    /// The packet by its bare pointer, in exported functions.
    #[inline(always)]
    pub fn from_raw(skb: *mut __sk_buff) -> Self {
        Self { skb }
    }

    /// The bare pointer, for exported functions.
    #[inline(always)]
    pub fn raw(self) -> *mut __sk_buff {
        self.skb
    }

    /// Length in bytes, Ethernet header included.
    #[inline(always)]
    pub fn len(self) -> u32 {
        // SAFETY: the kernel passes a valid context; so in all methods here.
        unsafe { (*self.skb).len }
    }

    /// `pkt_type`: see [`packet_type`].
    #[inline(always)]
    pub fn packet_type(self) -> u32 {
        // SAFETY: see `len`.
        unsafe { (*self.skb).pkt_type }
    }

    /// The VLAN tag that the kernel or the NIC took off, if there is one.
    #[inline(always)]
    pub fn vlan_tag(self) -> Option<u16> {
        // SAFETY: see `len`.
        unsafe { ((*self.skb).vlan_present != 0).then(|| (*self.skb).vlan_tci as u16) }
    }

    /// The `T` at `offset`; `None` if the packet (or its linear part) ends before.
    ///
    /// `T` has at least two bytes and alignment 1: the compiler turns the check of a single byte into one that the
    /// verifier does not understand.
    #[inline(always)]
    pub fn at<T>(self, offset: usize) -> Option<&'static T> {
        const { assert!(size_of::<T>() >= 2 && align_of::<T>() == 1) };
        // SAFETY: see `len`.
        let (data, end) = unsafe { ((*self.skb).data as usize, (*self.skb).data_end as usize) };
        let start = data + offset;
        if start + size_of::<T>() > end {
            return None;
        }
        // SAFETY: within the linear part, as just checked; the verifier checks that no reference outlives the data.
        Some(unsafe { &*(start as *const T) })
    }

    /// Makes the first `wanted` bytes directly readable, as far as there are so many. Every reference into the packet may
    /// die.
    ///
    /// What this host sends has its headers in one piece; what it forwards may have them in fragments. Ask for no more than
    /// is looked at: pulling payload into the linear part costs a copy for each packet of a bulk transfer.
    #[inline(always)]
    pub fn make_linear(self, wanted: u32) {
        // SAFETY: see `len`.
        let (data, end) = unsafe { ((*self.skb).data as usize, (*self.skb).data_end as usize) };
        if data + wanted as usize > end {
            let len = self.len();
            let wanted = if len < wanted { len } else { wanted };
            if data + wanted as usize > end {
                // A failure leaves the packet as it is: what cannot be read is then treated as missing.
                let _ = aya_ebpf::programs::sk_buff::SkBuff::new(self.skb).pull_data(wanted);
            }
        }
    }

    /// Overwrites bytes at `offset`. Every reference into the packet dies.
    #[inline(always)]
    pub fn store<T>(self, offset: usize, bytes: &T) -> bool {
        aya_ebpf::programs::sk_buff::SkBuff::new(self.skb).store(offset, bytes, 0).is_ok()
    }
}

/// An Ethernet header.
#[repr(C)]
pub struct Ethernet {
    /// Destination.
    pub destination: Mac,
    /// Source.
    pub source: Mac,
    /// EtherType, big-endian.
    pub ethertype: [u8; 2],
}

impl Ethernet {
    /// The EtherType.
    #[inline(always)]
    pub fn ethertype(&self) -> u16 {
        u16::from_be_bytes(self.ethertype)
    }

    /// Whether it goes to a group of hosts: broadcast or multicast.
    #[inline(always)]
    pub fn is_group_addressed(&self) -> bool {
        self.destination.bytes[0] & 1 == 1
    }

    /// Whether it goes to one of the addresses that bridges do not forward (LLDP, LACP, spanning tree, pause frames).
    #[inline(always)]
    pub fn is_link_local(&self) -> bool {
        let d = &self.destination.bytes;
        u32::from_be_bytes([d[0], d[1], d[2], d[3]]) == 0x0180_c200 && d[4] == 0 && d[5] & 0xf0 == 0
    }
}

/// The six bytes of a MAC address as a number, as they lie in the lower bytes of a word in memory.
#[inline(always)]
pub fn mac_word(mac: &Mac) -> u64 {
    let m = &mac.bytes;
    u64::from_le_bytes([m[0], m[1], m[2], m[3], m[4], m[5], 0, 0])
}
