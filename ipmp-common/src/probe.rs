//! Probes: what the daemon sends and the packet path accounts for.

/// Address family of a probe: one *instance* of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum Family {
    /// IPv4.
    V4 = 0,
    /// IPv6.
    V6 = 1,
}

/// What a probe is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum ProbeKind {
    /// Failure detection.
    Detection = 0,
    /// Between those of detection, while the failure detection time is raised.
    RttOnly = 1,
    /// Multicast, to find targets.
    Discovery = 2,
}

/// The latest probes of detection of an instance that count.
pub const WINDOW: usize = 52;
