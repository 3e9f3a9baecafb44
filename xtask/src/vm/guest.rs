//! What the guest is told to do.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt::Write,
    path::{Path, PathBuf},
    process::Command,
};

use super::nics::Nics;
use crate::process;

#[cfg(test)]
mod tests;

/// Programs for root come last: a developer's own tools win.
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Takes the programs that benches start, and their libraries, into the guest's memory: touching a file copies it there. While
/// a guest whose clock counts instructions waits for this machine's files, its clock runs ahead.
const INTO_MEMORY: &str = "\
for program in ip bridge nft ethtool bpftool \"$IPMP_CTL\"; do
    file=$(command -v \"$program\") || continue
    ldd \"$file\" 2>/dev/null | sed -n 's,^[^/]*\\(/[^ ]*\\).*,\\1,p' | xargs -r touch -c -- \"$file\"
done
";

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
    results: Option<PathBuf>,
    nics: Nics,
}

/// The name by which the guest finds the directory of [`Job::results`].
pub(super) const RESULTS: &str = "results";

impl Job {
    /// Work in the directory that this program runs in.
    pub(super) fn new(work: Work) -> Self {
        let directory = env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let nics = Nics::new(0);
        Self { work, directory, environment: Vec::new(), counted: false, results: None, nics }
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

    /// With this directory of our machine, which the job can write to, at the same place in the guest.
    pub(super) fn results(mut self, directory: PathBuf) -> Self {
        self.results = Some(directory);
        self
    }

    /// The directory that the job can write to.
    pub(super) fn writable(&self) -> Option<&Path> {
        self.results.as_deref()
    }

    /// With these NICs.
    pub(super) fn nics(mut self, nics: Nics) -> Self {
        self.nics = nics;
        self
    }

    /// The NICs that the guest has.
    pub(super) fn hub(&self) -> Nics {
        self.nics
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
        if let Some(results) = &self.results {
            let place = quoted(results.as_os_str());
            let _ = writeln!(
                script,
                "mkdir -p {place} && mount -t 9p -o trans=virtio,version=9p2000.L {RESULTS} {place} || exit"
            );
        }
        if self.counted {
            script.push_str(INTO_MEMORY);
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
