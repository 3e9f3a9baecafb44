//! What the guest is told to do.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt::Write,
    path::PathBuf,
    process::Command,
};

use crate::process;

#[cfg(test)]
mod tests;

/// Programs for root come last: a developer's own tools win.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the guest runs, as root.
#[derive(Debug)]
pub(super) enum Work {
    /// A shell on the terminal.
    Shell,
    /// A command whose output goes to ours.
    Command(Vec<OsString>),
    /// Lines for the shell whose output goes to ours.
    Script(String),
}

/// Work and what surrounds it.
#[derive(Debug)]
pub(super) struct Job {
    work: Work,
    directory: PathBuf,
    environment: Vec<(String, OsString)>,
    counted: bool,
}

impl Job {
    /// Work in the directory that this program runs in.
    pub(super) fn new(work: Work) -> Self {
        let directory = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { work, directory, environment: Vec::new(), counted: false }
    }

    /// With an environment variable more.
    pub(super) fn environment(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// On one processor whose clock counts instructions: one a nanosecond, whatever the load of this machine.
    pub(super) fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Whether the guest's clock counts instructions.
    pub(super) fn is_counted(&self) -> bool {
        self.counted
    }

    /// Whether it talks with a person.
    pub(super) fn is_interactive(&self) -> bool {
        matches!(self.work, Work::Shell)
    }

    /// The script that the guest's shell runs.
    pub(super) fn script(&self) -> String {
        let mut script = format!("export HOME=/root LC_ALL=C.UTF-8 PATH={SYSTEM_PATH}\n");
        for (name, value) in &self.environment {
            let _ = writeln!(script, "export {name}={}", quoted(value));
        }
        let _ = writeln!(script, "cd {}", quoted(self.directory.as_os_str()));
        match &self.work {
            Work::Shell => {
                let _ = writeln!(script, "{}exec bash -i", terminal());
            }
            Work::Command(words) => {
                script.push_str("exec");
                for word in words {
                    let _ = write!(script, " {}", quoted(word));
                }
                script.push('\n');
            }
            Work::Script(lines) => script.push_str(lines),
        }
        script
    }
}

/// The line that tells the guest's terminal how large ours is and what it understands.
fn terminal() -> String {
    let kind = env::var_os("TERM").unwrap_or_else(|| "vt100".into());
    let mut line = format!("export TERM={}; ", quoted(&kind));
    let size = process::capture(Command::new("stty").args(["-F", "/dev/tty", "size"])).unwrap_or_default();
    if let Some((rows, columns)) = size.trim().split_once(' ') {
        let _ = write!(line, "stty rows {rows} cols {columns}; ");
    }
    line
}

/// A word that the shell takes as it is.
pub(super) fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_string_lossy().replace('\'', r"'\''"))
}
