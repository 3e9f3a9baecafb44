//! The text of the configuration with one group more, or less. Comments and the rest stay as they are.

use std::{fmt::Write as _, net::Ipv6Addr};

use toml_edit::{DocumentMut, Item, TomlError};

#[cfg(test)]
mod tests;

/// A group to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub group: String,
    /// Where it comes from, for a comment.
    pub origin: String,
    /// Data addresses with their prefix.
    pub addresses: Vec<String>,
    /// The token, if there is to be one.
    pub ipv6_token: Option<Ipv6Addr>,
    /// Routes as the configuration says them.
    pub routes: Vec<String>,
    /// The members in their order.
    pub members: Vec<MemberSection>,
}

/// A member to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberSection {
    /// Its interface.
    pub name: String,
    /// Whether it is a standby.
    pub standby: bool,
    /// Its test addresses.
    pub test_addresses: Vec<String>,
}

/// The text with a group more, at its end.
pub fn with(text: &str, section: &Section) -> String {
    let mut text = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    // Writing into a string does not fail.
    let _ = write(&mut text, section);
    text
}

fn write(text: &mut String, section: &Section) -> std::fmt::Result {
    let Section { group, origin, addresses, ipv6_token, routes, members } = section;
    writeln!(text, "# {origin}")?;
    writeln!(text, "[group.{}]", key(group))?;
    list(text, "addresses", addresses)?;
    if let Some(token) = ipv6_token {
        writeln!(text, "ipv6-token = \"{token}\"")?;
    }
    list(text, "routes", routes)?;
    for member in members {
        writeln!(text, "\n[group.{}.member.{}]", key(group), key(&member.name))?;
        if member.standby {
            writeln!(text, "standby = true")?;
        }
        list(text, "test-addresses", &member.test_addresses)?;
    }
    Ok(())
}

fn list(text: &mut String, name: &str, values: &[String]) -> std::fmt::Result {
    match values {
        [] => Ok(()),
        [one] => writeln!(text, "{name} = [\"{one}\"]"),
        several => {
            writeln!(text, "{name} = [")?;
            several.iter().try_for_each(|value| writeln!(text, "    \"{value}\","))?;
            writeln!(text, "]")
        }
    }
}

/// A name as a key: quoted where it has to be, as that of a VLAN (`eth0.100`).
fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.bytes().all(is_bare) { name.to_owned() } else { format!("{name:?}") }
}

/// The text without a group; the same text if it has none of that name. What is written right above the group belongs to it.
///
/// # Errors
/// It is no TOML.
pub fn without(text: &str, group: &str) -> Result<String, TomlError> {
    let mut document: DocumentMut = text.parse()?;
    let Some(groups) = document.get_mut("group").and_then(Item::as_table_like_mut) else {
        return Ok(text.to_owned());
    };
    let Some(removed) = groups.remove(group) else { return Ok(text.to_owned()) };
    if groups.is_empty() {
        document.remove("group");
    }
    let mut rest = document.to_string();
    if let Some((at, comment)) = above(text, &removed)
        && rest.is_char_boundary(at)
    {
        rest.insert_str(at, comment);
    }
    Ok(rest)
}

/// What stands above a table and not right above it, and where: a comment on the file, say.
fn above<'a>(text: &'a str, removed: &Item) -> Option<(usize, &'a str)> {
    let prefix = removed.as_table()?.decor().prefix()?.as_str()?;
    let kept = prefix.rfind("\n\n")? + 1;
    let starts_table = |at: &usize| text[at + prefix.len()..].starts_with('[');
    let at = text.match_indices(prefix).map(|(at, _)| at).find(starts_table)?;
    Some((at, &text[at..at + kept]))
}
