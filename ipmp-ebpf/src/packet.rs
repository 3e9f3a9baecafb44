//! Access to a packet: the only place that turns packet offsets into pointers.

use core::{arch::asm, mem::offset_of};

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

    /// The EtherType, as the kernel knows it.
    #[inline(always)]
    pub fn protocol(self) -> u16 {
        // SAFETY: see `len`.
        u16::from_be(unsafe { (*self.skb).protocol } as u16)
    }

    /// `pkt_type`: see [`packet_type`].
    #[inline(always)]
    pub fn packet_type(self) -> u32 {
        // SAFETY: see `len`.
        unsafe { (*self.skb).pkt_type }
    }

    /// Whether the kernel or the NIC took off a VLAN tag.
    #[inline(always)]
    pub fn has_vlan_tag(self) -> bool {
        // SAFETY: see `len`.
        unsafe { (*self.skb).vlan_present != 0 }
    }

    /// That tag; 0 if there is none.
    #[inline(always)]
    pub fn vlan_tag(self) -> u16 {
        // SAFETY: see `len`.
        unsafe { (*self.skb).vlan_tci as u16 }
    }

    /// Begin and end of the linear part.
    #[inline(always)]
    fn linear(self) -> (usize, usize) {
        // SAFETY: see `len`.
        unsafe {
            (
                pointer::<{ offset_of!(__sk_buff, data) }, _>(self.skb),
                pointer::<{ offset_of!(__sk_buff, data_end) }, _>(self.skb),
            )
        }
    }

    /// The `T` at `offset`; `None` if the packet (or its linear part) ends before.
    ///
    /// `T` has at least two bytes and alignment 1: the compiler turns the check of a single byte into one that the
    /// verifier does not understand.
    #[inline(always)]
    pub fn at<T>(self, offset: usize) -> Option<&'static T> {
        const { assert!(size_of::<T>() >= 2 && align_of::<T>() == 1) };
        let (data, end) = self.linear();
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
        let (data, end) = self.linear();
        if data + wanted as usize > end {
            let len = self.len();
            let wanted = if len < wanted { len } else { wanted };
            if data + wanted as usize > end {
                // A failure leaves the packet as it is: what cannot be read is then treated as missing.
                let _ = aya_ebpf::programs::sk_buff::SkBuff::new(self.skb).pull_data(wanted);
            }
        }
    }

    /// Overwrites a MAC address at `OFFSET`, in the packet itself: no call, and every reference into the packet lives on.
    #[inline(always)]
    pub fn store_mac<const OFFSET: usize>(self, mac: u64) -> bool {
        let Some(ethernet) = self.at::<Ethernet>(0) else { return false };
        const { assert!(OFFSET + size_of::<Mac>() <= size_of::<Ethernet>()) };
        // SAFETY: both stores are within the header; nothing in the program has a reference to it meanwhile.
        unsafe {
            asm!(
                "*(u32 *)({start} + {offset}) = {mac}",
                start = in(reg) ethernet,
                mac = in(reg) mac,
                offset = const OFFSET,
                options(nostack),
            );
            asm!(
                "*(u16 *)({start} + {offset}) = {rest}",
                start = in(reg) ethernet,
                rest = in(reg) mac >> 32,
                offset = const OFFSET + 4,
                options(nostack),
            );
        }
        true
    }

    /// Overwrites bytes at `offset`. Every reference into the packet dies.
    #[inline(always)]
    pub fn store<T>(self, offset: usize, bytes: &T) -> bool {
        aya_ebpf::programs::sk_buff::SkBuff::new(self.skb).store(offset, bytes, 0).is_ok()
    }
}

/// The pointer into the packet at `OFFSET` of a program's context.
///
/// The field is 32 bits wide and becomes a pointer when it is loaded, which the compiler does not know: it would widen it by
/// an instruction that the verifier refuses for pointers.
///
/// # Safety
/// `context` is what the kernel has called the program with.
#[inline(always)]
pub unsafe fn pointer<const OFFSET: usize, T>(context: *const T) -> usize {
    let pointer: usize;
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "{pointer} = *(u32 *)({context} + {offset})",
            context = in(reg) context,
            pointer = lateout(reg) pointer,
            offset = const OFFSET,
            options(pure, readonly, nostack),
        );
    }
    pointer
}

/// A number of two, four or eight bytes at `OFFSET` of a header, as it lies in memory, whatever its alignment there. The
/// compiler would load it byte by byte, because not every machine can do otherwise; the kernel makes sure that this one can.
macro_rules! load {
    ($(#[doc = $doc:literal] $name:ident: $size:literal, $number:ty;)+) => { $(
        #[doc = $doc]
        #[inline(always)]
        pub fn $name<const OFFSET: usize, T>(header: &T) -> $number {
            const { assert!(OFFSET + size_of::<$number>() <= size_of::<T>()) };
            let value: u64;
            // SAFETY: within the header, as just asserted.
            unsafe {
                asm!(
                    concat!("{value} = *(", $size, " *)({header} + {offset})"),
                    header = in(reg) header,
                    value = lateout(reg) value,
                    offset = const OFFSET,
                    options(nostack, readonly),
                );
            }
            // SAFETY: a load of so many bytes clears the rest of the register.
            unsafe { core::hint::assert_unchecked(value <= <$number>::MAX as u64) };
            value as $number
        }
    )+ };
}

load! {
    /// Two bytes of a header.
    load_u16: "u16", u16;
    /// Four bytes of a header.
    load_u32: "u32", u32;
    /// Eight bytes of a header.
    load_u64: "u64", u64;
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
        u16::from_be(load_u16::<{ offset_of!(Self, ethertype) }, _>(self))
    }

    /// The source address as a number, as [`mac_word`] makes it.
    #[inline(always)]
    pub fn source_word(&self) -> u64 {
        mac_word_at::<{ offset_of!(Self, source) }, _>(self)
    }

    /// Whether it goes to a group of hosts: broadcast or multicast.
    #[inline(always)]
    pub fn is_group_addressed(&self) -> bool {
        self.destination.bytes[0] & 1 == 1
    }

    /// Whether it goes to one of the addresses that bridges do not forward (LLDP, LACP, spanning tree, pause frames).
    #[inline(always)]
    pub fn is_link_local(&self) -> bool {
        let [_, _, _, _, e, f] = self.destination.bytes;
        let begin = u32::from_be(load_u32::<{ offset_of!(Self, destination) }, _>(self));
        begin == 0x0180_c200 && e == 0 && f & 0xf0 == 0
    }
}

/// The MAC address at `OFFSET` of a header or map value as a number, as [`mac_word`] makes it.
#[inline(always)]
pub fn mac_word_at<const OFFSET: usize, T>(holder: &T) -> u64 {
    const { assert!(OFFSET + size_of::<Mac>() <= size_of::<T>()) };
    // SAFETY: within `holder`, as just asserted.
    let mac = unsafe { &*core::ptr::from_ref(holder).byte_add(OFFSET).cast::<Mac>() };
    u64::from(load_u32::<0, _>(mac)) | u64::from(load_u16::<4, _>(mac)) << 32
}

/// The six bytes of a MAC address as a number, as they lie in the lower bytes of a word in memory.
#[inline(always)]
pub fn mac_word(mac: &Mac) -> u64 {
    let m = &mac.bytes;
    u64::from_le_bytes([m[0], m[1], m[2], m[3], m[4], m[5], 0, 0])
}
