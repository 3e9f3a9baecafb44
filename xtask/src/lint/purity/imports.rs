//! `use` declarations written out: `use std::{fs, io}` names `std::fs` as much as `use std::fs` does.

/// The number of the line where each declaration starts, and each full path that it names.
pub(super) fn paths(code: &[(usize, String)]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in code {
        if open.is_none() {
            let line = line.trim_start();
            let declaration =
                line.strip_prefix("use ").or_else(|| line.split_once(" use ").map(|(_, rest)| rest));
            open = declaration.map(|text| (*number, text.to_owned()));
        } else if let Some((_, text)) = &mut open {
            text.push_str(line);
        }
        if let Some((start, text)) = open.take_if(|(_, text)| text.contains(';')) {
            let tree: String =
                text.split(';').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
            expand("", &tree, &mut |path| found.push((start, path)));
        }
    }
    found
}

/// Calls `emit` with each path of a tree such as `std::{fs,io::{self,Read}}`.
fn expand(prefix: &str, tree: &str, emit: &mut impl FnMut(String)) {
    let Some((head, rest)) = tree.split_once('{') else {
        emit(format!("{prefix}{tree}"));
        return;
    };
    let prefix = format!("{prefix}{head}");
    let inner = rest.strip_suffix('}').unwrap_or(rest);
    for branch in branches(inner) {
        expand(&prefix, branch, emit);
    }
}

/// The parts of a list between commas that are in no inner braces.
fn branches(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    list.split(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .filter(|branch| !branch.is_empty())
    .collect()
}
