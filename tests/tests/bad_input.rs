//! What is refused: with which exit code and words, and that nothing half-made stays behind. And what is not refused.

use std::{os::unix::fs::PermissionsExt, process::Command};

use ipmp_tests::{
    Daemon, GroupConfig, Netns, Topology, ctl,
    eventually::{SOON, eventually},
};

/// Three NICs of which tests spoil something.
fn host() -> Topology {
    Topology::new().peers(0).build()
}

fn group() -> GroupConfig {
    GroupConfig::new("ipmp0").addresses(["10.9.0.10/24"]).members(["e0", "e1"])
}

/// Everything of a namespace that a refused daemon could have changed.
fn traces(host: &Netns) -> Vec<String> {
    let mut traces = Vec::new();
    for what in ["-o -d link", "-o addr", "-4 route show table all", "-6 route show table all"] {
        let mut lines: Vec<_> = host.ip(what).lines().map(str::to_owned).collect();
        // Routes that are equally good are in the order in which they were last made.
        lines.sort();
        traces.extend(lines);
    }
    for name in ["e0", "e1", "e2"] {
        for setting in ["ipv4/conf/X/arp_ignore", "ipv4/conf/X/arp_announce", "ipv6/conf/X/accept_ra"] {
            traces.push(host.setting(&setting.replace('X', name)));
        }
    }
    traces
}

/// Waits until the kernel has stopped changing the members by itself (carrier, addresses and their routes).
fn until_quiet(host: &Netns) {
    for name in ["e0", "e1", "e2"] {
        eventually("a link-local address", SOON, || host.link_local(name).ok_or_else(|| host.ip("addr")));
    }
}

/// The daemon refuses `config` with exit code 1, says all of `words`, and leaves nothing behind.
fn assert_refused(topology: &Topology, config: &dyn ToString, words: &[&str]) {
    let host = topology.host();
    until_quiet(host);
    let before = traces(host);
    let mut daemon = Daemon::prepare(host, config);
    let (status, said) = daemon.start_and_fail();
    assert_eq!(status.code(), Some(1), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(traces(host), before);
    assert_eq!(daemon.group_pins("ipmp0"), None);
}

/// `ipmp-ctl check` refuses the text with exit code 1, naming this line of the file.
fn assert_check_refuses(text: &str, line: usize, words: &[&str]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("ipmp.toml");
    std::fs::write(&file, text).expect("the file can be written");
    let output = ctl::run(Command::new(ctl::binary()).arg("check").arg("--config").arg(&file));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    let place = format!("{}:{line}", file.display());
    assert!(said.contains(&place), "{place} is not in: {said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

fn lines(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

#[test]
fn mistakes_in_the_file_are_named_by_line() {
    let head = "[group.ipmp0]";
    let member = "[group.ipmp0.member.e0]";
    let good = "addresses = [\"10.9.0.10/24\"]";
    let cases: [(&[&str], usize, &[&str]); 11] = [
        (&[head, "adresses = []", member], 2, &["adresses"]),
        (&[head, good, member, "wait = 3"], 4, &["wait"]),
        (&[head, good, member, "[group.ipmp1.member.e0]"], 4, &["e0", "ipmp0"]),
        (&["[group.ipmp0123456789]", good, "[group.ipmp0123456789.member.e0]"], 1, &["13"]),
        (&[head, "addresses = [\"224.0.0.1/24\"]", member], 2, &["224.0.0.1", "multicast"]),
        (&[head, "addresses = [\"0.0.0.0/24\"]", member], 2, &["0.0.0.0"]),
        (&[head, "addresses = [\"::1/64\"]", member], 2, &["::1"]),
        (&[head, "addresses = [\"10.9.0.300/24\"]", member], 2, &["10.9.0.300"]),
        (&["failure-detection-time = \"10ms\"", head, good, member], 1, &["30ms"]),
        (&[head, good, "receive = \"both\"", member], 3, &["receive", "group", "member"]),
        (&[head, good, member, "test-addresses = [\"192.0.2.1\"]"], 4, &["192.0.2.1"]),
    ];
    for (text, line, words) in cases {
        assert_check_refuses(&lines(text), line, words);
    }
}

#[test]
fn an_interface_twice_in_a_group_is_refused() {
    assert_check_refuses(
        &lines(&["[group.ipmp0]", "[group.ipmp0.member.e0]", "[group.ipmp0.member.e0]"]),
        3,
        &["e0"],
    );
}

#[test]
fn one_subnet_on_two_groups_is_refused() {
    let second = GroupConfig::new("ipmp1").addresses(["10.9.0.11/24"]).members(["e2"]);
    assert_refused(&host(), &format!("{}{second}", group()), &["10.9.0", "ipmp0", "ipmp1"]);
}

#[test]
fn a_mistake_stops_the_daemon_before_it_touches_anything() {
    assert_refused(&host(), &group().line("adresses = []"), &["adresses", "ipmp.toml:"]);
}

#[test]
fn a_member_that_is_no_ethernet_is_refused() {
    assert_refused(&host(), &group().members(["lo"]), &["lo", "Ethernet"]);
}

#[test]
fn a_bridge_port_is_refused() {
    let topology = host();
    topology.host().ip_batch("link add br0 type bridge\nlink set e1 master br0\n");
    assert_refused(&topology, &group(), &["e1", "br0"]);
}

#[test]
fn a_data_address_of_another_interface_is_refused() {
    let topology = host();
    topology.host().ip("addr add 10.9.0.10/32 dev e2");
    assert_refused(&topology, &group(), &["10.9.0.10", "e2"]);
}

#[test]
fn a_subnet_of_another_interface_is_refused() {
    let topology = host();
    topology.host().ip("addr add 10.9.0.99/24 dev e2");
    assert_refused(&topology, &group(), &["10.9.0", "e2"]);
}

#[test]
fn a_member_with_an_address_of_its_own_is_refused() {
    for address in ["10.77.0.1/24", "fd77::1/64"] {
        let topology = host();
        topology.host().ip(&format!("addr add {address} dev e1"));
        let address = address.split('/').next().expect("split gives at least one part");
        assert_refused(&topology, &group(), &["e1", address]);
    }
}

#[test]
fn a_member_with_a_route_of_its_own_is_refused() {
    let topology = host();
    topology.host().ip("route add 10.88.0.0/16 dev e1");
    assert_refused(&topology, &group(), &["e1", "10.88.0.0/16"]);
}

#[test]
fn an_interface_that_has_the_groups_name_is_refused() {
    let topology = host();
    topology.host().ip("link add ipmp0 type bridge");
    assert_refused(&topology, &group(), &["ipmp0"]);
}

#[test]
fn a_second_daemon_for_the_same_group_is_refused() {
    let topology = host();
    let first = Daemon::start(topology.host(), &group());
    let mut second = Daemon::prepare_with_pins(topology.host(), &group(), first.pins().to_owned());
    let (status, said) = second.start_and_fail();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("ipmp0") || said.contains("another daemon"), "{said}");
    first.until_group("ipmp0", "ok");
}

#[test]
fn a_second_daemon_on_the_same_socket_is_refused() {
    let topology = host();
    let first = Daemon::start(topology.host(), &group());
    let mut command = Command::new(ctl::binary());
    command
        .args(["daemon", "--netns", topology.host().name()])
        .arg("--config")
        .arg(first.config())
        .arg("--pins")
        .arg(first.pins())
        .arg("--socket")
        .arg(first.socket());
    let output = ctl::run(&mut command);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    first.until_group("ipmp0", "ok");
}

#[test]
fn a_socket_path_that_is_a_file_is_refused_and_the_file_stays() {
    let topology = host();
    until_quiet(topology.host());
    let before = traces(topology.host());
    let mut daemon = Daemon::prepare(topology.host(), &group());
    std::fs::write(daemon.socket(), "precious").expect("the directory is ours");
    let (status, said) = daemon.start_and_fail();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("control.sock") && said.contains("not a socket"), "{said}");
    assert_eq!(std::fs::read_to_string(daemon.socket()).expect("it is still there"), "precious");
    assert_eq!(traces(topology.host()), before);
    assert_eq!(daemon.group_pins("ipmp0"), None);
}

#[test]
fn pins_outside_a_bpf_file_system_are_refused_with_the_remedy() {
    let topology = host();
    until_quiet(topology.host());
    let before = traces(topology.host());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let pins = directory.path().join("pins");
    let mut daemon = Daemon::prepare_with_pins(topology.host(), &group(), pins.clone());
    let (status, said) = daemon.start_and_fail();
    assert_eq!(status.code(), Some(1), "{said}");
    for word in [pins.to_str().expect("a plain path"), "mount -t bpf", "--pins"] {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(traces(topology.host()), before);
    assert!(!pins.exists());
}

#[test]
fn an_absent_bpf_file_system_is_mounted() {
    let topology = host();
    // In mounts of its own the process sees no BPF file system where it belongs.
    let script = "while umount /sys/fs/bpf 2>/dev/null; do :; done; exec \"$@\"";
    let launcher = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
    let mut daemon = Daemon::prepare(topology.host(), &group()).launched_by(&launcher);
    daemon.restart();
    daemon.until_log("mounted the BPF file system");
    daemon.until_group("ipmp0", "ok");
    assert_eq!(daemon.group_pins("ipmp0"), None, "the pins are in the file system of the daemon");
    let output = daemon.down("ipmp0");
    assert!(output.status.success(), "{}", ctl::describe(&output));
}

#[test]
fn nothing_stays_of_any_group_if_one_cannot_be_set_up() {
    let topology = host();
    // Found only when the second group's route is set: the kernel has one like it already.
    topology.host().ip("route add blackhole 10.88.0.0/16");
    let second = GroupConfig::new("ipmp1")
        .addresses(["10.10.0.10/24"])
        .members(["e2"])
        .line("routes = [\"10.88.0.0/16 via 10.10.0.1\"]");
    assert_refused(&topology, &format!("{}{second}", group()), &["ipmp1", "10.88.0.0/16"]);
}

#[test]
fn an_absent_configuration_is_named() {
    let output = ctl::run(Command::new(ctl::binary()).args(["check", "--config", "/nonexistent/ipmp.toml"]));
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("/nonexistent/ipmp.toml"), "{}", ctl::describe(&output));
}

#[test]
fn a_daemon_without_privilege_says_so() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    let file = directory.path().join("ipmp.toml");
    std::fs::write(&file, group().to_string()).expect("the file can be written");
    let output = ctl::as_nobody(&["daemon", "--config", file.to_str().expect("a plain path")]);
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("root"), "{}", ctl::describe(&output));
}

#[test]
fn bad_usage_exits_with_2() {
    for arguments in [&["frobnicate"][..], &["stat", "-g", "-i"], &["flow", "ipmp0"], &["down"], &[]] {
        let output = ctl::run(Command::new(ctl::binary()).args(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", ctl::describe(&output));
    }
}

#[test]
fn a_command_without_a_daemon_says_so() {
    let output = ctl::run(Command::new(ctl::binary()).args(["stat", "--socket", "/nonexistent.sock"]));
    assert_eq!(output.status.code(), Some(1), "{}", ctl::describe(&output));
    assert!(ctl::text(&output).contains("daemon"), "{}", ctl::describe(&output));
}

#[test]
fn a_good_file_is_accepted() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("ipmp.toml");
    std::fs::write(&file, format!("on-event = \"/bin/true\"\n{}", group())).expect("the file can be written");
    let output = ctl::run(Command::new(ctl::binary()).arg("check").arg("--config").arg(&file));
    assert_eq!(output.status.code(), Some(0), "{}", ctl::describe(&output));
    assert!(!ctl::text(&output).contains("on-event"), "{}", ctl::describe(&output));
}

#[test]
fn what_sits_on_top_of_the_group_is_logged_as_unsupported() {
    let topology = host();
    let daemon = Daemon::start(topology.host(), &group());
    topology.host().ip_batch("link add br0 type bridge\nlink set ipmp0 master br0\n");
    daemon.until_log("br0");
}

#[test]
fn vlans_on_top_of_the_group_are_logged_as_unsupported() {
    let topology = host();
    let daemon = Daemon::start(topology.host(), &group());
    let made = topology.host().try_ip("link add link ipmp0 name ipmp0.5 type vlan id 5");
    // The kernel may have no VLAN devices.
    if made.status.success() {
        daemon.until_log("ipmp0.5");
    }
}
