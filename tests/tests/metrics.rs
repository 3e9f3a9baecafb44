//! Metrics, as a scraper gets them.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::net::UnixStream,
};

use ipmp_tests::{
    Daemon, Rig, Topology, ctl,
    eventually::{SOON, eventually, holds},
    topology::Builder,
};

const AT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9477);

/// The usual group, and metrics at `at`.
fn config(topology: &Topology, at: &str) -> String {
    format!("metrics = \"{at}\"\n{}", topology.hosts[0].group())
}

fn rig(builder: Builder, at: &str) -> Rig {
    let topology = builder.build();
    let rig = Rig { daemon: Daemon::start(topology.host(), &config(&topology, at)), topology };
    rig.until_settled();
    rig
}

/// What the server answers to this request.
fn ask(mut stream: impl Read + Write, request: &str) -> String {
    write!(stream, "{request} HTTP/1.1\r\nHost: ipmp\r\n\r\n").expect("the server takes the request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the server answers");
    answer
}

/// The value of a series.
fn value(rig: &Rig, series: &str) -> Option<String> {
    let answer = rig.host().run(|| ask(TcpStream::connect(AT).expect("it listens"), "GET /metrics"));
    let line = answer.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(str::to_owned)
}

#[test]
fn a_scraper_sees_a_member_fail_and_come_back() {
    let rig = rig(Topology::new(), &AT.to_string());
    let failed = r#"ipmp_member_state{group="ipmp0",interface="e0",state="failed"}"#;
    let until = |wanted: &str| {
        eventually("the state is told", SOON, || {
            let value = value(&rig, failed);
            holds(value.as_deref() == Some(wanted), || value)
        });
    };
    until("0");
    rig.until_reachable();
    let sent = r#"ipmp_member_transmit_packets_total{group="ipmp0",interface="e1"}"#;
    let sent = value(&rig, sent).and_then(|value| value.parse::<u64>().ok());
    assert!(sent.is_some_and(|sent| sent > 0), "{sent:?} packets by e1");
    rig.fail(0);
    until("1");
    rig.topology.restore(0);
    until("0");
}

#[test]
fn what_is_no_scrape_is_told_so() {
    let rig = rig(Topology::new(), &AT.to_string());
    for (request, status) in
        [("GET /", "404"), ("POST /metrics", "405"), ("HEAD /metrics", "200"), ("GET /metrics?x=y", "200")]
    {
        let answer = rig.host().run(|| ask(TcpStream::connect(AT).expect("it listens"), request));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
    }
}

#[test]
fn metrics_are_served_on_a_unix_socket_that_goes_with_the_daemon() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("metrics.sock");
    let mut rig = rig(Topology::new(), path.to_str().expect("a plain path"));
    let answer = ask(UnixStream::connect(&path).expect("it listens"), "GET /metrics");
    assert!(answer.contains("ipmp_group_state{"), "{answer}");
    // One that is killed leaves its socket to the next one.
    rig.daemon.kill9();
    assert!(path.exists());
    rig.daemon.restart();
    ask(UnixStream::connect(&path).expect("it listens"), "GET /metrics");
    rig.daemon.terminate();
    assert!(!path.exists());
}

#[test]
fn reload_serves_elsewhere_and_refuses_a_place_that_is_taken() {
    let mut rig = rig(Topology::new(), &AT.to_string());
    let answers = |rig: &Rig, at: SocketAddr| rig.host().run(|| TcpStream::connect(at).is_ok());
    let other = SocketAddr::new(AT.ip(), AT.port() + 1);
    assert!(rig.daemon.reload(&config(&rig.topology, &other.to_string())).status.success());
    assert!(answers(&rig, other) && !answers(&rig, AT));
    // The old place is part of the new one.
    let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), other.port());
    assert!(rig.daemon.reload(&config(&rig.topology, &any.to_string())).status.success());
    assert!(answers(&rig, other));

    let taken = rig.host().run(|| TcpListener::bind(AT).expect("the port is free"));
    let both = format!("{}\n[group.ipmp1.member.e9]\n", config(&rig.topology, &AT.to_string()));
    let output = rig.daemon.reload(&both);
    let said = ctl::text(&output);
    assert!(!output.status.success() && said.contains("in use"), "{said}");
    assert!(answers(&rig, other), "it is served where it was");
    assert_eq!(rig.daemon.group_pins("ipmp1"), None, "nothing else has changed");
    drop(taken);
    assert!(rig.daemon.reload(&rig.topology.hosts[0].group()).status.success());
    assert!(!answers(&rig, other));
}

#[test]
fn a_place_that_is_taken_is_refused_before_anything_is_made() {
    let topology = Topology::new().build();
    let listener = topology.host().run(|| TcpListener::bind(AT).expect("the port is free"));
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (at, words) in [
        (AT.to_string(), ["127.0.0.1:9477", "in use"]),
        (file.path().display().to_string(), [file.path().to_str().expect("a plain path"), "not a socket"]),
    ] {
        let mut daemon = Daemon::prepare(topology.host(), &config(&topology, &at));
        let (status, said) = daemon.start_and_fail();
        assert_eq!(status.code(), Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "{word:?} is not in: {said}");
        }
        assert_eq!(daemon.group_pins("ipmp0"), None);
        assert!(!topology.host().ip("-br link").contains("ipmp0"));
    }
    drop(listener);
}
