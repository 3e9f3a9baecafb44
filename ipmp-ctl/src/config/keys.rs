//! Which keys there are, and what to say about one that there is not.

use std::fmt;

/// A kind of table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The top level.
    File,
    /// `[group.NAME]`.
    Group,
    /// `[group.NAME.member.NAME]`.
    Member,
}

impl Scope {
    const ALL: [Self; 3] = [Self::File, Self::Group, Self::Member];

    /// Its keys.
    pub(super) const fn keys(self) -> &'static [&'static str] {
        match self {
            Self::File => &[
                "failback",
                "failure-detection-time",
                "group",
                "metrics",
                "on-event",
                "probe-hook",
                "track-interfaces-only-with-groups",
            ],
            Self::Group => &[
                "addresses",
                "failback",
                "failure-detection-time",
                "ipv6-token",
                "link-ups-per-minute",
                "member",
                "min-active",
                "probe-hook",
                "receive",
                "routes",
                "targets",
            ],
            Self::Member => &["priority", "standby", "test-addresses", "weight"],
        }
    }

    /// Where its keys are written.
    const fn place(self) -> &'static str {
        match self {
            Self::File => "at the top of the file, before the first table",
            Self::Group => "in [group.NAME]",
            Self::Member => "in [group.NAME.member.INTERFACE]",
        }
    }

    /// The key of this name.
    pub(super) fn key(self, name: &str) -> Option<&'static str> {
        self.keys().iter().copied().find(|key| *key == name)
    }
}

/// A key that its table does not have, with advice.
pub(super) struct UnknownKey<'a> {
    /// The key.
    pub(super) key: &'a str,
    /// The table.
    pub(super) scope: Scope,
    /// Whether its value is a table: the rest of a dotted interface name, most likely.
    pub(super) is_table: bool,
}

impl fmt::Display for UnknownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.key;
        write!(f, "unknown key `{}`; ", key.escape_debug())?;
        if self.is_table && self.scope == Scope::Member {
            return f.write_str(
                "put an interface name with a dot in quotes: [group.NAME.member.\"INTERFACE.VLAN\"]",
            );
        }
        if let Some(home) = Scope::ALL.into_iter().find(|scope| scope.key(key).is_some()) {
            return write!(f, "it belongs {}", home.place());
        }
        match nearest(key, self.scope.keys()) {
            Some(nearest) => write!(f, "did you mean `{nearest}`?"),
            None => write!(f, "remove it (the keys here: {})", self.scope.keys().join(", ")),
        }
    }
}

/// The word that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    words
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| {
            *distance <= (candidate.len() / 3).max(2) && *distance < candidate.len()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance. Long words are not compared: no key is like them.
fn distance(a: &str, b: &str) -> usize {
    const LONGEST: usize = 64;
    if a.len() > LONGEST {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
