//! Why the packet path dropped a packet, or sent it by an unusual way.

/// One counter, per CPU. Written by the packet path.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReasonCounter {
    /// Packets.
    pub packets: u64,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $text:literal, $dropped:literal;)+) => {
        /// Index of a counter in the `reasons` map.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[doc = $doc])+ $name = $number,)+ }

        impl Reason {
            /// Every reason, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its name in output.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Whether the packet was dropped; otherwise it went on, and the count only says that it was unusual.
            pub const fn is_drop(self) -> bool {
                match self { $(Self::$name => $dropped,)+ }
            }
        }
    };
}

reasons! {
    /// Sending: no member of the group is usable.
    NoUsableMember = 0, "no-usable-member", true;
    /// Sending: the source MAC is not the group interface's; something with a MAC of its own (macvlan, a bridge) sits
    /// on top of it, which is not supported.
    ForeignSource = 1, "foreign-source-mac", true;
    /// Sending: the frame is VLAN tagged. VLANs go below a group: make a group of VLAN members instead.
    TaggedEgress = 2, "tagged", true;
    /// Receiving: a broadcast or multicast that this group sent itself, seen back through the switch.
    OwnFrame = 3, "own-frame", true;
    /// Receiving: a broadcast or multicast on a member that is not the nominated one, which gets a copy too.
    NotNominated = 4, "not-nominated", true;
    /// The frame could not be rewritten (the kernel had no memory for it).
    RewriteFailed = 5, "rewrite-failed", true;
    /// Sending: the packet got past the program at the group interface (another program's verdict, `PACKET_QDISC_BYPASS`,
    /// `AF_XDP`) and was sent correctly by the one behind it.
    Leaked = 6, "leaked", false;
    /// Sending: the chosen member was unusable and another was used, until the tables are rewritten.
    Fallback = 7, "fallback", false;
    /// Receiving: the copy for the group interface could not be made; the member's own stack got the frame.
    CloneFailed = 8, "clone-failed", true;
}

impl Reason {
    /// How many reasons there are.
    pub const COUNT: usize = Self::ALL.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_index_the_map_without_gaps() {
        for (index, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, index, "{}", reason.as_str());
        }
    }
}
