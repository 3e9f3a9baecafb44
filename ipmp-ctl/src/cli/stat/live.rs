//! `stat -p`: a line for each probe, until Ctrl-C.

use std::{path::Path, time::Duration};

use ipmp_ctl::control::client::watch_probes;

use super::{names, terminal_height};
use crate::cli::{
    StatArgs, output,
    selection::select,
    table,
    views::probes::{ProbeRow, fields},
};

/// Shows probes as they are answered or lost.
pub(super) fn show(args: &StatArgs, socket: &Path) -> anyhow::Result<()> {
    let fields = fields();
    let selection = select(&fields, &args.fields, args.parsable)?;
    for name in &selection.ignored {
        output::warn(&format!("ignoring unknown output field '{name}'"));
    }
    let names = names(args);
    let mut probes = watch_probes(socket)?;
    for number in 0_usize.. {
        let is_new_page = !args.json && !args.parsable && number % table::per_page(terminal_height()) == 0;
        if is_new_page && !output::print_on(&table::header(&selection.fields))? {
            return Ok(());
        }
        let Some(line) = probes.next_line()? else {
            anyhow::bail!("the daemon has ended");
        };
        if line.missed > 0 {
            output::warn(&format!(
                "{} probes were left out: they come faster than they are read",
                line.missed
            ));
        }
        // Probes come fast: a name appears when it is there.
        names.ask([line.target], Duration::ZERO);
        let row = ProbeRow::new(line, &names);
        let text = if args.json {
            serde_json::to_string(&row)? + "\n"
        } else if args.parsable {
            table::parsable(&selection.fields, &[row])
        } else {
            table::line(&selection.fields, &row)
        };
        if !output::print_on(&text)? {
            return Ok(());
        }
    }
    Ok(())
}
