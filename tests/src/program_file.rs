//! Programs of the shell that a daemon is to run.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::residue;

/// A program and the directory in which it works and writes.
#[derive(Debug)]
pub struct ProgramFile {
    directory: TempDir,
}

impl ProgramFile {
    /// A program that does this.
    pub fn new(script: &str) -> Self {
        let program =
            Self { directory: TempDir::with_prefix(residue::PREFIX).expect("a temporary directory") };
        program.write(script);
        program
    }

    /// The program does this from now on.
    pub fn write(&self, script: &str) {
        let text = format!("#!/bin/sh\ncd '{}' || exit 9\n{script}\n", self.directory.path().display());
        // Written by another process: a copy of a descriptor that may write it, in a process that another test starts at
        // that moment, would make it "busy".
        let write = r#"printf '%s' "$2" > "$1.new" && chmod 700 "$1.new" && mv "$1.new" "$1""#;
        let mut shell = Command::new("sh");
        shell.args(["-c", write, "sh"]).arg(self.path()).arg(text).stdin(Stdio::null());
        assert!(shell.status().expect("there is a shell").success());
    }

    /// Its path.
    pub fn path(&self) -> PathBuf {
        self.beside("program")
    }

    /// A file in its directory.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What it has written to this file so far.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.beside(name)).unwrap_or_default()
    }

    /// The same, a line each.
    pub fn lines(&self, name: &str) -> Vec<String> {
        self.text(name).lines().map(str::to_owned).collect()
    }
}
