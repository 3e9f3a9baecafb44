//! Commands of a user who is not root.

use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::{Command, Output},
};

use super::Daemon;
use crate::ctl;

/// User and group without any rights.
const NOBODY: u32 = 65534;

impl Daemon {
    /// Runs `ipmp-ctl ARGUMENTS` against this daemon as a user who is not root.
    pub fn ctl_as_nobody(&self, arguments: &[&str]) -> Output {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let open = |path: &Path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        };
        open(directory.path());
        open(self.socket().parent().expect("the socket is in a directory"));
        let copy = directory.path().join("ipmp-ctl");
        // By another process: a child that another thread starts meanwhile would keep the file open for writing, and
        // nobody could run it.
        let copied = ctl::run(Command::new("cp").arg(ctl::binary()).arg(&copy));
        assert!(copied.status.success(), "{}", ctl::describe(&copied));
        open(&copy);
        let mut command = Command::new(&copy);
        command.args(arguments).arg("--socket").arg(self.socket());
        ctl::run(command.uid(NOBODY).gid(NOBODY).current_dir("/"))
    }
}
