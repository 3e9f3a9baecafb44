//! Whom a message concerns.

use std::fmt;

/// The part of the file that a message is about. Shown as the start of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// The top level.
    File,
    /// A group.
    Group(String),
    /// A member of a group.
    Member {
        /// The group.
        group: String,
        /// The interface.
        member: String,
    },
}

impl fmt::Display for Subject {
    // Names that are refused are shown too, and may hold anything: a message stays one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => Ok(()),
            Self::Group(group) => write!(f, "group {}: ", visible(group)),
            Self::Member { group, member } => {
                write!(f, "group {}, member {}: ", visible(group), visible(member))
            }
        }
    }
}

fn visible(name: &str) -> String {
    if name.is_empty() { "\"\"".to_owned() } else { name.escape_debug().to_string() }
}
