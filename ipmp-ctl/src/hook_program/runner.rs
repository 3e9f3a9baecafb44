//! The thread that runs the program.

use std::{
    sync::{Arc, mpsc::Receiver},
    time::Duration,
};

use super::{Order, counts::Counts, ending::Ending, run::Outcome};

/// The thread's state.
pub(super) struct Runner {
    ending: Ending,
    patience: Duration,
    counts: Arc<Counts>,
    /// Why the last run could not be started: a program that is missing is said once.
    unstarted: Option<String>,
}

impl Runner {
    pub(super) const fn new(ending: Ending, patience: Duration, counts: Arc<Counts>) -> Self {
        Self { ending, patience, counts, unstarted: None }
    }

    /// Runs the program for each order until there are no more.
    pub(super) fn work(mut self, queue: &Receiver<Order>) {
        let mut untold = 0_u64;
        for order in queue {
            if self.ending.is_over() {
                untold += 1;
                self.counts.leave_out();
                continue;
            }
            let outcome = order.run(self.patience, &mut self.ending);
            self.counts.note(&outcome);
            self.say(&order, outcome);
        }
        if untold > 0 {
            tracing::warn!("on-event: {untold} events were not told: the daemon has ended");
        }
    }

    fn say(&mut self, order: &Order, outcome: Outcome) {
        let (program, event) = (order.program.display(), &order.entry.event);
        if let Outcome::Unstarted(error) = outcome {
            let why = format!("on-event {program}: cannot be run: {error}");
            if self.unstarted.as_ref() != Some(&why) {
                tracing::error!("{why}; events are not told until it can be");
                self.unstarted = Some(why);
            }
            return;
        }
        if self.unstarted.take().is_some() {
            tracing::info!("on-event {program}: is run again");
        }
        match outcome {
            Outcome::Failed { status, said } => {
                tracing::warn!("on-event {program}: {status} for event {event:?}{}", quoted(&said));
            }
            Outcome::Killed { said } if self.ending.has_begun() => tracing::warn!(
                "on-event {program}: killed while it ran for event {event:?}, since the daemon ends{}",
                quoted(&said)
            ),
            Outcome::Killed { said } => tracing::warn!(
                "on-event {program}: killed, since it took longer than {:?} for event {event:?}{}",
                self.patience,
                quoted(&said)
            ),
            Outcome::Done | Outcome::Unstarted(_) => {}
        }
    }
}

/// The last line of what a program said, after what is said of the program.
fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it said: {said}") }
}
