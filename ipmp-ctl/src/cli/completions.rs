//! `completions`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, output};

const EXAMPLES: &str = "\
The package installs those of bash, zsh and fish. Without it:
  ipmp-ctl completions bash > /etc/bash_completion.d/ipmp-ctl
  ipmp-ctl completions zsh > /usr/local/share/zsh/site-functions/_ipmp-ctl
  ipmp-ctl completions fish > /etc/fish/completions/ipmp-ctl.fish";

/// `completions`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// Shell to print it for
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints the script that teaches a shell the commands and their options.
pub(super) fn run(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ipmp-ctl", &mut script);
    output::print(&String::from_utf8(script)?)
}
