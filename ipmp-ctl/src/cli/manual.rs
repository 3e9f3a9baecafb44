//! `manual`, which packages are built with: the manual pages of section 1, made of the same definitions as `--help`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Command, CommandFactory as _};
use clap_mangen::Man;

use super::Cli;

/// `manual`.
#[derive(Debug, Args)]
pub(crate) struct ManualArgs {
    /// Directory for the pages; it is made
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes `ipmp-ctl.1` and a page for each command.
pub(super) fn run(args: &ManualArgs) -> anyhow::Result<()> {
    write(&args.directory).with_context(|| format!("writing manual pages into {}", args.directory.display()))
}

fn write(directory: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(directory)?;
    for (name, page) in pages()? {
        fs::write(directory.join(name), page)?;
    }
    Ok(())
}

/// The pages and the names of their files.
fn pages() -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    let pages = commands.map(page).collect::<Vec<_>>();
    pages.into_iter().chain([page(program)]).collect()
}

fn page(command: Command) -> anyhow::Result<(String, Vec<u8>)> {
    let version = concat!("ipmp-ctl ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).manual("IPMP for Linux").source(version);
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok((man.get_filename(), page))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_is_shown_has_a_page() {
        let pages = pages().expect("pages");
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        let cli = Cli::command();
        for command in cli.get_subcommands().filter(|command| !command.is_hide_set()) {
            let name = format!("ipmp-ctl-{}.1", command.get_name());
            assert!(names.contains(&name.as_str()), "{name} is not among {names:?}");
        }
        assert!(names.contains(&"ipmp-ctl.1"), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("manual") || name.contains("help")), "{names:?}");
    }

    #[test]
    fn a_page_has_usage_options_and_examples() {
        let pages = pages().expect("pages");
        let (_, page) = pages.iter().find(|(name, _)| name == "ipmp-ctl-stat.1").expect("the page of stat");
        let text = String::from_utf8_lossy(page);
        for part in [".TH ipmp-ctl-stat 1", "ipmp\\-ctl stat", "\\-\\-json", "HISTOGRAM"] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
