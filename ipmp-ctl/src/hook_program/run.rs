//! One run of the program, for one event.

use std::{
    fs,
    io::{self, ErrorKind, Write as _},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::PermissionsExt as _, process::CommandExt as _},
    },
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};

use super::{Order, ending::Ending};
use crate::journal::Row;

/// Where the program finds others, whatever the daemon was started with.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Bytes of what the program says last that are looked at.
const LAST_SAID: usize = 512;

/// What became of a run.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It ended well.
    Done,
    /// It ended with an error.
    Failed {
        /// Which.
        status: ExitStatus,
        /// Its last line.
        said: String,
    },
    /// It took too long.
    Killed {
        /// Its last line.
        said: String,
    },
    /// It could not be started.
    Unstarted(io::Error),
}

/// What keeps a file from being run for events, and what to do; `None`: nothing that can be seen from here.
pub fn unfit(program: &Path) -> Option<String> {
    let about = match fs::metadata(program) {
        Ok(about) => about,
        // Who may not look there, such as a user who checks a configuration, cannot tell.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
        Err(error) => return Some(format!("{error}; put the program there, or correct the path")),
    };
    let mode = about.permissions().mode();
    if !about.is_file() {
        return Some("is not a file; name a program".to_owned());
    }
    if mode & 0o111 == 0 {
        return Some("is not executable; run chmod +x on it".to_owned());
    }
    (mode & 0o002 != 0)
        .then(|| "can be changed by anybody, and would be run as root; run chmod o-w on it".to_owned())
}

impl Order {
    /// Runs the program. It may take as long as `patience`, or as the daemon's ending allows.
    pub(super) fn run(&self, patience: Duration, ending: &mut Ending) -> Outcome {
        let deadline = Instant::now() + patience;
        keep_descriptors();
        let mut child = match self.command().spawn() {
            Ok(child) => child,
            Err(error) => return Outcome::Unstarted(error),
        };
        let mut run = Run::of(&mut child, self.input());
        let watched = run.watch(Pid::from_child(&child), deadline, ending);
        // The process is not waited for yet, so that its number, and its group's, is nobody else's.
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let status = child.wait();
        run.listen();
        let said = run.last_line();
        match (watched, status) {
            (Err(error), _) | (_, Err(error)) => Outcome::Unstarted(error),
            (Ok(false), _) => Outcome::Killed { said },
            (Ok(true), Ok(status)) if status.success() => Outcome::Done,
            (Ok(true), Ok(status)) => Outcome::Failed { status, said },
        }
    }

    fn command(&self) -> Command {
        let Self { program, entry, missed } = self;
        let mut command = Command::new(&**program);
        command.env_clear().env("PATH", PATH).env("IPMP_EVENT", &entry.event);
        for (name, value) in
            [("IPMP_GROUP", &entry.group), ("IPMP_MEMBER", &entry.interface), ("IPMP_CAUSE", &entry.cause)]
        {
            command.env(name, value.as_deref().unwrap_or_default());
        }
        command.env("IPMP_MISSED", missed.to_string());
        command.current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// What it reads: a line of `events --json`.
    fn input(&self) -> Vec<u8> {
        Row::from(self.entry.clone()).line().into_bytes()
    }
}

/// What goes to and fro while the program runs.
struct Run {
    /// What it has not read yet, while it may.
    input: Option<(ChildStdin, Vec<u8>)>,
    stderr: Option<OwnedFd>,
    said: Vec<u8>,
}

impl Run {
    fn of(child: &mut Child, input: Vec<u8>) -> Self {
        let stdin = child.stdin.take().filter(do_not_wait);
        let stderr = child.stderr.take().filter(do_not_wait);
        Self { input: stdin.map(|stdin| (stdin, input)), stderr: stderr.map(Into::into), said: Vec::new() }
    }

    /// Serves the process until it has ended (`true`) or its time has.
    fn watch(&mut self, process: Pid, deadline: Instant, ending: &mut Ending) -> io::Result<bool> {
        let process = pidfd_open(process, PidfdFlags::empty())?;
        loop {
            let left = ending.limit(deadline).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let mut fds = vec![PollFd::new(&process, PollFlags::IN)];
            if !ending.has_begun() {
                fds.push(PollFd::from_borrowed_fd(ending.pipe(), PollFlags::empty()));
            }
            fds.extend(self.input.iter().map(|(stdin, _)| PollFd::new(stdin, PollFlags::OUT)));
            fds.extend(self.stderr.iter().map(|stderr| PollFd::new(stderr, PollFlags::IN)));
            let left = Timespec::try_from(left).unwrap_or_default();
            match poll(&mut fds, Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            let has_ended = !fds[0].revents().is_empty();
            let ends = !ending.has_begun() && !fds[1].revents().is_empty();
            if has_ended {
                return Ok(true);
            }
            if ends {
                ending.begin();
            }
            self.talk();
            self.listen();
        }
    }

    /// Writes what the program can take, and closes its input when it has all, or wants none.
    fn talk(&mut self) {
        let Some((stdin, rest)) = &mut self.input else { return };
        match stdin.write(rest) {
            Ok(written) => drop(rest.drain(..written)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return,
            // It has closed its input.
            Err(_) => rest.clear(),
        }
        if rest.is_empty() {
            self.input = None;
        }
    }

    /// Takes what the program has said, of which the end is kept.
    fn listen(&mut self) {
        let Some(stderr) = &self.stderr else { return };
        let mut buffer = [0; 4096];
        // Of a program that says more than this at once the rest is for the next time.
        for _ in 0..16 {
            match rustix::io::read(stderr, &mut buffer) {
                Ok(0) => {
                    self.stderr = None;
                    return;
                }
                Ok(length) => {
                    self.said.extend_from_slice(&buffer[..length]);
                    let surplus = self.said.len().saturating_sub(LAST_SAID);
                    self.said.drain(..surplus);
                }
                Err(_) => return,
            }
        }
    }

    fn last_line(&self) -> String {
        let text = String::from_utf8_lossy(&self.said);
        let line = text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        line.trim().replace(char::is_control, " ")
    }
}

/// Sees to it that no descriptor of the daemon is the program's too, not even one that the daemon was started with.
fn keep_descriptors() {
    // SAFETY: it sets a flag of open descriptors, above those of input and output, and touches no memory.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
}

/// Whether reads and writes return at once from now on.
fn do_not_wait(fd: &impl AsFd) -> bool {
    fcntl_getfl(fd).and_then(|flags| fcntl_setfl(fd, flags | OFlags::NONBLOCK)).is_ok()
}
