//! Files of sections with keys and values, as systemd and `NetworkManager` write them.

use std::fmt::Write as _;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) name: String,
    /// From 1.
    pub(super) line: usize,
    pub(super) entries: Vec<Entry>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    /// From 1.
    pub(super) line: usize,
}

/// The sections of a text in their order. A section may come several times. What is before the first one is left out.
pub(super) fn parse(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut continued = false;
    for (number, line) in text.lines().enumerate() {
        let (line, text) = (number + 1, line.trim());
        let was_continued = std::mem::replace(&mut continued, text.ends_with('\\'));
        let last = sections.last_mut();
        if text.is_empty() || text.starts_with(['#', ';']) {
            continued = was_continued;
        } else if was_continued {
            if let Some(entry) = last.and_then(|section| section.entries.last_mut()) {
                entry.value.push(' ');
                entry.value.push_str(text.trim_end_matches('\\').trim());
            }
        } else if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            sections.push(Section { name: name.to_owned(), line, entries: Vec::new() });
        } else if let (Some(section), Some((key, value))) = (last, text.split_once('=')) {
            let value = value.trim_end_matches('\\').trim().to_owned();
            section.entries.push(Entry { key: key.trim().to_owned(), value, line });
        }
    }
    sections
}

/// The text of sections; those without entries are left out.
pub(super) fn render(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections.iter().filter(|section| !section.entries.is_empty()) {
        // Writing into a string does not fail.
        let _ = writeln!(text, "\n[{}]", section.name);
        for Entry { key, value, .. } in &section.entries {
            let _ = writeln!(text, "{key}={value}");
        }
    }
    text
}

/// All entries of a key in the sections of a name.
pub(super) fn all<'a>(sections: &'a [Section], name: &str, key: &str) -> impl Iterator<Item = &'a Entry> {
    let entries =
        sections.iter().filter(move |section| section.name == name).flat_map(|section| &section.entries);
    entries.filter(move |entry| entry.key.eq_ignore_ascii_case(key))
}

/// The value that counts: the last one.
pub(super) fn get<'a>(sections: &'a [Section], name: &str, key: &str) -> Option<&'a str> {
    all(sections, name, key).last().map(|entry| entry.value.as_str())
}

/// Sets a value in the first section of a name, which is made if there is none.
pub(super) fn set(sections: &mut Vec<Section>, name: &str, key: &str, value: &str) {
    let number = sections.iter().position(|section| section.name == name).unwrap_or_else(|| {
        sections.push(Section { name: name.to_owned(), ..Section::default() });
        sections.len() - 1
    });
    let entries = &mut sections[number].entries;
    entries.retain(|entry| !entry.key.eq_ignore_ascii_case(key));
    entries.push(Entry { key: key.to_owned(), value: value.to_owned(), line: 0 });
}

/// Whether this value says yes.
pub(super) fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "true" | "on" | "1")
}
