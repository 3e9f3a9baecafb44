//! The daemon as a service: what it tells the service manager, and with the capabilities that its unit leaves it.

use std::{os::unix::net::UnixDatagram, time::Duration};

use ipmp_tests::{Daemon, Rig, Topology, eventually::SOON};
use rustix::process::Signal;

/// The unit.
const UNIT: &str = include_str!("../../ipmp-ctl/dist/systemd/ipmp.service");

/// The end of the socket at which the service manager listens.
struct Manager {
    socket: UnixDatagram,
    _directory: tempfile::TempDir,
    path: String,
}

impl Manager {
    fn listen() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(SOON)).expect("a timeout");
        Self { socket, path: path.display().to_string(), _directory: directory }
    }

    /// The next thing that it is told.
    fn told(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("the daemon says something");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// Waits until it is told this.
    fn until_told(&self, what: &str) {
        while !self.told().lines().any(|line| line == what) {}
    }

    /// What it was told and has not taken yet is gone.
    fn forget(&self) {
        self.socket.set_nonblocking(true).expect("a flag");
        while self.socket.recv(&mut [0; 64]).is_ok() {}
        self.socket.set_nonblocking(false).expect("a flag");
    }
}

/// What the unit says of `key`.
fn unit(key: &str) -> &'static str {
    let value = UNIT.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("the unit says nothing of {key}"))
}

#[test]
fn the_service_manager_hears_that_the_daemon_is_ready_alive_and_ending() {
    let topology = Topology::new().build();
    let manager = Manager::listen();
    let socket = format!("NOTIFY_SOCKET={}", manager.path);
    let daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group());
    let mut daemon = daemon.launched_by(&["env", &socket, "WATCHDOG_USEC=200000"]);
    daemon.restart();
    assert!(manager.told().starts_with("READY=1\n"));
    for _ in 0..3 {
        manager.until_told("WATCHDOG=1");
    }

    daemon.freeze();
    manager.forget();
    manager.socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    assert!(manager.socket.recv(&mut [0; 64]).is_err(), "a daemon that hangs feeds no watchdog");
    daemon.thaw();
    manager.socket.set_read_timeout(Some(SOON)).expect("a timeout");
    manager.until_told("WATCHDOG=1");

    daemon.signal(Signal::TERM);
    manager.until_told("STOPPING=1");
}

#[test]
fn the_capabilities_of_the_unit_suffice() {
    let capabilities = unit("CapabilityBoundingSet").split(' ').map(|name| name[4..].to_lowercase());
    let bounds = ["-all".to_owned()].into_iter().chain(capabilities.map(|name| format!("+{name}")));
    let bounds = bounds.collect::<Vec<_>>().join(",");
    let topology = Topology::new().build();
    let daemon = Daemon::prepare(topology.host(), &topology.hosts[0].group());
    let mut daemon = daemon.launched_by(&["setpriv", "--no-new-privs", "--bounding-set", &bounds]);
    daemon.restart();
    let rig = Rig { daemon, topology };
    rig.until_reachable();
    rig.fail(0);
    rig.daemon.until_state("e0", "failed");
    rig.until_reachable();
    rig.topology.restore(0);
    rig.daemon.until_state("e0", "ok");
    assert!(rig.daemon.down("ipmp0").status.success());
}
