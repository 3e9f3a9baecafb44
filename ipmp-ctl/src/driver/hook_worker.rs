//! A thread that attaches and detaches programs.
//!
//! The kernel takes tens of milliseconds for either, and the loop must not wait for it. One thread for all, and not one
//! for each, because the order matters: a slot's old program must be gone before its number is used again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    dataplane::{
        group_path::{Attached, MemberAttach, PathError},
        hook::{Place, xdp::Mode},
    },
    engine::assignment::SlotLink,
    kernel::ethtool,
};

/// Longest wait for an interface that a program at its driver has reset.
const RESET: Duration = Duration::from_secs(10);

/// How often to look whether it is over.
const LOOK: Duration = Duration::from_millis(50);

/// Something to do.
enum Job {
    Attach { group: String, work: Box<MemberAttach> },
    Detach { group: String, attached: Box<Attached> },
}

/// What became of an attachment.
pub struct Outcome {
    /// The group.
    pub group: String,
    /// Where it was for.
    pub place: Place,
    /// The member.
    pub link: SlotLink,
    /// The program at its place, or why it is not.
    pub result: Result<Attached, PathError>,
}

/// The thread's end of the loop.
pub struct HookWorker {
    jobs: mpsc::Sender<Job>,
    /// Attachments on their way: group and place.
    pending: BTreeMap<(String, Place), SlotLink>,
}

/// The thread.
struct Hooks {
    outcomes: UnboundedSender<Outcome>,
    /// The newest attachment at each place: what came before has lost its place, and its pin, to it.
    newest: BTreeMap<(String, Place), u64>,
    count: u64,
    /// Programs for drivers: they wait until nothing else is to be done.
    drivers: VecDeque<(String, Box<MemberAttach>)>,
    /// An interface whose driver may be resetting it, and until when to wait for it at most.
    resetting: Option<(String, Instant)>,
}

impl Hooks {
    fn run(mut self, queue: &mpsc::Receiver<Job>) {
        loop {
            let job = if self.drivers.is_empty() {
                queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                queue.recv_timeout(LOOK)
            };
            match job {
                Ok(Job::Attach { group, work }) if matches!(work.place, Place::MemberDriver(..)) => {
                    self.drivers.push_back((group, work));
                }
                Ok(Job::Attach { group, work }) => self.attach(group, *work),
                Ok(Job::Detach { group, attached }) => self.detach(&group, *attached),
                Err(RecvTimeoutError::Timeout) => self.next_driver(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    fn attach(&mut self, group: String, work: MemberAttach) {
        let (place, link) = (work.place, work.link);
        self.count += 1;
        let result = work.run(self.count);
        if result.is_ok() {
            self.newest.insert((group.clone(), place), self.count);
        }
        // The receiver goes only when the daemon ends.
        drop(self.outcomes.send(Outcome { group, place, link, result }));
    }

    fn detach(&self, group: &str, attached: Attached) {
        let superseded = self.newest.get(&(group.to_owned(), attached.place));
        if superseded.is_some_and(|&newest| newest > attached.number) {
            attached.abandon();
        } else if let Err(error) = attached.detach() {
            tracing::warn!(group, "{error}");
        }
    }

    /// Puts a program at the next driver, unless the last one is still resetting its interface: a group must not lose
    /// several members at once to it.
    fn next_driver(&mut self) {
        let is_back = |interface: &str| ethtool::glink(interface).unwrap_or(true);
        if let Some((interface, until)) = &self.resetting
            && Instant::now() < *until
            && !is_back(interface)
        {
            return;
        }
        self.resetting = None;
        let Some((group, work)) = self.drivers.pop_front() else { return };
        let interface = work.interface().to_owned();
        if matches!(work.place, Place::MemberDriver(_, Mode::Native)) && is_back(&interface) {
            self.resetting = Some((interface, Instant::now() + RESET));
        }
        self.attach(group, *work);
    }
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
            let hooks = Hooks {
                outcomes,
                newest: BTreeMap::new(),
                count: 0,
                drivers: VecDeque::new(),
                resetting: None,
            };
            hooks.run(&queue);
        })?;
        Ok(Self { jobs, pending: BTreeMap::new() })
    }

    /// Attaches a program, unless that is on its way already.
    pub fn attach(&mut self, group: &str, work: MemberAttach) {
        let key = (group.to_owned(), work.place);
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
        let key = (outcome.group.clone(), outcome.place);
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
