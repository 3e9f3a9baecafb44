//! Privileges and kernel.

use rustix::thread::{CapabilitySet, capabilities};

/// The oldest kernel that has all that the packet path needs.
const OLDEST: (u32, u32) = (6, 1);

/// Why the daemon cannot run on this host.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// Capabilities are missing.
    #[error("missing privilege: {} (run as root, or grant these capabilities)", .0.join(", "))]
    Privilege(Vec<&'static str>),
    /// The kernel is too old.
    #[error("Linux {release} is too old: {}.{} or later is needed", OLDEST.0, OLDEST.1)]
    Kernel {
        /// What `uname -r` prints.
        release: String,
    },
}

/// Checks privileges and kernel version; returns all that is wrong.
pub fn check_host() -> Vec<HostError> {
    let effective = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
    let missing = missing(effective);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
    let privilege = (!missing.is_empty()).then_some(HostError::Privilege(missing));
    let kernel = is_too_old(&release).then_some(HostError::Kernel { release });
    privilege.into_iter().chain(kernel).collect()
}

fn missing(effective: CapabilitySet) -> Vec<&'static str> {
    let needed = [
        (CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN"),
        (CapabilitySet::NET_RAW, "CAP_NET_RAW"),
        // For a sysfs of the network namespace, and for pins; it contains CAP_BPF.
        (CapabilitySet::SYS_ADMIN, "CAP_SYS_ADMIN"),
    ];
    needed.into_iter().filter(|(needed, _)| !effective.contains(*needed)).map(|(_, name)| name).collect()
}

/// A release that cannot be read is taken for new.
fn is_too_old(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
