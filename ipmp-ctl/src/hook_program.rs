//! `on-event`: a program of the operator's that is run for each event.
//!
//! The loop puts events into a queue of bounded length and never waits. A thread takes them out, one at a time and in order,
//! and runs the program (`run`) with the event's JSON on its standard input. What finds no place in the queue is left out,
//! counted, and told to the next run. A program that hangs is killed with everything in its process group.

mod counts;
mod ending;
mod run;
mod runner;
#[cfg(test)]
mod tests;

use std::{
    io::{self, PipeWriter, pipe},
    path::Path,
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use self::{counts::Counts, ending::Ending, runner::Runner};
pub use self::{counts::RunCounts, run::unfit};
use crate::journal::Entry;

/// Events that may wait for the program.
const WAITING: usize = 256;

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the runs may take altogether that are still to come when the daemon ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// An event on its way to the program.
#[derive(Debug)]
struct Order {
    /// The program that was configured when it happened.
    program: Arc<Path>,
    entry: Entry,
    /// Events before this one that were left out.
    missed: u64,
}

/// The loop's end. When it goes, what still waits is told within 2 seconds, and nothing is left running.
#[derive(Debug)]
pub struct HookProgram {
    program: Option<Arc<Path>>,
    thread: Option<Thread>,
    counts: Arc<Counts>,
    /// Events left out since the last one that was taken.
    missed: u64,
    /// How long one run may take.
    patience: Duration,
    /// How long the runs may take altogether that are still to come when this value goes.
    last_words: Duration,
}

#[derive(Debug)]
struct Thread {
    orders: SyncSender<Order>,
    /// Closed when the daemon ends.
    alive: PipeWriter,
    handle: JoinHandle<()>,
}

impl Default for HookProgram {
    fn default() -> Self {
        Self::patient(PATIENCE, LAST_WORDS)
    }
}

impl HookProgram {
    fn patient(patience: Duration, last_words: Duration) -> Self {
        Self { program: None, thread: None, counts: Arc::default(), missed: 0, patience, last_words }
    }

    /// From now on this program is run; `None`: none. What waits goes to the one before.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn set(&mut self, program: Option<&Path>) -> io::Result<()> {
        if program.is_some() && self.thread.is_none() {
            self.thread = Some(self.start()?);
        }
        self.program = program.map(Arc::from);
        Ok(())
    }

    /// The program, if there is one.
    pub fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Has the program told of this event. Does not wait.
    pub fn tell(&mut self, entry: &Entry) {
        let (Some(program), Some(thread)) = (&self.program, &self.thread) else { return };
        let order = Order { program: Arc::clone(program), entry: entry.clone(), missed: self.missed };
        match thread.orders.try_send(order) {
            Ok(()) => self.missed = 0,
            // The thread ends only after this value.
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                if self.missed == 0 {
                    tracing::warn!(
                        "on-event {}: {WAITING} events wait for it already: more are left out until it catches up",
                        program.display()
                    );
                }
                self.missed += 1;
                self.counts.leave_out();
            }
        }
    }

    /// What became of the events so far.
    pub fn counts(&self) -> RunCounts {
        self.counts.read()
    }

    fn start(&self) -> io::Result<Thread> {
        let (orders, queue) = sync_channel(WAITING);
        let (ended, alive) = pipe()?;
        let runner =
            Runner::new(Ending::new(ended, self.last_words), self.patience, Arc::clone(&self.counts));
        let handle = thread::Builder::new().name("on-event".to_owned()).spawn(move || runner.work(&queue))?;
        Ok(Thread { orders, alive, handle })
    }
}

impl Drop for HookProgram {
    fn drop(&mut self) {
        if let Some(Thread { orders, alive, handle }) = self.thread.take() {
            drop(orders);
            drop(alive);
            // A thread that has panicked has said so.
            drop(handle.join());
        }
    }
}
