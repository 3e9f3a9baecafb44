//! A thread that writes files, so that the loop never waits for a disk.

use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::PathBuf,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use crate::state_file::{self, StateFile};

/// Something to write.
enum Job {
    /// The state file beside this socket.
    State(PathBuf, Box<StateFile>),
    /// More at the end of this file.
    Append(PathBuf, String),
    /// This file anew.
    Replace(PathBuf, String),
    /// Nothing: say when everything before has been written.
    Done(mpsc::Sender<()>),
}

/// The loop's end of the thread. When the last one goes, what is still to be written is written first.
#[derive(Clone, Debug)]
pub struct Scribe(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Scribe {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start() -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::Builder::new().name("scribe".to_owned()).spawn(move || write_all(&queue))?;
        Ok(Self(Arc::new(Inner { jobs: Some(jobs), thread: Some(thread) })))
    }

    /// Writes the state file beside this socket. Of several that wait the last one is written.
    pub fn state(&self, socket: PathBuf, state: StateFile) {
        self.send(Job::State(socket, Box::new(state)));
    }

    /// Writes more at the end of a file.
    pub fn append(&self, path: PathBuf, text: String) {
        self.send(Job::Append(path, text));
    }

    /// Writes a file anew.
    pub fn replace(&self, path: PathBuf, text: String) {
        self.send(Job::Replace(path, text));
    }

    /// Waits until everything has been written.
    pub fn wait(&self) {
        let (done, written) = mpsc::channel();
        self.send(Job::Done(done));
        // An error means that the thread has ended, and there is nothing to wait for.
        let _ = written.recv();
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.0.jobs {
            // The thread ends only after this value.
            drop(jobs.send(job));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.jobs = None;
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn write_all(queue: &mpsc::Receiver<Job>) {
    // What was last complained of: a disk that is full is said once.
    let mut complaint = String::new();
    while let Ok(first) = queue.recv() {
        let mut newest = None;
        let mut done = Vec::new();
        for job in std::iter::once(first).chain(queue.try_iter()) {
            let (path, written) = match job {
                Job::State(socket, state) => {
                    newest = Some((socket, state));
                    continue;
                }
                Job::Done(waiting) => {
                    done.push(waiting);
                    continue;
                }
                Job::Append(path, text) => {
                    let file =
                        File::options().append(true).create(true).custom_flags(libc::O_NOFOLLOW).open(&path);
                    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
                    (path, written)
                }
                Job::Replace(path, text) => {
                    let written = state_file::replace(&path, text.as_bytes());
                    (path, written)
                }
            };
            complain(&mut complaint, written.err().map(|error| format!("{}: {error}", path.display())));
        }
        if let Some((socket, state)) = newest {
            let why = state.write(&socket).err().map(|error| {
                format!(
                    "{}: {error}; `ipmp-ctl down` without a daemon will need --netns and --pins, and the next daemon will judge \
                     all members anew",
                    StateFile::path(&socket).display()
                )
            });
            complain(&mut complaint, why);
        }
        // Whoever no longer waits need not be told.
        for waiting in done {
            let _ = waiting.send(());
        }
    }
}

fn complain(last: &mut String, why: Option<String>) {
    if let Some(why) = why.filter(|why| why != last) {
        tracing::warn!("{why}");
        *last = why;
    }
}
