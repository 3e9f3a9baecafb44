//! Tables as ipmpstat prints them, for people and for programs.

use std::fmt::Write as _;

#[cfg(test)]
mod tests;

/// What stands for nothing in a table for people.
const EMPTY: &str = "--";

/// A column of a view whose rows are `R`.
pub(super) struct Field<R> {
    /// Its heading, and its name after `-o`.
    pub(super) name: &'static str,
    /// Where the next column begins, counted from this one.
    pub(super) width: usize,
    /// Whether it is shown without being named.
    pub(super) by_default: bool,
    /// Its value; empty if there is none.
    pub(super) value: fn(&R) -> String,
}

impl<R> Field<R> {
    /// A field of ipmpstat.
    pub(super) const fn new(name: &'static str, width: usize, value: fn(&R) -> String) -> Self {
        Self { name, width, by_default: true, value }
    }

    /// A field that ipmpstat has not: shown only when named.
    pub(super) const fn extra(name: &'static str, width: usize, value: fn(&R) -> String) -> Self {
        Self { name, width, by_default: false, value }
    }
}

/// For people: aligned under a header, which comes again at the top of each page of `height` lines.
pub(super) fn human<R>(fields: &[&Field<R>], rows: &[R], height: Option<usize>) -> String {
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        if index % per_page(height) == 0 {
            text += &header(fields);
        }
        text += &line(fields, row);
    }
    if rows.is_empty() { header(fields) } else { text }
}

/// Rows under each header.
pub(super) fn per_page(height: Option<usize>) -> usize {
    height.map_or(usize::MAX, |height| height.saturating_sub(1).max(1))
}

/// The header.
pub(super) fn header<R>(fields: &[&Field<R>]) -> String {
    aligned(fields.iter().map(|field| (field.name.to_owned(), field.width)))
}

/// One row.
pub(super) fn line<R>(fields: &[&Field<R>], row: &R) -> String {
    aligned(fields.iter().map(|field| ((field.value)(row), field.width)))
}

/// One line of cells with the widths of their columns. A cell that is too long pushes the next ones to the right, one
/// space away, until they have caught up.
fn aligned(cells: impl Iterator<Item = (String, usize)>) -> String {
    let mut line = String::new();
    let (mut length, mut column) = (0_usize, 0_usize);
    for (cell, width) in cells {
        if column > 0 {
            let gap = column.saturating_sub(length).max(1);
            length += gap;
            line.extend(std::iter::repeat_n(' ', gap));
        }
        let cell = if cell.is_empty() { EMPTY } else { &cell };
        line += cell;
        length += cell.chars().count();
        column += width;
    }
    line.push('\n');
    line
}

/// For programs: no header, values joined by `:`. Where there are several, `:` and `\` in them are escaped by `\`.
pub(super) fn parsable<R>(fields: &[&Field<R>], rows: &[R]) -> String {
    let mut text = String::new();
    for row in rows {
        for (index, field) in fields.iter().enumerate() {
            let value = (field.value)(row);
            if fields.len() == 1 {
                text += &value;
                continue;
            }
            if index > 0 {
                text.push(':');
            }
            for character in value.chars() {
                let escape = if matches!(character, ':' | '\\') { "\\" } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(text, "{escape}{character}");
            }
        }
        text.push('\n');
    }
    text
}
