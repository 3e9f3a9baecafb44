//! Text to table: TOML, with every syntax error and every key that is given twice.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{findings::Findings, subject::Subject};

/// How the TOML parser says that a key or table is there already; such a text is in order otherwise.
const DUPLICATE: &str = "duplicate key";

/// The table that the text stands for; `None` if its syntax is too broken to read on.
pub(super) fn document<'t>(text: &'t str, findings: &mut Findings) -> Option<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut readable = true;
    let mut last_line = 0;
    for error in errors {
        let span = error.span().unwrap_or_default();
        let line = findings.line(&span);
        if error.message() == DUPLICATE {
            duplicate(text, &span, findings);
        } else {
            readable = false;
            // The parser stumbles on over the rest of a broken line.
            if line != last_line {
                let near = line_at(text, span.start).1.trim().escape_debug();
                let message = error.message().replace('\n', " ");
                findings.error(line, &Subject::File, format!("not TOML: {message}; correct `{near}`"));
            }
            last_line = line;
        }
    }
    readable.then(|| table.into_inner())
}

/// Says that the key at `span` is the second of its name, and where the first is.
fn duplicate(text: &str, span: &Range<usize>, findings: &mut Findings) {
    let line = findings.line(span);
    let name = text.get(span.clone()).unwrap_or_default();
    let (start, whole) = line_at(text, span.start);
    let before = DeTable::parse_recoverable(text.get(..start).unwrap_or_default()).0.into_inner();
    let (subject, first) = if whole.trim_start().starts_with('[') {
        table_before(&before, whole)
    } else {
        (None, key_before(&before, text, name))
    };
    let first = first.map_or(String::new(), |span| format!(", first on line {}", findings.line(&span)));
    match subject {
        Some(subject) => {
            findings.error(
                line,
                &subject,
                format!("given twice{first}; keep one of the two, with all its keys"),
            );
        }
        None => {
            let what = format!("`{}` given twice{first}; keep one of the two", name.escape_debug());
            findings.error(line, &Subject::File, what);
        }
    }
}

/// The line that holds the byte at `offset`, and where it starts.
fn line_at(text: &str, offset: usize) -> (usize, &str) {
    let head = text.get(..offset).unwrap_or(text);
    let start = head.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    (start, line)
}

/// What the table header `header` names, and where the text before had the same table.
fn table_before(before: &DeTable<'_>, header: &str) -> (Option<Subject>, Option<Range<usize>>) {
    let (header, _) = DeTable::parse_recoverable(header);
    let mut path = Vec::new();
    let mut first = Some(before);
    let mut place = None;
    let mut rest = Some(header.get_ref());
    while let Some((key, value)) = rest.and_then(|table| table.iter().next()) {
        path.push(key.get_ref().to_string());
        let found = first.and_then(|table| table.get(key.get_ref().as_ref()));
        place = found.map(Spanned::span);
        first = found.and_then(|found| found.get_ref().as_table());
        rest = value.get_ref().as_table();
    }
    let subject = match path.as_slice() {
        [kind, group] if kind == "group" => Some(Subject::Group(group.clone())),
        [kind, group, of, member] if kind == "group" && of == "member" => {
            Some(Subject::Member { group: group.clone(), member: member.clone() })
        }
        _ => None,
    };
    (subject, place)
}

/// Where the last table of the text before has the key `name`.
fn key_before(before: &DeTable<'_>, text: &str, name: &str) -> Option<Range<usize>> {
    let mut current = (0, before);
    let mut unseen = vec![before];
    while let Some(table) = unseen.pop() {
        for value in table.values() {
            if let DeValue::Table(inner) = value.get_ref() {
                let start = value.span().start;
                if start >= current.0 && text[start..].starts_with('[') {
                    current = (start, inner);
                }
                unseen.push(inner);
            }
        }
    }
    let name = name.trim_matches(['"', '\'']);
    current.1.get_key_value(name).map(|(key, _)| key.span())
}
