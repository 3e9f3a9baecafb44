//! A thread that attaches and detaches programs.
//!
//! The kernel takes tens of milliseconds for either, and the loop must not wait for it. One thread for all, and not one
//! for each, because the order matters: a slot's old program must be gone before its number is used again.

use std::{collections::BTreeMap, sync::mpsc, thread};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    dataplane::group_path::{Attached, MemberAttach, PathError},
    engine::assignment::SlotLink,
};

/// Something to do.
enum Job {
    Attach { group: String, work: Box<MemberAttach> },
    Detach { group: String, attached: Box<Attached> },
}

/// What became of an attachment.
pub struct Outcome {
    /// The group.
    pub group: String,
    /// The slot that it was for.
    pub slot: u16,
    /// The member.
    pub link: SlotLink,
    /// The program at its place, or why it is not.
    pub result: Result<Attached, PathError>,
}

/// The thread's end of the loop.
pub struct HookWorker {
    jobs: mpsc::Sender<Job>,
    /// Attachments on their way: group and slot.
    pending: BTreeMap<(String, u16), SlotLink>,
}

impl HookWorker {
    /// Starts the thread. It ends with this value. Outcomes arrive at `outcomes`.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(outcomes: UnboundedSender<Outcome>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let runtime = tokio::runtime::Handle::current();
        thread::Builder::new().name("hooks".to_owned()).spawn(move || {
            // Readers of the programs' logs are tasks of the runtime.
            let _context = runtime.enter();
            // The newest attachment at each slot: what came before has lost its place, and its pin, to it.
            let mut newest: BTreeMap<(String, u16), u64> = BTreeMap::new();
            let mut count = 0;
            while let Ok(job) = queue.recv() {
                match job {
                    Job::Attach { group, work } => {
                        let (slot, link) = (work.slot, work.link);
                        count += 1;
                        let result = work.run(count);
                        if result.is_ok() {
                            newest.insert((group.clone(), slot), count);
                        }
                        // The receiver goes only when the daemon ends.
                        drop(outcomes.send(Outcome { group, slot, link, result }));
                    }
                    Job::Detach { group, attached } => {
                        let superseded = newest.get(&(group.clone(), attached.slot));
                        if superseded.is_some_and(|&newest| newest > attached.number) {
                            attached.abandon();
                        } else if let Err(error) = attached.detach() {
                            tracing::warn!(group, "{error}");
                        }
                    }
                }
            }
        })?;
        Ok(Self { jobs, pending: BTreeMap::new() })
    }

    /// Attaches a program, unless that is on its way already.
    pub fn attach(&mut self, group: &str, work: MemberAttach) {
        let key = (group.to_owned(), work.slot);
        if self.pending.insert(key, work.link) == Some(work.link) {
            return;
        }
        self.send(Job::Attach { group: group.to_owned(), work: Box::new(work) });
    }

    /// Detaches a program.
    pub fn detach(&self, group: &str, attached: Attached) {
        self.send(Job::Detach { group: group.to_owned(), attached: Box::new(attached) });
    }

    /// Notes that an outcome has arrived.
    pub fn arrived(&mut self, outcome: &Outcome) {
        let key = (outcome.group.clone(), outcome.slot);
        if self.pending.get(&key) == Some(&outcome.link) {
            self.pending.remove(&key);
        }
    }

    /// Whether attachments of `group` are on their way.
    pub fn is_busy(&self, group: &str) -> bool {
        self.pending.keys().any(|(name, _)| name == group)
    }

    fn send(&self, job: Job) {
        // The thread ends only after this value.
        drop(self.jobs.send(job));
    }
}
