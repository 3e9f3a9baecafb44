//! The two kinds of veth pairs.

use clap::ValueEnum;

/// Which veth pairs the members are: the kernel reports a change of their carrier differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Veth {
    /// Both ends have the same interface index, each in its namespace: reported up to a second late, as for real NICs
    Equal,
    /// Their indexes differ: reported at once
    Different,
}

impl Veth {
    /// Both kinds.
    pub(crate) const BOTH: [Self; 2] = [Self::Equal, Self::Different];

    /// Whether the indexes are equal.
    pub(crate) fn is_equal(self) -> bool {
        self == Self::Equal
    }

    /// For a column of a table.
    pub(crate) fn name(self) -> &'static str {
        if self.is_equal() { "equal" } else { "different" }
    }
}
