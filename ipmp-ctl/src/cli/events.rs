//! `events`.

use std::path::Path;

use anyhow::{Context as _, bail};
use ipmp_ctl::{
    control::{
        client::{ClientError, events},
        protocol::Event,
    },
    journal::{self, Row},
};

use self::view::fields;
use super::{EventsArgs, output, table};

mod view;

/// Shows what happened, and with `--follow` what happens.
pub(super) fn run(args: &EventsArgs, socket: &Path) -> anyhow::Result<()> {
    let mut printer = Printer { json: args.json, begun: false };
    let mut lines = match events(socket, args.follow) {
        Err(ClientError::NotRunning { .. }) => return without_daemon(args, socket, &mut printer),
        lines => lines?,
    };
    while let Some(event) = lines.next_line()? {
        if !printer.print(event)? {
            return Ok(());
        }
    }
    if args.follow {
        bail!("the daemon has ended");
    }
    printer.finish()
}

/// Shows what the last daemon has written down.
fn without_daemon(args: &EventsArgs, socket: &Path, printer: &mut Printer) -> anyhow::Result<()> {
    let path = journal::path(socket);
    let past = journal::read(socket).with_context(|| format!("{}", path.display()))?;
    let Some(past) = past else {
        bail!(
            "no daemon runs at {}, and there is no history in {}: name the daemon's socket with --socket",
            socket.display(),
            path.display()
        );
    };
    if args.follow {
        bail!(
            "no daemon runs at {}: there is nothing to follow; without --follow the history of the last one is shown",
            socket.display()
        );
    }
    output::warn(&format!("no daemon runs at {}: this is the history of the last one", socket.display()));
    for event in past {
        if !printer.print(event)? {
            return Ok(());
        }
    }
    printer.finish()
}

/// Prints events.
struct Printer {
    json: bool,
    /// Whether there was one.
    begun: bool,
}

impl Printer {
    /// Prints one; whether somebody reads on.
    fn print(&mut self, event: Event) -> anyhow::Result<bool> {
        let row = Row::from(event);
        if self.json {
            return output::print_on(&row.line());
        }
        let fields = fields();
        let fields: Vec<_> = fields.iter().collect();
        let header =
            if std::mem::replace(&mut self.begun, true) { String::new() } else { table::header(&fields) };
        output::print_on(&(header + &table::line(&fields, &row)))
    }

    /// Prints the header of an empty table.
    fn finish(&self) -> anyhow::Result<()> {
        if self.json || self.begun {
            return Ok(());
        }
        output::print(&table::header(&fields().iter().collect::<Vec<_>>()))
    }
}
