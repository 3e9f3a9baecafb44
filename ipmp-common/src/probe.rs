//! Probes: what the controller tells the packet path of those on their way, and what that says of their replies.
//!
//! An *instance* is one address family of one member. The controller writes each probe into the instance's ring before it
//! sends it; the packet path recognises the reply, writes the time of its arrival beside it and consumes it. So a reply
//! that has reached this host counts however late the controller looks.
//!
//! # Order of writes
//! The last word of a place in the ring is [`Probe::answered_ns`], and the rest is valid only while that word says so. To
//! reuse a place the controller first writes [`CLOSED`] there, then the rest, then [`waiting`] of the new probe, and
//! advances [`ProbeHead`] at the very end. The packet path reads that word first and puts the arrival there by comparing
//! and swapping: since `waiting` is different for each probe, a swap that succeeds proves that everything read in between
//! belonged to the same probe, however long the reader was held up.

use crate::{Address, layout::SLOTS};

/// Address families, and so instances, of each member.
pub const FAMILIES: usize = 2;

/// Instances of a group.
pub const INSTANCES: usize = SLOTS * FAMILIES;

/// The newest probes of an instance whose replies count; older ones are out of the window.
pub const WINDOW: u16 = 52;

/// Places for [`ProbeKind::Detection`] in an instance's ring. More than [`WINDOW`]: the place that is being reused belongs
/// to no probe whose reply still counts.
pub const RING: u16 = 64;

/// Places for the other kinds, which share a sequence of their own. The newest of these many count.
pub const EXTRA: u16 = 16;

/// Places of an instance.
pub const PLACES: usize = (RING + EXTRA) as usize;

/// Targets of an instance that have a histogram of their own.
pub const TARGETS: usize = 8;

/// An address family, and its offset among a member's instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Family {
    /// IPv4.
    V4 = 0,
    /// IPv6.
    V6 = 1,
}

impl Family {
    /// Both.
    pub const ALL: [Self; FAMILIES] = [Self::V4, Self::V6];

    /// The family of `address`.
    pub const fn of(address: core::net::IpAddr) -> Self {
        match address {
            core::net::IpAddr::V4(_) => Self::V4,
            core::net::IpAddr::V6(_) => Self::V6,
        }
    }
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ProbeKind {
    /// Failure and repair detection: unicast to a target.
    Detection = 0,
    /// Round trip time only, between those for detection.
    RttOnly = 1,
    /// Looking for targets: multicast, so any number of hosts may answer from any address.
    Discovery = 2,
}

impl ProbeKind {
    /// Every kind, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Detection, Self::RttOnly, Self::Discovery];

    /// The number of the newest replies that count.
    #[inline(always)]
    pub const fn window(self) -> u16 {
        match self {
            Self::Detection => WINDOW,
            Self::RttOnly | Self::Discovery => EXTRA,
        }
    }

    /// Where the probe `sequence` of this kind lies among the [`PLACES`] of its instance.
    #[inline(always)]
    pub const fn place(self, sequence: u16) -> u16 {
        match self {
            Self::Detection => sequence % RING,
            Self::RttOnly | Self::Discovery => RING + sequence % EXTRA,
        }
    }
}

/// Number of the instance of `family` at the member in `slot`.
#[inline(always)]
pub const fn instance(slot: u16, family: Family) -> u32 {
    slot as u32 * FAMILIES as u32 + family as u32
}

/// Index of a probe in the map of all probes.
#[inline(always)]
pub const fn probe_index(instance: u32, kind: ProbeKind, sequence: u16) -> u32 {
    instance * PLACES as u32 + kind.place(sequence) as u32
}

/// Index of a target's histogram in the map of all histograms.
#[inline(always)]
pub const fn histogram_index(instance: u32, target_index: u16) -> u32 {
    instance * TARGETS as u32 + target_index as u32 % TARGETS as u32
}

/// Where an instance stands. One aligned 64-bit word: it is read and written whole.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeHead {
    /// Identifier of the echo requests: the same for all of a daemon's run.
    pub identifier: u16,
    /// Sequence of the newest [`ProbeKind::Detection`].
    pub newest: u16,
    /// Sequence of the newest probe of the other kinds.
    pub newest_extra: u16,
    /// 1 while the instance probes; otherwise no packet looks like a reply to it.
    pub open: u16,
}

impl ProbeHead {
    /// The word that lies in memory.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        self.identifier as u64
            | (self.newest as u64) << 16
            | (self.newest_extra as u64) << 32
            | (self.open as u64) << 48
    }

    /// The head that `word` is.
    #[inline(always)]
    pub const fn from_word(word: u64) -> Self {
        Self {
            identifier: word as u16,
            newest: (word >> 16) as u16,
            newest_extra: (word >> 32) as u16,
            open: (word >> 48) as u16,
        }
    }

    /// Whether a reply to the probe `sequence` of `kind` may still count.
    #[inline(always)]
    pub const fn covers(self, kind: ProbeKind, sequence: u16) -> bool {
        let newest = match kind {
            ProbeKind::Detection => self.newest,
            ProbeKind::RttOnly | ProbeKind::Discovery => self.newest_extra,
        };
        newest.wrapping_sub(sequence) < kind.window()
    }
}

/// A probe in its place. All but the last word is written by the controller alone.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// Whom it was sent to.
    pub target: Address,
    /// What the reply has to bring back: random for each probe.
    pub cookie: u64,
    /// When it was sent, in `CLOCK_MONOTONIC` nanoseconds.
    pub sent_ns: u64,
    /// Its sequence number.
    pub sequence: u16,
    /// Its [`ProbeKind`].
    pub kind: u16,
    /// Which of the instance's histograms its round trip goes to.
    pub target_index: u16,
    /// Fills the word.
    pub reserved: u16,
    /// [`CLOSED`], [`waiting`], or when the reply arrived, in `CLOCK_MONOTONIC` nanoseconds.
    pub answered_ns: u64,
}

/// [`Probe::answered_ns`] of a place that holds no probe, or one that is being written. A fresh map holds 0, which the
/// controller closes before it opens an instance.
pub const CLOSED: u64 = 1 << 63;

/// [`Probe::answered_ns`] of a probe sent at `sent_ns` that has no answer yet: no two probes of one place have the same.
#[inline(always)]
pub const fn waiting(sent_ns: u64) -> u64 {
    CLOSED | sent_ns
}

/// The arrival that [`Probe::answered_ns`] tells, if it does.
#[inline(always)]
pub const fn arrival(answered_ns: u64) -> Option<u64> {
    if answered_ns & CLOSED != 0 || answered_ns == 0 { None } else { Some(answered_ns) }
}

/// What looked like replies to the probes of a member, by what was made of them. Written by the packet path, per CPU.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProbeCounters {
    /// First replies to their probe: signs of life.
    pub answered: u64,
    /// Those whose cookie, target, sequence or kind is not their probe's.
    pub forged: u64,
    /// Those to a probe that had its answer.
    pub duplicate: u64,
    /// Those to no probe among the newest.
    pub out_of_window: u64,
    /// Those cut short, in fragments, or with a code.
    pub malformed: u64,
}

impl core::ops::AddAssign for ProbeCounters {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.forged += other.forged;
        self.duplicate += other.duplicate;
        self.out_of_window += other.out_of_window;
        self.malformed += other.malformed;
    }
}

/// Round trip times to one target. Written by the packet path, zeroed by the controller.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RttHistogram {
    /// Replies by the base-2 logarithm of their round trip in microseconds, rounded down.
    pub counts: [u32; Self::BINS],
}

impl RttHistogram {
    /// Number of bins.
    pub const BINS: usize = 32;

    /// Bin of a round trip.
    #[inline(always)]
    pub const fn bin(round_trip_ns: u64) -> usize {
        let micros = round_trip_ns / 1000;
        if micros >> (Self::BINS - 1) != 0 { Self::BINS - 1 } else { (micros | 1).ilog2() as usize }
    }
}

/// What follows the eight bytes of echo header in a probe, and comes back in its reply.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    cookie: [u8; 8],
    kind: [u8; 4],
    padding: [u8; 4],
}

impl Payload {
    /// Length in bytes.
    pub const LEN: usize = size_of::<Self>();

    /// The payload of a probe.
    pub const fn new(kind: ProbeKind, cookie: u64) -> Self {
        Self { cookie: cookie.to_be_bytes(), kind: (kind as u32).to_be_bytes(), padding: [0; 4] }
    }

    /// As on the wire.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        let ([a, b, c, d, e, f, g, h], [i, j, k, l]) = (self.cookie, self.kind);
        [a, b, c, d, e, f, g, h, i, j, k, l, 0, 0, 0, 0]
    }

    /// The cookie.
    #[inline(always)]
    pub const fn cookie(&self) -> u64 {
        u64::from_be_bytes(self.cookie)
    }

    /// The kind; `None` for a number that no kind has.
    #[inline(always)]
    pub const fn kind(&self) -> Option<ProbeKind> {
        match u32::from_be_bytes(self.kind) {
            0 => Some(ProbeKind::Detection),
            1 => Some(ProbeKind::RttOnly),
            2 => Some(ProbeKind::Discovery),
            _ => None,
        }
    }
}

/// Length of a probe or reply from the echo header on.
pub const ECHO_LEN: usize = 8 + Payload::LEN;

#[cfg(test)]
mod tests;
