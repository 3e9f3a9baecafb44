//! What the machine must have before a command can do its work, and how it gets it.

use std::fmt::Write;

use anyhow::{Result, bail};

mod apt;
pub(crate) mod bpffs;
pub(crate) mod programs;
pub(crate) mod root;

#[cfg(test)]
mod tests;

/// Something that a command needs and the machine lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    /// What it is, and what for.
    pub(crate) what: String,
    /// The Debian packages that bring it.
    pub(crate) packages: Vec<String>,
    /// How to get it where there is no apt.
    pub(crate) otherwise: String,
}

/// Installs what is missing, or says in one message all that is missing and how to get it.
pub(crate) fn provide(needs: &[Need]) -> Result<()> {
    if needs.is_empty() {
        return Ok(());
    }
    if !apt::present() {
        bail!("{}", everything(needs));
    }
    let packages: Vec<&str> = needs.iter().flat_map(|need| &need.packages).map(String::as_str).collect();
    for need in needs {
        eprintln!("Missing: {} ({})", need.what, need.packages.join(" "));
    }
    apt::install(&packages).map_err(|why| why.context(everything(needs)))
}

/// The message that names everything that is missing.
fn everything(needs: &[Need]) -> String {
    let mut message = String::from("this machine lacks:");
    for need in needs {
        let _ = write!(
            message,
            "\n  * {}\n      Debian: apt-get install {}\n      elsewhere: {}",
            need.what,
            need.packages.join(" "),
            need.otherwise
        );
    }
    message
}
