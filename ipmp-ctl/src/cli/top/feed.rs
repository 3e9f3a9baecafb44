//! What the daemon says, fetched beside the screen: a daemon that hangs must not stop the keys.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use ipmp_ctl::control::{
    client::events,
    protocol::{Event, Status},
};

use crate::cli::stat::ask_status;

/// News that may wait for the screen.
const WAITING: usize = 64;

/// What there is to learn.
pub(super) enum News {
    /// How everything is.
    Status(Status),
    /// Why that cannot be said.
    Lost(String),
    /// The events are told from their beginning.
    Afresh,
    /// Something happened.
    Happened(Event),
}

/// Begins to ask every `interval`.
pub(super) fn start(socket: &Path, interval: Duration) -> Receiver<News> {
    let (sender, news) = sync_channel(WAITING);
    let (path, teller) = (socket.to_owned(), sender.clone());
    thread::spawn(move || {
        loop {
            thread::sleep(interval);
            let told = ask_status(&path).map_or_else(|error| News::Lost(error.to_string()), News::Status);
            if teller.send(told).is_err() {
                return;
            }
        }
    });
    let path = socket.to_owned();
    thread::spawn(move || {
        while follow(&path, &sender).is_some() {
            thread::sleep(interval);
        }
    });
    news
}

/// Tells what happens for as long as the daemon does; `None`: nobody listens.
fn follow(socket: &Path, sender: &SyncSender<News>) -> Option<()> {
    let Ok(mut lines) = events(socket, true) else { return Some(()) };
    sender.send(News::Afresh).ok()?;
    while let Ok(Some(event)) = lines.next_line() {
        sender.send(News::Happened(event)).ok()?;
    }
    Some(())
}
