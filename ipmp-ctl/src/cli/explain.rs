//! `explain`.

use std::path::Path;

use anyhow::bail;
use clap::Args;
use ipmp_ctl::{
    control::{
        client::ask,
        protocol::{Explained, HeardStatus, Reply, Request},
    },
    journal::local,
};

use super::output;

#[cfg(test)]
mod tests;

const EXAMPLES: &str = "\
The time that a repair takes at least is counted from now; what a cable or an administrator has to do comes on top.
Times of probes are how long ago the last one was answered, or given up as lost.

Examples:
  ipmp-ctl explain eth1
  ipmp-ctl explain eth1 --json";

/// `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// Interface of the member
    #[arg(value_name = "IFACE")]
    interface: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Says why a member is in its state.
pub(super) fn run(args: &ExplainArgs, socket: &Path) -> anyhow::Result<()> {
    match ask(socket, &Request::Explain { interface: args.interface.clone() })? {
        Reply::Explained(explained) if args.json => output::print_json(&explained),
        Reply::Explained(explained) => output::print(&text(&explained)),
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}

/// The answer for people.
fn text(explained: &Explained) -> String {
    let Explained { interface, group, state, active, why, link, carrier_changes, .. } = explained;
    let carries = if *active { "carries traffic" } else { "carries no traffic" };
    let mut lines = vec![format!("{interface} of group {group} is {state} and {carries}: {why}.")];
    lines.push(format!("  link: {link}; it has changed {carrier_changes} times since the daemon began"));
    lines.extend(explained.heard.iter().map(|heard| format!("  probes: {}", probes(heard))));
    if !explained.needs.is_empty() {
        lines.push("For it to carry traffic:".to_owned());
        lines.extend(explained.needs.iter().map(|need| format!("  - {need}")));
        lines.extend(explained.at_least_ms.map(|ms| format!("  That takes {} at least.", seconds(ms))));
    }
    if !explained.history.is_empty() {
        lines.push("What happened to it:".to_owned());
        lines.extend(explained.history.iter().map(|event| {
            let cause = event.cause.as_ref().map(|cause| format!(" ({cause})")).unwrap_or_default();
            format!("  {}  {}{cause}: {}", local(event.time_us), event.event, event.text)
        }));
    }
    lines.join("\n") + "\n"
}

fn probes(heard: &HeardStatus) -> String {
    let ago = |what: &str, ms: Option<u64>| match ms {
        Some(ms) => format!("last {what} {} ago", seconds(ms)),
        None => format!("none {what} of late"),
    };
    let from = heard.test_address.map(|from| format!(" from {from}")).unwrap_or_default();
    let row = match (heard.answers, heard.losses) {
        (0, 0) => String::new(),
        (0, lost) => format!(", {lost} lost in a row"),
        (answered, _) => format!(", {answered} answered in a row"),
    };
    let (answered, lost) = (ago("answered", heard.answered_ms_ago), ago("lost", heard.lost_ms_ago));
    format!("{}{from}: {answered}, {lost}{row}", heard.target)
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1e3)
}
