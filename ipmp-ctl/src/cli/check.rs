//! `check`.

use anyhow::bail;
use ipmp_ctl::config::{Config, Report};

use super::{CheckArgs, firewall, output};

/// Validates a configuration, and warns of firewall rules that the groups in it make void.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let outcome = Config::load(&args.config);
    let report = Report::new(&args.config, &outcome).to_string();
    let (config, _) = match &outcome {
        Ok(valid) => valid,
        Err(errors) => {
            output::complain(&report);
            let count = errors.problems.len();
            bail!("{}: {count} error{}", args.config.display(), if count == 1 { "" } else { "s" });
        }
    };
    let (verdict, warnings) = report.split_once('\n').unwrap_or((&report, ""));
    output::print(&format!("{verdict}\n"))?;
    if !warnings.is_empty() {
        output::complain(warnings);
    }
    for warning in firewall::warnings(config) {
        output::warn(&warning);
    }
    Ok(())
}
