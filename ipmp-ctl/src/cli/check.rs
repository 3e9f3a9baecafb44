//! `check`.

use anyhow::bail;
use ipmp_ctl::config::{Config, Report};

use super::{CheckArgs, output};

/// Validates a configuration.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let outcome = Config::load(&args.config);
    let report = Report::new(&args.config, &outcome).to_string();
    if let Err(errors) = &outcome {
        output::complain(&report);
        let count = errors.problems.len();
        bail!("{}: {count} error{}", args.config.display(), if count == 1 { "" } else { "s" });
    }
    let (verdict, warnings) = report.split_once('\n').unwrap_or((&report, ""));
    if !warnings.is_empty() {
        output::complain(warnings);
    }
    output::print(&format!("{verdict}\n"))
}
