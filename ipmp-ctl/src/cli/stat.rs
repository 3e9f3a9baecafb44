//! `stat`.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
    marker::PhantomData,
    path::Path,
    time::Duration,
};

use anyhow::bail;
use ipmp_ctl::control::{
    client::ask,
    protocol::{Reply, Request, Status},
};

use super::{
    StatArgs,
    names::{self, Names},
    output,
    selection::select,
    table,
    views::{Addresses, Groups, Interfaces, Targets, View},
};

mod live;
mod watch;

/// Shows one view.
pub(super) fn run(args: &StatArgs, socket: &Path) -> anyhow::Result<()> {
    if args.interfaces {
        show::<Interfaces>(args, socket)
    } else if args.addresses {
        show::<Addresses>(args, socket)
    } else if args.targets {
        show::<Targets>(args, socket)
    } else if args.probes {
        live::show(args, socket)
    } else {
        show::<Groups>(args, socket)
    }
}

fn show<V: View>(args: &StatArgs, socket: &Path) -> anyhow::Result<()> {
    let fields = V::fields();
    let selection = select(&fields, &args.fields, args.parsable)?;
    for name in &selection.ignored {
        output::warn(&format!("ignoring unknown output field '{name}'"));
    }
    let page = Page::<V> { args, names: names(args), view: PhantomData };
    if let Some(seconds) = args.watch {
        return watch::watch(&page, socket, Duration::from_secs_f64(seconds));
    }
    output::print(&page.text(&ask_status(socket)?)?)
}

/// The names that are to be shown: none for programs.
fn names(args: &StatArgs) -> Names {
    if args.numeric || args.parsable || args.json { Names::numeric() } else { Names::resolved() }
}

/// One view, as the command line wants it.
struct Page<'a, V> {
    args: &'a StatArgs,
    names: Names,
    view: PhantomData<V>,
}

impl<V: View> Page<'_, V> {
    /// All of it.
    fn text(&self, status: &Status) -> anyhow::Result<String> {
        self.names.ask(V::addresses(status), names::PATIENCE);
        let lines = V::lines(status, &self.names);
        if self.args.json {
            return Ok(serde_json::to_string(&BTreeMap::from([(V::KEY, lines)]))? + "\n");
        }
        let fields = V::fields();
        let selection = select(&fields, &self.args.fields, self.args.parsable)?;
        Ok(if self.args.parsable {
            table::parsable(&selection.fields, &lines)
        } else {
            table::human(&selection.fields, &lines, terminal_height())
        })
    }
}

/// Asks the daemon how everything is.
pub(super) fn ask_status(socket: &Path) -> anyhow::Result<Status> {
    match ask(socket, &Request::Status)? {
        Reply::Status(status) => Ok(status),
        Reply::Refused { reason } => bail!(reason),
        other => Err(output::misplaced(&other)),
    }
}

/// Lines of the terminal; `None` if standard output is none. A terminal that does not know is taken for one of 24.
fn terminal_height() -> Option<usize> {
    let stdout = io::stdout();
    let rows = || rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_row);
    stdout.is_terminal().then(rows).map(|rows| if rows == 0 { 24 } else { rows.into() })
}
