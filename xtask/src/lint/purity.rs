//! The engine decides and does nothing: no I/O, no clock, no thread, no collection without an order.
//!
//! That is what makes a failover reproducible in a test without a network, so it is checked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;

mod imports;
#[cfg(test)]
mod tests;

/// What may not be named, and why.
const FORBIDDEN: [(&str, &str); 13] = [
    ("tokio", "no tasks and timers"),
    ("aya::", "no eBPF"),
    ("rtnetlink", "no netlink"),
    ("std::fs", "no files"),
    ("std::thread", "no threads"),
    ("std::process", "no programs"),
    ("UdpSocket", "no sockets"),
    ("TcpStream", "no sockets"),
    ("TcpListener", "no sockets"),
    ("Instant::now", "the time is an argument"),
    ("SystemTime", "the time is an argument"),
    ("HashMap", "its order differs from run to run: use BTreeMap"),
    ("HashSet", "its order differs from run to run: use BTreeSet"),
];

/// Checks all sources of the engine but its tests.
pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut sources = Vec::new();
    for path in engine_files(&workspace.root().join("ipmp-ctl/src"))? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        sources.push((path, text));
    }
    let tests: Vec<PathBuf> = sources.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let mut found = Vec::new();
    for (path, text) in &sources {
        let module = path.with_extension("");
        if tests.iter().any(|test| module.starts_with(test)) {
            continue;
        }
        let shown = path.strip_prefix(workspace.root()).unwrap_or(path).display();
        found.extend(violations(text).into_iter().map(|(line, what)| format!("{shown}:{line}: {what}")));
    }
    if !found.is_empty() {
        bail!("the engine must stay pure:\n{}", found.join("\n"));
    }
    Ok(())
}

/// The modules that a source declares for tests only, as the paths of their files without `.rs`.
fn test_modules(path: &Path, source: &str) -> Vec<PathBuf> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]").filter_map(|pair| {
        let (_, name) = pair[1].strip_suffix(';')?.rsplit_once("mod ")?;
        Some(path.with_extension("").join(name))
    });
    declared.collect()
}

/// The engine's files, in the order of their names.
fn engine_files(sources: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![sources.join("engine")];
    while let Some(directory) = directories.pop() {
        let entries =
            fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.push(sources.join("engine.rs"));
    files.sort();
    Ok(files)
}

/// The line number and the description of each forbidden thing in a source.
fn violations(source: &str) -> Vec<(usize, String)> {
    let code = without_comments_and_tests(source);
    let mut found = Vec::new();
    let named_in_lines = code.iter().map(|(number, line)| (*number, line.clone()));
    for (number, text) in named_in_lines.chain(imports::paths(&code)) {
        for (word, why) in FORBIDDEN {
            let violation = (number, format!("{word}: {why}"));
            if names(&text, word) && !found.contains(&violation) {
                found.push(violation);
            }
        }
    }
    found.sort();
    found
}

/// The numbered lines of a source up to its inline test module, without comments.
fn without_comments_and_tests(source: &str) -> Vec<(usize, String)> {
    let lines: Vec<&str> = source.lines().collect();
    let is_test_module = |(index, line): &(usize, &&str)| {
        line.trim() == "#[cfg(test)]"
            && lines.get(index + 1).is_some_and(|next| next.trim_end().ends_with('{'))
    };
    let end = lines.iter().enumerate().find(is_test_module).map_or(lines.len(), |(index, _)| index);
    let code = lines[..end].iter().map(|line| line.split("//").next().unwrap_or_default().to_owned());
    code.enumerate().map(|(index, line)| (index + 1, line)).collect()
}

/// Whether a text has a word that is not the end of a longer one.
fn names(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}
