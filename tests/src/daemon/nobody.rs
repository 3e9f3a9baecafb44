//! Commands of a user who is not root.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Output};

use super::Daemon;
use crate::ctl;

impl Daemon {
    /// Runs `ipmp-ctl ARGUMENTS` against this daemon as a user who is not root.
    pub fn ctl_as_nobody(&self, arguments: &[&str]) -> Output {
        let socket = self.socket();
        let directory = socket.parent().expect("the socket is in a directory");
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let socket = socket.to_str().expect("a plain path");
        ctl::as_nobody(&[arguments, &["--socket", socket]].concat())
    }
}
