//! The binary under test.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually::SOON;

/// Path of `ipmp-ctl`: `$IPMP_CTL`, or `target/release/ipmp-ctl` of the workspace.
pub fn binary() -> PathBuf {
    let path = env::var_os("IPMP_CTL").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/ipmp-ctl"),
        PathBuf::from,
    );
    assert!(path.is_file(), "{} is not there: run `cargo xtask build`, or set IPMP_CTL", path.display());
    path
}

/// Runs a command that must end by itself soon, and gives what it printed. One that does not is killed.
pub fn run(command: &mut Command) -> Output {
    // A group of its own: Ctrl-C at the terminal is for the demo or the test, which then cleans up with commands as this.
    command.process_group(0);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let pid = Pid::from_child(&child);
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(SOON) else {
        // Nobody has waited for the child yet, so the number is still its own.
        let _ = kill_process(pid, Signal::KILL);
        panic!("{command:?} has not ended within {SOON:?}");
    };
    output.unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// User and group without any rights.
const NOBODY: u32 = 65534;

/// Runs `ipmp-ctl ARGUMENTS` as a user who is not root.
pub fn as_nobody(arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let open = |path: &Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
    };
    open(directory.path());
    let copy = directory.path().join("ipmp-ctl");
    // By another process: a child that another thread starts meanwhile would keep the file open for writing, and nobody could
    // run it.
    let copied = run(Command::new("cp").arg(binary()).arg(&copy));
    assert!(copied.status.success(), "{}", describe(&copied));
    open(&copy);
    run(Command::new(&copy).args(arguments).uid(NOBODY).gid(NOBODY).current_dir("/"))
}

/// What a command gave, for people: exit code, standard output and standard error.
pub fn describe(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Standard output and standard error together.
pub fn text(output: &Output) -> String {
    [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat()
}
