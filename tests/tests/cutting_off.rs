//! `down` and the connections that it cuts, the caller's own above all.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    os::fd::OwnedFd,
    process::{Command, Output, Stdio},
};

use ipmp_tests::{Rig, Topology, ctl, plan};

/// A connection of the peer to the host's first data address of a family, and both its ends.
struct Login {
    at_host: TcpStream,
    _at_peer: TcpStream,
}

impl Login {
    fn open(rig: &Rig, family: usize) -> Self {
        let at = SocketAddr::new(plan::data(0)[family], 0);
        let listener = rig.host().run(|| TcpListener::bind(at)).expect("a data address of the host");
        let at = listener.local_addr().expect("a listener has an address");
        let at_peer = rig.peer().run(|| TcpStream::connect(at)).expect("the host is reachable");
        let (at_host, _) = listener.accept().expect("the connection is there");
        Self { at_host, _at_peer: at_peer }
    }

    /// What sshd would say of it.
    fn variable(&self) -> String {
        let (local, remote) = self.ends();
        format!("{} {} {} {}", remote.ip(), remote.port(), local.ip(), local.port())
    }

    fn ends(&self) -> (SocketAddr, SocketAddr) {
        (self.at_host.local_addr().expect("an address"), self.at_host.peer_addr().expect("an address"))
    }
}

/// `ipmp-ctl down ipmp0 MORE` with what `adapt` makes of its call.
fn down(rig: &Rig, more: &[&str], adapt: impl FnOnce(&mut Command) -> &mut Command) -> Output {
    let mut command = Command::new(ctl::binary());
    command.args(["down", "ipmp0"]).args(more).arg("--socket").arg(rig.daemon.socket());
    command.arg("--pins").arg(rig.daemon.pins()).args(["--netns", rig.host().name()]);
    command.env_remove("SSH_CONNECTION").stdin(Stdio::null());
    adapt(&mut command).output().expect("ipmp-ctl can be started")
}

fn refused(output: &Output, login: &Login) {
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(output));
    let said = ctl::text(output);
    let (local, remote) = login.ends();
    for part in [format!("{remote} to {local}"), "ipmp-ctl release ipmp0".to_owned(), "-f".to_owned()] {
        assert!(said.contains(&part), "{part} is not in: {said}");
    }
}

#[test]
fn who_is_logged_in_over_the_group_takes_it_down_only_by_force() {
    for family in [0, 1] {
        let rig = Rig::new(Topology::new());
        let login = Login::open(&rig, family);
        let by_ssh =
            |more: &[&str]| down(&rig, more, |command| command.env("SSH_CONNECTION", login.variable()));
        refused(&by_ssh(&[]), &login);
        rig.until_reachable();
        let forced = by_ssh(&["-f"]);
        assert!(forced.status.success(), "{}", ctl::describe(&forced));
        assert!(!rig.host().ip("-o link").contains("ipmp0"));
    }
}

#[test]
fn it_is_the_same_without_a_daemon() {
    let mut rig = Rig::new(Topology::new());
    let login = Login::open(&rig, 0);
    rig.daemon.kill9();
    refused(&down(&rig, &[], |command| command.env("SSH_CONNECTION", login.variable())), &login);
    rig.until_reachable();
    let forced = down(&rig, &["-f"], |command| command.env("SSH_CONNECTION", login.variable()));
    assert!(forced.status.success(), "{}", ctl::describe(&forced));
    assert!(!rig.host().ip("-o link").contains("ipmp0"));
}

#[test]
fn a_login_is_found_though_sudo_has_cleared_the_environment() {
    let rig = Rig::new(Topology::new());
    let login = Login::open(&rig, 0);
    let words = [
        ctl::binary().display().to_string(),
        format!("down ipmp0 --socket {}", rig.daemon.socket().display()),
    ];
    let script = format!("env -u SSH_CONNECTION {}; exit $?", words.join(" "));
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("SSH_CONNECTION", login.variable())
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    refused(&output, &login);
}

#[test]
fn a_session_whose_standard_stream_is_the_connection_is_the_callers_own() {
    let rig = Rig::new(Topology::new());
    let login = Login::open(&rig, 0);
    let stream = OwnedFd::from(login.at_host.try_clone().expect("a second handle"));
    refused(&down(&rig, &[], |command| command.stdin(stream)), &login);
}

#[test]
fn connections_of_others_and_logins_of_the_past_are_told_and_do_not_refuse() {
    let rig = Rig::new(Topology::new());
    let logins: Vec<_> = (0..5).map(|number| Login::open(&rig, number % 2)).collect();
    let past = format!("{} 1 {} 22", plan::peer(0)[0], plan::data(0)[0]);
    let output = down(&rig, &[], |command| command.env("SSH_CONNECTION", past));
    assert!(output.status.success(), "{}", ctl::describe(&output));
    let said = ctl::text(&output);
    assert!(said.contains("5 established connections are lost") && said.contains("and 2 more"), "{said}");
    drop(logins);
}

#[test]
fn a_group_without_connections_goes_down_without_a_word() {
    let rig = Rig::new(Topology::new());
    let output = down(&rig, &[], |command| command);
    assert!(output.status.success(), "{}", ctl::describe(&output));
    assert_eq!(ctl::text(&output), "");
}
