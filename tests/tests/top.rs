//! The live screen on a terminal of its own, which `script` makes.

use std::{
    io::{Read as _, Write as _},
    num::NonZeroU16,
    os::fd::OwnedFd,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use ipmp_tests::{
    Daemon, Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal},
};

/// A terminal in which `ipmp-ctl top` runs.
struct Terminal {
    script: Child,
    /// What a person would see.
    seen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn open(daemon: &Daemon, columns: u16, rows: u16) -> Self {
        let top = format!(
            "stty cols {columns} rows {rows}; exec {} --socket {} top --interval 0.2",
            ctl::binary().display(),
            daemon.socket().display()
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command", &top, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, which every Debian has");
        let mut output = script.stdout.take().expect("a pipe");
        let size = |number| NonZeroU16::new(number).expect("a size");
        let seen = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let seeing = Arc::clone(&seen);
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                seeing.lock().expect("nobody panics with it").process(&buffer[..length]);
            }
        });
        Self { script, seen }
    }

    fn text(&self) -> String {
        self.seen.lock().expect("nobody panics with it").screen().contents()
    }

    /// Whether it shows what it showed before, with its cursor.
    fn is_as_before(&self) -> bool {
        let seen = self.seen.lock().expect("nobody panics with it");
        !seen.screen().alternate_screen() && !seen.screen().hide_cursor()
    }

    /// Waits until this is on the screen.
    fn until(&self, what: &str) {
        eventually(what, SOON, || holds(self.text().contains(what), || self.text()));
    }

    fn press(&mut self, keys: &str) {
        let input = self.script.stdin.as_mut().expect("a pipe");
        input.write_all(keys.as_bytes()).and_then(|()| input.flush()).expect("it reads");
    }

    fn top(&self) -> Pid {
        let script = self.script.id();
        let children = std::fs::read_to_string(format!("/proc/{script}/task/{script}/children"));
        let child = children.expect("it runs").trim().parse().expect("one child");
        Pid::from_raw(child).expect("a number")
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.top(), signal).expect("it runs");
    }

    /// Its window is closed: what runs in it loses its terminal.
    fn hang_up(mut self) -> Orphan {
        let orphan = pidfd_open(self.top(), PidfdFlags::empty()).expect("it runs");
        self.script.kill().expect("it runs");
        self.script.wait().expect("a child");
        Orphan(orphan)
    }

    /// Waits for its end. The terminal must be as it was before.
    fn end(mut self) -> ExitStatus {
        let status = eventually("it ends", SOON, || {
            self.script.try_wait().expect("a child").ok_or_else(|| self.text())
        });
        eventually("the terminal is as before", SOON, || holds(self.is_as_before(), || self.text()));
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// A process whose terminal is gone. It ends when this is dropped.
struct Orphan(OwnedFd);

impl Orphan {
    fn has_ended(&self) -> bool {
        let mut process = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut process, Some(&Timespec::default())).expect("it can be asked");
        process[0].revents().contains(PollFlags::IN)
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        let _ = pidfd_send_signal(&self.0, Signal::KILL);
    }
}

#[test]
fn the_screen_follows_a_failure_and_q_leaves_it() {
    let rig = Rig::new(Topology::new().members(2));
    let mut terminal = Terminal::open(&rig.daemon, 110, 40);
    for shown in ["ipmp0: ok", "MEMBER", "DATA ADDRESS", "10.9.0.10"] {
        terminal.until(shown);
    }
    rig.topology.cut(0);
    terminal.until("failed");
    terminal.until("failure detected on e0");
    terminal.press("q");
    assert!(terminal.end().success());
}

#[test]
fn a_screen_that_is_ended_leaves_the_terminal_as_it_was() {
    let rig = Rig::new(Topology::new().members(2));
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let terminal = Terminal::open(&rig.daemon, 110, 40);
        terminal.until("ipmp0: ok");
        assert!(!terminal.is_as_before(), "it has a screen of its own");
        terminal.signal(signal);
        terminal.end();
    }
}

#[test]
fn a_screen_whose_terminal_goes_ends() {
    let rig = Rig::new(Topology::new().members(2));
    let terminal = Terminal::open(&rig.daemon, 110, 40);
    terminal.until("ipmp0: ok");
    let orphan = terminal.hang_up();
    eventually("it ends", SOON, || holds(orphan.has_ended(), || "it still runs"));
}

#[test]
fn a_terminal_that_is_too_small_is_told_so() {
    let rig = Rig::new(Topology::new().members(2));
    let mut terminal = Terminal::open(&rig.daemon, 40, 8);
    terminal.until("too small");
    terminal.press("q");
    assert!(terminal.end().success());
}

#[test]
fn a_daemon_that_goes_is_missed_and_found_again() {
    let mut rig = Rig::new(Topology::new().members(2));
    let mut terminal = Terminal::open(&rig.daemon, 110, 40);
    terminal.until("ipmp0: ok");
    rig.daemon.kill9();
    terminal.until("is from before");
    rig.daemon.restart();
    rig.topology.cut(1);
    terminal.until("failure detected on e1");
    terminal.press("q");
    assert!(terminal.end().success());
}
