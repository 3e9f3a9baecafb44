//! A Debian with a systemd of its own, on a host of the harness: for tests of the service and the package.
//!
//! It has every namespace of its own but the network namespace, which is the host's, and sees none of this machine's
//! files. What it changes lies in memory and goes with it. `cargo xtask test` makes the system that it starts from.

use std::{
    env, fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Netns, ctl,
    eventually::{eventually, holds},
    residue, skip,
};

/// The variable with the directory of the system.
const ROOT: &str = "IPMP_DEBIAN_ROOT";

/// How long it may take to start: a second or two, on a machine that is busy with other tests more.
const START: Duration = Duration::from_mins(1);

/// A Debian that runs.
#[derive(Debug)]
pub struct Debian {
    /// The program that has made its namespaces. With it all end.
    outside: Child,
    /// Its first process, as this machine numbers it.
    first: u32,
    /// Where its memory is mounted, in its own mount namespace; here an empty directory.
    work: PathBuf,
}

impl Debian {
    /// Starts one in the network namespace of `host` and waits until its services run; `None`, which is said, where there
    /// is none to start.
    pub fn boot(host: &Netns) -> Option<Self> {
        let Some(system) = env::var_os(ROOT) else {
            skip::not_run("there is no throw-away Debian here: `cargo xtask test` makes one on Debian");
            return None;
        };
        let name = residue::unique("debian");
        let work = env::temp_dir().join(&name);
        fs::create_dir(&work).expect("a directory for its memory");
        let script = env::temp_dir().join(format!("{name}.sh"));
        fs::write(&script, include_str!("debian/boot.sh")).expect("a file for the script");
        let mut command = host.command("sh");
        command.arg(&script).arg(&system).arg(&work).stdin(Stdio::null());
        let outside = command.spawn().expect("a shell");
        let mut debian = Self { outside, first: 0, work };
        eventually("the system has a first process", START, || holds(debian.find_first(), || "none"));
        let _ = fs::remove_file(script);
        eventually("its services run", START, || {
            let state = debian.run("systemctl is-system-running").stdout;
            holds(state == b"running\n", || String::from_utf8_lossy(&state).into_owned())
        });
        Some(debian)
    }

    /// Gives it the daemon as a service, which is not started, with this configuration.
    pub fn install(&self, config: &str) {
        const UNIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ipmp-ctl/dist/systemd/ipmp.service");
        self.copy(&ctl::binary(), "/usr/bin/ipmp-ctl");
        self.copy(Path::new(UNIT), "/lib/systemd/system/ipmp.service");
        self.write("/etc/ipmp/ipmp.toml", config.as_bytes());
        self.text("systemctl daemon-reload");
    }

    /// Runs a shell script in it.
    pub fn run(&self, script: &str) -> Output {
        self.command("sh").arg("-c").arg(script).output().expect("nsenter is there")
    }

    /// What a shell script prints; it must succeed.
    pub fn text(&self, script: &str) -> String {
        let output = self.run(script);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{script}: {} {said}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Whether a shell script succeeds.
    pub fn does(&self, script: &str) -> bool {
        self.run(script).status.success()
    }

    /// A program in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first.to_string(), "--all", "--", "env", "-i"]);
        command.args(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", program]);
        command.stdin(Stdio::null());
        command
    }

    /// Copies a file of this machine into it; directories are made.
    pub fn copy(&self, from: &Path, to: &str) {
        let bytes = fs::read(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
        self.write(to, &bytes);
        fs::set_permissions(self.path(to), fs::metadata(from).expect("it was read").permissions())
            .expect("a mode can be set");
    }

    /// Writes a file in it; directories are made.
    pub fn write(&self, to: &str, bytes: &[u8]) {
        let place = self.path(to);
        fs::create_dir_all(place.parent().expect("a path from the root")).expect("directories can be made");
        fs::write(&place, bytes).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    }

    /// A path of it as this process can open it.
    pub fn path(&self, inside: &str) -> PathBuf {
        Path::new("/proc").join(self.first.to_string()).join("root").join(inside.trim_start_matches('/'))
    }

    /// Looks for the first process: the child of `unshare`, once it has become systemd.
    fn find_first(&mut self) -> bool {
        if let Some(status) = self.outside.try_wait().expect("a child") {
            panic!("the system has not started: {status}, signal {:?}", status.signal());
        }
        let outside = self.outside.id();
        let children =
            fs::read_to_string(format!("/proc/{outside}/task/{outside}/children")).unwrap_or_default();
        let Some(first) = children.split_whitespace().next().and_then(|pid| pid.parse().ok()) else {
            return false;
        };
        self.first = first;
        fs::read_to_string(format!("/proc/{first}/comm")).is_ok_and(|name| name == "systemd\n")
    }
}

impl Drop for Debian {
    fn drop(&mut self) {
        // Its first process dies with it, and with that one everything.
        let _ = self.outside.kill();
        let _ = self.outside.wait();
        let name = self.work.file_name().expect("it was given a name").to_owned();
        let _ = fs::remove_dir(&self.work);
        // Its processes are a moment about dying.
        let begin = Instant::now();
        while !groups().is_none_or(|groups| remove_groups(&groups.join(&name))) {
            if begin.elapsed() > START {
                eprintln!("the control group {} stays behind", name.display());
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Where this machine has its control groups.
fn groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let mut fields = mounts.lines().map(|line| line.split(' '));
    fields.find_map(|mut line| {
        let place = line.nth(1)?;
        (line.next()? == "cgroup2").then(|| PathBuf::from(place))
    })
}

/// Removes a control group and those below it. False while processes of it still die.
fn remove_groups(group: &Path) -> bool {
    let Ok(entries) = fs::read_dir(group) else { return true };
    let mut below = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    below.all(|entry| remove_groups(&entry.path())) && fs::remove_dir(group).is_ok()
}
