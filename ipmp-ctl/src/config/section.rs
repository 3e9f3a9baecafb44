//! The values of one table of the file, by type.

use std::ops::RangeInclusive;

use toml::de::{DeTable, DeValue};

use super::{
    findings::{At, Findings},
    keys::{Scope, UnknownKey, nearest},
    subject::Subject,
};

/// A table of the file on its way to becoming a part of the configuration.
pub(super) struct Section<'d> {
    /// Whom messages about it concern.
    pub(super) subject: Subject,
    /// Line where it starts.
    pub(super) line: usize,
    table: &'d DeTable<'d>,
}

impl<'d> Section<'d> {
    /// A table of this kind; its unknown keys are found wrong here.
    pub(super) fn new(
        scope: Scope,
        subject: Subject,
        line: usize,
        table: &'d DeTable<'d>,
        findings: &mut Findings,
    ) -> Self {
        for (key, value) in table {
            if scope.key(key.get_ref()).is_none() {
                let line = findings.line(&key.span());
                let is_table = value.get_ref().is_table();
                findings.error(line, &subject, UnknownKey { key: key.get_ref(), scope, is_table });
            }
        }
        Self { subject, line, table }
    }

    /// Notes a mistake of this table.
    pub(super) fn error(&self, line: usize, what: impl std::fmt::Display, findings: &mut Findings) {
        findings.error(line, &self.subject, what);
    }

    /// The value of a key, and the line of the key.
    pub(super) fn value(&self, key: &str, findings: &Findings) -> Option<At<&'d DeValue<'d>>> {
        let (key, value) = self.table.get_key_value(key)?;
        Some(At { value: value.get_ref(), line: findings.line(&key.span()) })
    }

    /// The value of a key that has to be of one type.
    fn typed<T>(
        &self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'d DeValue<'d>) -> Option<T>,
        findings: &mut Findings,
    ) -> Option<At<T>> {
        let At { value, line } = self.value(key, findings)?;
        let converted = convert(value);
        if converted.is_none() {
            self.error(line, format!("`{key}` must be {expected}, not {}", kind(value)), findings);
        }
        Some(At { value: converted?, line })
    }

    /// A string.
    pub(super) fn string(&self, key: &str, example: &str, findings: &mut Findings) -> Option<At<&'d str>> {
        let expected = format!("a string, as in {key} = {example:?}");
        self.typed(key, &expected, DeValue::as_str, findings)
    }

    /// `true` or `false`.
    pub(super) fn boolean(&self, key: &str, findings: &mut Findings) -> Option<bool> {
        self.typed(key, "true or false (without quotes)", DeValue::as_bool, findings).map(|at| at.value)
    }

    /// A whole number within bounds; `remedy` is what to do about one that is not.
    pub(super) fn integer<T: TryFrom<i64>>(
        &self,
        key: &str,
        range: RangeInclusive<i64>,
        remedy: &str,
        findings: &mut Findings,
    ) -> Option<At<T>> {
        let (least, most) = (range.start(), range.end());
        let expected = format!("a whole number from {least} to {most} (without quotes)");
        let At { value: integer, line } = self.typed(key, &expected, DeValue::as_integer, findings)?;
        // A number that does not even fit into an i64 is out of every range.
        let value = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let value = value.filter(|value| range.contains(value)).and_then(|value| value.try_into().ok());
        if value.is_none() {
            let what = format!("`{key}` is {integer}, out of range; give {least} to {most}{remedy}");
            self.error(line, what, findings);
        }
        Some(At { value: value?, line })
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, key: &str, words: &[(&str, T)], findings: &mut Findings) -> Option<T> {
        let At { value: text, line } = self.string(key, words[0].0, findings)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let advice = nearest(text, &names).map_or_else(
                || format!("give one of {}", names.join(", ")),
                |nearest| format!("did you mean {nearest:?}?"),
            );
            self.error(line, format!("`{key}` is {text:?}, which it cannot be; {advice}"), findings);
        }
        found
    }

    /// A list of strings, each with its own line; `None` if the key is absent or no list.
    pub(super) fn strings(
        &self,
        key: &str,
        example: &str,
        findings: &mut Findings,
    ) -> Option<Vec<At<&'d str>>> {
        let expected = format!("a list of strings, as in {key} = [{example:?}]");
        let array = self.typed(key, &expected, DeValue::as_array, findings)?.value;
        let mut strings = Vec::new();
        for item in array {
            let line = findings.line(&item.span());
            if let Some(value) = item.get_ref().as_str() {
                strings.push(At { value, line });
            } else {
                let what = format!("`{key}` must be {expected}; {} is in it", kind(item.get_ref()));
                self.error(line, what, findings);
            }
        }
        Some(strings)
    }

    /// The tables in the table `key`, by name, in the order of the file (toml's feature `preserve_order`).
    pub(super) fn tables(&self, key: &str, findings: &mut Findings) -> Vec<(&'d str, At<&'d DeTable<'d>>)> {
        let header = self.example(key);
        let expected = format!("tables with a name each, as in [{header}]");
        let Some(outer) = self.typed(key, &expected, DeValue::as_table, findings) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (name, value) in outer.value {
            let name = name.get_ref().as_ref();
            let line = findings.line(&value.span());
            if let Some(value) = value.get_ref().as_table() {
                found.push((name, At { value, line }));
            } else {
                let (name, kind) = (name.escape_debug(), kind(value.get_ref()));
                self.error(line, format!("`{key}.{name}` must be a table [{header}], not {kind}"), findings);
            }
        }
        found
    }

    /// A header for a table below `key`.
    fn example(&self, key: &str) -> String {
        match &self.subject {
            Subject::File => format!("{key}.NAME"),
            Subject::Group(group) | Subject::Member { group, .. } => {
                format!("group.{}.{key}.INTERFACE", group.escape_debug())
            }
        }
    }
}

/// What a value is, with its article.
const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
