//! `check`.

use anyhow::bail;
use ipmp_ctl::{
    config::{Config, Report},
    kernel::netns,
    link_check::{self, Severity},
};

use super::{CheckArgs, firewall, output};

/// Validates a configuration, and warns of firewall rules that the groups in it make void; or looks whether members share
/// one link.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let outcome = Config::load_strictly(&args.config);
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
    if let Some(namespace) = &args.netns {
        netns::enter(namespace)?;
    }
    for warning in firewall::warnings(config) {
        output::warn(&warning);
    }
    if args.link { check_links(config) } else { Ok(()) }
}

fn check_links(config: &Config) -> anyhow::Result<()> {
    let mut errors = 0;
    for finding in link_check::check(config)? {
        match finding.severity {
            Severity::Fine => output::print(&format!("{}\n", finding.text))?,
            Severity::Warning => output::warn(&finding.text),
            Severity::Error => {
                errors += 1;
                output::complain(&finding.text);
            }
        }
    }
    if errors > 0 {
        bail!("members do not share one link, or it is not proved that they do");
    }
    Ok(())
}
