//! Text to table: TOML, with every syntax error and every key that is given twice.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{findings::Findings, subject::Subject};

/// How the TOML parser says that a key or table is there already; such a text is in order otherwise.
const DUPLICATE: &str = "duplicate key";

/// For so many keys given twice the first place is looked up, which takes another reading each.
const LOOKUPS: usize = 100;

/// The table that the text stands for; `None` if its syntax is too broken to read on.
pub(super) fn document<'t>(text: &'t str, findings: &mut Findings) -> Option<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut readable = true;
    let mut last_line = 0;
    let mut duplicates = 0;
    for error in errors {
        let span = error.span().unwrap_or_default();
        let line = findings.line(&span);
        if error.message() == DUPLICATE {
            duplicates += 1;
            duplicate(text, &span, duplicates <= LOOKUPS, findings);
        } else {
            readable = false;
            // The parser stumbles on over the rest of a broken line.
            if line != last_line {
                let near = line_at(text, span.start).1.trim();
                findings.error(line, &Subject::File, syntax_error(error.message(), near));
            }
            last_line = line;
        }
    }
    readable.then(|| table.into_inner())
}

/// What to say about a line that the parser stumbles over.
fn syntax_error(message: &str, line: &str) -> String {
    let line = line.replace(char::is_control, " ");
    if message.starts_with("invalid boolean") {
        return format!(
            "not TOML: a value that is no number, true or false stands in quotes; correct `{line}`"
        );
    }
    if message.starts_with("missing comma") {
        return format!("not TOML: a list is not closed before `{line}`; add a comma or a closing bracket");
    }
    format!("not TOML: {}; correct `{line}`", message.replace(char::is_control, " "))
}

/// Says that the key at `span` is the second of its name, and where the first is if it is to be looked up.
fn duplicate(text: &str, span: &Range<usize>, look_up: bool, findings: &mut Findings) {
    let line = findings.line(span);
    let name = text.get(span.clone()).unwrap_or_default();
    let (start, whole) = line_at(text, span.start);
    let before = text.get(..start).filter(|_| look_up).unwrap_or_default();
    let before = DeTable::parse_recoverable(before).0.into_inner();
    let name = name.trim_matches(['"', '\'']);
    let is_table = whole.trim_start().starts_with('[');
    let (subject, first) =
        if is_table { table_before(&before, whole) } else { key_before(&before, text, name) };
    let first = first.map_or(String::new(), |span| format!(", first on line {}", findings.line(&span)));
    let what = match (is_table, &subject) {
        (true, Subject::Group(_)) => {
            format!("group given twice{first}; keep one of the two tables, with all the keys")
        }
        (true, Subject::Member { .. }) => {
            format!("interface twice in the group{first}; keep one of the two tables, with all the keys")
        }
        _ => format!("`{}` given twice{first}; keep one of the two", name.escape_debug()),
    };
    findings.error(line, &subject, what);
}

/// The line that holds the byte at `offset`, and where it starts.
fn line_at(text: &str, offset: usize) -> (usize, &str) {
    let head = text.get(..offset).unwrap_or(text);
    let start = head.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    (start, line)
}

/// Whom the table at this path concerns.
fn subject_of(path: &[String]) -> Subject {
    match path {
        [kind, group] if kind == "group" => Subject::Group(group.clone()),
        [kind, group, of, member] if kind == "group" && of == "member" => {
            Subject::Member { group: group.clone(), member: member.clone() }
        }
        _ => Subject::File,
    }
}

/// What the table header `header` names, and where the text before had the same table.
fn table_before(before: &DeTable<'_>, header: &str) -> (Subject, Option<Range<usize>>) {
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
    (subject_of(&path), place)
}

/// What the last table of the text before is, and where it has the key `name`.
fn key_before(before: &DeTable<'_>, text: &str, name: &str) -> (Subject, Option<Range<usize>>) {
    let mut last = (0, Vec::new(), before);
    let mut unseen = vec![(Vec::new(), before)];
    while let Some((path, table)) = unseen.pop() {
        for (key, value) in table {
            if let DeValue::Table(inner) = value.get_ref() {
                let start = value.span().start;
                let path: Vec<String> = path.iter().cloned().chain([key.get_ref().to_string()]).collect();
                if start >= last.0 && text[start..].starts_with('[') {
                    last = (start, path.clone(), inner);
                }
                unseen.push((path, inner));
            }
        }
    }
    let (_, path, table) = last;
    (subject_of(&path), table.get_key_value(name).map(|(key, _)| key.span()))
}
