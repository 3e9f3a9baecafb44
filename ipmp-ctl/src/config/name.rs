//! Names of groups and interfaces.

use thiserror::Error;

/// Longest interface name, in bytes (the kernel's IFNAMSIZ less its final zero).
const LONGEST: usize = 15;

/// End of the name of the group interface's peer.
pub(super) const PEER_SUFFIX: &str = "-p";

/// Start of the pin directories of other network namespaces, which lie beside those of the groups.
const NAMESPACE_PINS: &str = "netns-";

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NameError {
    /// No name.
    #[error("the name is empty; give it one of 1 to {most} characters")]
    Empty {
        /// Longest name there may be.
        most: usize,
    },
    /// A group name that leaves no room for the peer's.
    #[error(
        "the name has {length} characters; shorten it to 13 at most (the interface NAME-p is made beside it)"
    )]
    LongGroup {
        /// Its length in bytes.
        length: usize,
    },
    /// No interface can have it.
    #[error("the name has {length} bytes, interface names have 15 at most; see `ip link` for the right one")]
    LongInterface {
        /// Its length in bytes.
        length: usize,
    },
    /// A character that no group name has.
    #[error("the name holds {0:?}; use letters, digits, `-` and `_`")]
    GroupCharacter(char),
    /// A character that no interface name has.
    #[error("the name holds {0:?}, as no interface name does; see `ip link` for the right one")]
    InterfaceCharacter(char),
    /// A name that the kernel or the tools keep for something else.
    #[error("the name is reserved; choose another, as in ipmp0")]
    Reserved,
    /// Would be taken for an option.
    #[error("the name starts with `-`; start it with a letter")]
    LeadingDash,
    /// `.` or `..`.
    #[error("no interface is named so; see `ip link` for the right one")]
    Dots,
    /// `lo`.
    #[error("the loopback interface cannot be a member; name an Ethernet interface, see `ip link`")]
    Loopback,
}

/// Name of the peer of a group interface.
pub(super) fn peer_of(group: &str) -> String {
    format!("{group}{PEER_SUFFIX}")
}

/// Whether a group may have this name: that of an interface, of its peer and of a directory of pins (where the
/// BPF file system allows no dot).
pub(super) fn check_group(name: &str) -> Result<(), NameError> {
    let most = LONGEST - PEER_SUFFIX.len();
    if name.is_empty() {
        return Err(NameError::Empty { most });
    }
    let usable = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if let Some(character) = name.chars().find(|&c| !usable(c)) {
        return Err(NameError::GroupCharacter(character));
    }
    if name.len() > most {
        return Err(NameError::LongGroup { length: name.len() });
    }
    if name.starts_with('-') {
        return Err(NameError::LeadingDash);
    }
    // `all` and `default` are directories among those of the interfaces in /proc/sys/net.
    if ["all", "default", "lo"].contains(&name) || name.starts_with(NAMESPACE_PINS) {
        return Err(NameError::Reserved);
    }
    Ok(())
}

/// Whether an interface can have this name, by the rules of the kernel.
pub(super) fn check_interface(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty { most: LONGEST });
    }
    if let Some(character) =
        name.chars().find(|&c| c == '/' || c == ':' || c.is_whitespace() || c.is_control())
    {
        return Err(NameError::InterfaceCharacter(character));
    }
    match name {
        "." | ".." => Err(NameError::Dots),
        "lo" => Err(NameError::Loopback),
        _ if name.len() > LONGEST => Err(NameError::LongInterface { length: name.len() }),
        _ => Ok(()),
    }
}
