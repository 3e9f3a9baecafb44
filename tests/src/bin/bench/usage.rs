//! What a wrong command line is answered with.

use clap::{CommandFactory, Error, error::ErrorKind};

use crate::Arguments;

/// Says what is wrong, and what benches there are if none was named rightly. Ends the program.
pub(crate) fn refuse(error: &Error) -> ! {
    if error.kind() == ErrorKind::InvalidSubcommand {
        eprint!("{}\n{}", error.render(), benches());
        std::process::exit(2);
    }
    error.exit()
}

/// The benches, one a line.
fn benches() -> String {
    let command = Arguments::command();
    let line = |bench: &clap::Command| {
        let about = bench.get_about().map(ToString::to_string).unwrap_or_default();
        format!("  {:<10} {about}\n", bench.get_name())
    };
    "Benches:\n".to_owned() + &command.get_subcommands().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_bench_is_listed() {
        let list = super::benches();
        for bench in ["outage", "throughput", "detect", "probes"] {
            assert!(list.lines().any(|line| line.trim_start().starts_with(bench)), "{bench} in:\n{list}");
        }
    }
}
