//! A command that goes on printing.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use rustix::process::Signal;

use super::Daemon;
use crate::{
    ctl,
    eventually::{SOON, eventually},
};

/// `ipmp-ctl ARGUMENTS` and the lines that it has printed so far. Dropping the value ends it.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    /// Runs a command that goes on printing.
    pub fn watch(&self, arguments: &[&str]) -> Watch {
        let mut command = Command::new(ctl::binary());
        command
            .args(arguments)
            .arg("--socket")
            .arg(self.socket())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        // SAFETY: between fork and exec one system call is made, nothing is allocated or locked.
        unsafe {
            command.pre_exec(|| Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?));
        }
        let mut child = command.process_group(0).spawn().expect("ipmp-ctl can be started");
        let output = BufReader::new(child.stdout.take().expect("it is piped"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&lines);
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                into.lock().expect("no panic while it is held").push(line);
            }
        });
        Watch { child, lines }
    }
}

impl Watch {
    /// Waits until there are this many lines.
    pub fn lines(&self, count: usize) -> Vec<String> {
        eventually(&format!("{count} lines"), SOON, || {
            let lines = self.lines.lock().expect("no panic while it is held").clone();
            if lines.len() >= count { Ok(lines) } else { Err(lines) }
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
