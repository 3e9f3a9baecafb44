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
    /// What was wrong with the last run.
    trouble: Option<String>,
}

impl Runner {
    pub(super) const fn new(ending: Ending, patience: Duration, counts: Arc<Counts>) -> Self {
        Self { ending, patience, counts, trouble: None }
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

    /// Tells the operator how a run has ended: what is wrong once, until it is otherwise or right again.
    fn say(&mut self, order: &Order, outcome: Outcome) {
        let (program, event) = (order.program.display(), &order.entry.event);
        let trouble = match outcome {
            Outcome::Done => {
                if self.trouble.take().is_some() {
                    tracing::info!("on-event {program}: works again");
                }
                return;
            }
            Outcome::Unstarted(error) => {
                format!("cannot be run: {error}; events are not told until it can be")
            }
            Outcome::Failed { status, said } => format!("ends with {status}{}", quoted(&said)),
            Outcome::Killed { said } if self.ending.has_begun() => {
                format!("killed while it ran, since the daemon ends{}", quoted(&said))
            }
            Outcome::Killed { said } => {
                format!("killed, since it took longer than {:?}{}", self.patience, quoted(&said))
            }
        };
        if self.trouble.as_ref() != Some(&trouble) {
            tracing::warn!("on-event {program}: {trouble} (for event {event:?})");
            self.trouble = Some(trouble);
        }
    }
}

/// The last line of what a program said, after what is said of the program.
fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("; it said: {said}") }
}
