//! `top`: a live screen.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    sync::mpsc::Receiver,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::DefaultTerminal;
use rustix::event::{PollFd, PollFlags, Timespec};

use self::{feed::News, model::Model};
use super::stat::ask_status;

mod feed;
mod model;
mod screen;
mod signals;
#[cfg(test)]
mod tests;

/// How often keys and signals are looked at.
const BEAT: Duration = Duration::from_millis(100);

const NOTES: &str = "\
Keys: up, down or Tab choose a group, ? shows help, q or Ctrl-C quits. Only what has changed is sent to the terminal; over a
slow line a longer --interval helps. The daemon may be started again meanwhile.

Example:
  ipmp-ctl top --interval 5";

/// `top`.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(crate) struct TopArgs {
    /// Time between two looks at the daemon
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = super::watch_interval)]
    interval: f64,
}

/// Shows the screen until somebody quits.
pub(super) fn run(args: &TopArgs, socket: &Path) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        bail!("top needs a terminal for its input and output; `ipmp-ctl stat --watch` does not");
    }
    let mut model = Model::default();
    model.learn(News::Status(ask_status(socket)?), Instant::now());
    let news = feed::start(socket, Duration::from_secs_f64(args.interval));
    let ended = signals::ended()?;
    let mut terminal = ratatui::try_init().context("cannot set the terminal up")?;
    let outcome = show(&mut terminal, &mut model, &news, &ended);
    ratatui::restore();
    outcome
}

fn show(
    terminal: &mut DefaultTerminal,
    model: &mut Model,
    news: &Receiver<News>,
    ended: &signals::Ended,
) -> anyhow::Result<()> {
    let mut is_stale = true;
    while !ended.is_set() {
        for told in news.try_iter() {
            model.learn(told, Instant::now());
            is_stale = true;
        }
        if is_stale {
            terminal.draw(|frame| screen::draw(frame, model)).context("cannot write to the terminal")?;
        }
        let event = next_event();
        if has_hung_up() {
            break;
        }
        let event = event.context("cannot read from the terminal")?;
        is_stale = event.is_some();
        if let Some(Event::Key(key)) = event
            && key.kind == KeyEventKind::Press
            && !obey(key, model)
        {
            break;
        }
    }
    Ok(())
}

/// What comes within a beat.
fn next_event() -> io::Result<Option<Event>> {
    if event::poll(BEAT)? { event::read().map(Some) } else { Ok(None) }
}

/// Whether the terminal has gone: its window is closed, its connection lost. Not everybody whom it leaves is told by a signal.
fn has_hung_up() -> bool {
    let stdin = io::stdin();
    let mut terminal = [PollFd::new(&stdin, PollFlags::empty())];
    let asked = rustix::event::poll(&mut terminal, Some(&Timespec::default()));
    asked.is_ok() && terminal[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}

/// Does what a key says; whether to go on.
fn obey(key: KeyEvent, model: &mut Model) -> bool {
    match key.code {
        KeyCode::Char('q') => return false,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return false,
        KeyCode::Down | KeyCode::Tab | KeyCode::Char('j') => model.choose(1),
        KeyCode::Up | KeyCode::BackTab | KeyCode::Char('k') => model.choose(-1),
        KeyCode::Char('?') => model.help = !model.help,
        _ => model.help = false,
    }
    true
}
