//! A running `ipmp-ctl daemon`.

use std::{
    ffi::OsString,
    fs::{self, File},
    net::IpAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    thread,
};

use rustix::{
    mount::{MountFlags, mount},
    process::{Pid, Signal, kill_process},
};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Netns, ctl,
    eventually::{SOON, eventually, holds},
    interrupt, residue,
};

mod ask;
mod nobody;
pub mod stat;
mod watch;

pub use self::watch::Watch;

/// A daemon of one namespace with socket, pins and configuration of its own. Dropping the value stops it and removes
/// its groups; while a panic unwinds its log is printed. The process also ends (SIGTERM) with the thread that started it.
#[derive(Debug)]
pub struct Daemon {
    netns: String,
    groups: Vec<String>,
    child: Option<Child>,
    directory: TempDir,
    pins: PathBuf,
    arguments: Vec<String>,
    launcher: Vec<String>,
}

impl Daemon {
    /// Starts a daemon in `netns` with this configuration and waits until it shows each group.
    pub fn start(netns: &Netns, config: &dyn ToString) -> Self {
        let mut daemon = Self::prepare(netns, config);
        daemon.restart();
        daemon
    }

    /// Everything but the process: call [`Daemon::restart`] or [`Daemon::start_and_fail`].
    pub fn prepare(netns: &Netns, config: &dyn ToString) -> Self {
        mount_bpffs();
        residue::sweep();
        let pins = Path::new("/sys/fs/bpf").join(residue::unique("pins"));
        Self::prepare_with_pins(netns, config, pins)
    }

    /// The same with pins in `pins`, which another daemon may use too.
    pub fn prepare_with_pins(netns: &Netns, config: &dyn ToString, pins: PathBuf) -> Self {
        let text = config.to_string();
        let directory = TempDir::with_prefix(residue::PREFIX).expect("a temporary directory");
        let daemon = Self {
            netns: netns.name().to_owned(),
            groups: groups(&text),
            child: None,
            directory,
            pins,
            arguments: Vec::new(),
            launcher: Vec::new(),
        };
        fs::write(daemon.config(), text).expect("the configuration can be written");
        daemon
    }

    /// Another configuration for the next start or `reload`. Groups that are new in it are removed in the end too.
    pub fn configure(&mut self, config: &dyn ToString) {
        let new = groups(&config.to_string()).into_iter().filter(|name| !self.groups.contains(name));
        let new: Vec<_> = new.collect();
        self.groups.extend(new);
        fs::write(self.config(), config.to_string()).expect("the configuration can be written");
    }

    /// With these arguments more for `ipmp-ctl daemon`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Started by this command, which must become the daemon (`exec`), as `env` does.
    #[must_use]
    pub fn launched_by(mut self, command: &[&str]) -> Self {
        self.launcher = command.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Starts the process (again) and waits until it shows each group.
    pub fn restart(&mut self) {
        self.spawn();
        eventually("the daemon shows its groups", SOON, || {
            if let Some(status) = self.exited() {
                panic!("the daemon has ended: {status}\n{}", self.log());
            }
            let output = self.ctl(&["stat", "-g", "--json"]);
            let shown = ctl::text(&output);
            let all = self.groups.iter().all(|group| shown.contains(&format!("\"{group}\"")));
            holds(output.status.success() && all, || ctl::describe(&output))
        });
    }

    /// Starts the process, which is expected to refuse, and gives its exit status and what it said.
    pub fn start_and_fail(&mut self) -> (ExitStatus, String) {
        self.spawn();
        let status = eventually("the daemon refuses", SOON, || self.exited().ok_or_else(|| self.log()));
        self.child = None;
        (status, self.log())
    }

    /// Starts the process and does not wait for anything.
    pub fn launch(&mut self) {
        self.spawn();
    }

    fn spawn(&mut self) {
        assert!(self.child.is_none(), "the daemon runs already");
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a log file");
        let copy = log.try_clone().expect("a second handle of the log");
        let words: Vec<_> = self.launcher.iter().map(OsString::from).chain([ctl::binary().into()]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.args(["daemon", "--netns", &self.netns]).arg("--config").arg(self.config());
        command.arg("--pins").arg(&self.pins).arg("--socket").arg(self.socket()).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(log).stderr(copy);
        // Ctrl-C is not for the daemon but for who started it, and whoever that was, the daemon goes with it.
        command.process_group(0);
        // SAFETY: between fork and exec one system call is made, nothing is allocated or locked.
        unsafe {
            command.pre_exec(|| Ok(rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?));
        }
        self.child = Some(command.spawn().expect("ipmp-ctl can be started"));
    }

    /// The exit status, if the process has ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().expect("a child can be waited for"))
    }

    /// Runs `ipmp-ctl ARGUMENTS --socket ..`.
    pub fn ctl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(ctl::binary());
        command.args(arguments).arg("--socket").arg(self.socket());
        if arguments.first() == Some(&"down") {
            // Without a daemon `down` does the work itself, and must know where.
            command.arg("--pins").arg(&self.pins).args(["--netns", &self.netns]);
        }
        ctl::run(&mut command)
    }

    /// Runs `ipmp-ctl ARGUMENTS --json` and gives the object that it printed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.ctl(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", ctl::describe(&output));
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", ctl::describe(&output)))
    }

    /// Kills the process as a crash would.
    pub fn kill9(&mut self) {
        self.stop(Signal::KILL);
    }

    /// Asks the process to end (SIGTERM) and waits for it.
    pub fn terminate(&mut self) -> ExitStatus {
        self.stop(Signal::TERM)
    }

    fn stop(&mut self, signal: Signal) -> ExitStatus {
        let mut child = self.child.take().expect("the daemon runs");
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).expect("a child that was not waited for can be signalled");
        eventually("the daemon ends", SOON, || {
            let status = child.try_wait().expect("a child can be waited for");
            status.ok_or_else(|| self.log())
        })
    }

    /// Takes note that somebody else has killed the process.
    pub fn bury(&mut self) {
        let mut child = self.child.take().expect("it was started");
        child.wait().expect("a child can be waited for");
    }

    /// Stops the process where it is (SIGSTOP).
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets the process go on (SIGCONT).
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends the process a signal that does not end it.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("a child that was not waited for can be signalled");
    }

    /// The process.
    pub fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("the daemon runs"))
    }

    /// Writes another configuration and has the daemon read it: what the command gave.
    pub fn reload(&mut self, config: &dyn ToString) -> Output {
        self.configure(config);
        self.ctl(&["reload"])
    }

    /// What `events --json` shows: an object each.
    pub fn events(&self) -> Vec<Value> {
        let output = self.ctl(&["events", "--json"]);
        assert!(output.status.success(), "{}", ctl::describe(&output));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
            .collect()
    }

    /// Removes a group; the daemon or, without one, the command does it.
    pub fn down(&self, group: &str) -> Output {
        self.ctl(&["down", group])
    }

    /// What the process has said so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Waits until the log holds `text`.
    pub fn until_log(&self, text: &str) {
        eventually(&format!("the log says {text:?}"), SOON, || {
            holds(self.log().contains(text), || self.log())
        });
    }

    /// Its pin directory: what `--pins` was told.
    pub fn pins(&self) -> &Path {
        &self.pins
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("ipmp.toml")
    }

    /// Its control socket.
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("control.sock")
    }

    /// The pin directory of a group in this daemon's namespace, if there is one.
    pub fn group_pins(&self, group: &str) -> Option<PathBuf> {
        let spaces = fs::read_dir(&self.pins).ok()?;
        spaces.flatten().map(|entry| entry.path().join(group)).find(|path| path.is_dir())
    }

    /// The member that receives the packets for `address`.
    pub fn inbound(&self, address: IpAddr) -> Option<String> {
        stat::address(self, address)?["inbound"].as_str().map(str::to_owned)
    }

    /// Waits until `address` is bound, and gives the member.
    pub fn until_bound(&self, address: IpAddr) -> String {
        let what = format!("a binding of {address}");
        eventually(&what, SOON, || self.inbound(address).ok_or_else(|| self.json(&["stat", "-a"])))
    }

    /// Waits until the interface is shown in this state.
    pub fn until_state(&self, interface: &str, state: &str) {
        eventually(&format!("{interface} is {state}"), SOON, || {
            let shown = stat::interface(self, interface);
            holds(shown.as_ref().is_some_and(|shown| shown["state"] == state), || shown)
        });
    }

    /// Waits until the group is shown in this state.
    pub fn until_group(&self, group: &str, state: &str) {
        eventually(&format!("{group} is {state}"), SOON, || {
            let shown = stat::group(self, group);
            holds(shown.as_ref().is_some_and(|shown| shown["state"] == state), || shown)
        });
    }

    fn log_path(&self) -> PathBuf {
        self.directory.path().join("log")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if thread::panicking() && !interrupt::requested() {
            eprintln!("--- log of the daemon in {}:\n{}---", self.netns, self.log());
        }
        if let Some(child) = &self.child {
            let _ = kill_process(Pid::from_child(child), Signal::CONT);
        }
        for group in &self.groups {
            let _ = self.down(group);
        }
        if let Some(mut child) = self.child.take() {
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
            let ended = (0..200).any(|_| {
                thread::sleep(std::time::Duration::from_millis(10));
                matches!(child.try_wait(), Ok(Some(_)))
            });
            if !ended {
                eprintln!("the daemon in {} does not end, it is killed", self.netns);
                let _ = child.kill();
                let _ = child.wait();
            }
        }
        let _ = fs::remove_dir_all(&self.pins);
    }
}

/// The groups that a configuration names.
fn groups(config: &str) -> Vec<String> {
    let header = |line: &str| {
        let name = line.trim().strip_prefix("[group.")?.strip_suffix(']')?;
        (!name.contains('.')).then(|| name.to_owned())
    };
    config.lines().filter_map(header).collect()
}

/// Mounts the BPF file system where it belongs, unless it is there.
pub fn mount_bpffs() {
    let mounts = fs::read_to_string("/proc/self/mounts").expect("/proc is mounted");
    if !mounts.lines().any(|line| line.split(' ').nth(1) == Some("/sys/fs/bpf")) {
        mount("bpf", "/sys/fs/bpf", "bpf", MountFlags::empty(), None).expect("root may mount bpffs");
    }
}
