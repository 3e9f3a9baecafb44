//! A group on its way into the configuration.

use std::net::IpAddr;

use super::{Group, findings::At};

/// A group that is right by itself, and what only the check across the file needs.
pub(super) struct Draft {
    /// The group.
    pub(super) group: Group,
    /// Its targets, with their lines.
    pub(super) targets: Vec<At<IpAddr>>,
}
