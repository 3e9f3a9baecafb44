//! `stat --watch`: a view again and again, until Ctrl-C or until nobody reads on.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    thread::sleep,
    time::Duration,
};

use ipmp_ctl::control::{
    client::{ClientError, ask},
    protocol::{Reply, Request},
};

use super::{Page, View};
use crate::cli::output;

/// Clears the screen, and goes to its upper left corner.
const CLEAR: &str = "\x1b[H\x1b[2J";

/// Shows the view every `interval`. The daemon has to be there at the start; later it may go and come back.
pub(super) fn watch<V: View>(page: &Page<'_, V>, socket: &Path, interval: Duration) -> anyhow::Result<()> {
    let clear = if io::stdout().is_terminal() && !page.args.json && !page.args.parsable { CLEAR } else { "" };
    let mut status = super::ask_status(socket)?;
    let mut is_lost = false;
    loop {
        if !output::print_on(&format!("{clear}{}", page.text(&status)?))? {
            return Ok(());
        }
        loop {
            sleep(interval);
            match ask(socket, &Request::Status) {
                Ok(Reply::Status(next)) => {
                    if std::mem::take(&mut is_lost) {
                        output::warn("the daemon is back");
                    }
                    status = next;
                    break;
                }
                Ok(other) => return Err(output::misplaced(&other)),
                Err(error @ ClientError::BadReply { .. }) => return Err(error.into()),
                Err(error) => {
                    if !std::mem::replace(&mut is_lost, true) {
                        output::warn(&format!("{error}; what is shown is from before, it is asked again"));
                    }
                    // There is nothing to write that would tell.
                    if output::is_reader_gone() {
                        return Ok(());
                    }
                }
            }
        }
    }
}
