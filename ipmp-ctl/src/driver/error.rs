//! What ends the loop.

use std::io;

/// Why the loop could not begin, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum DriverError {
    /// The kernel's messages.
    #[error(transparent)]
    Netlink(#[from] crate::kernel::netlink::NetlinkError),
    /// The carrier poll.
    #[error(transparent)]
    Carrier(#[from] crate::kernel::carrier::CarrierError),
    /// The sysfs of the network namespace.
    #[error(transparent)]
    Sysfs(#[from] crate::kernel::sysfs::SysfsError),
    /// The socket for announcements.
    #[error(transparent)]
    Announce(#[from] crate::kernel::announce::AnnounceError),
    /// A program at its place.
    #[error(transparent)]
    Path(#[from] crate::dataplane::group_path::PathError),
    /// A thread or a descriptor could not be had.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the kernel says.
        source: io::Error,
    },
    /// The kernel closed the subscription.
    #[error("the subscription to link and address changes ended")]
    MonitorEnded,
}

/// What went wrong with a thread or a descriptor.
pub(super) fn system(what: &'static str) -> impl Fn(io::Error) -> DriverError {
    move |source| DriverError::System { what, source }
}
