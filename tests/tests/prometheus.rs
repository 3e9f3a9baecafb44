//! The alerts and the dashboard, by a real Prometheus that scrapes a real daemon.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use ipmp_common::member::Mac;
use ipmp_tests::{
    Daemon, ProgramFile, Rig, Topology,
    eventually::{SOON, eventually, holds},
    forger::{Forger, Victim},
    interrupt::pause,
    packet_socket::PacketSocket,
    packets::{ethernet, ipv4, payload, udp},
    plan,
    prometheus::{Prometheus, promtool},
    silence::{ProbeHook, Silence, probed},
    stream::Stream,
};
use serde_json::Value;

/// The alerts.
const RULES: &str = include_str!("../../ipmp-ctl/dist/prometheus/ipmp.rules.yml");

/// The dashboard.
const DASHBOARD: &str = include_str!("../../ipmp-ctl/dist/grafana/ipmp.json");

/// Where metrics are served.
const AT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9477);

/// A probing group, metrics, and a program for events that fails.
fn rig(program: &ProgramFile) -> Rig {
    let topology = Topology::new().build();
    // Two of the three targets are nobody.
    let targets = [plan::peer_v4(0), plan::peer_v4(5), plan::peer_v4(6)];
    let group = probed(topology.hosts[0].group(), ProbeHook::Tc, "500ms").tested(0).targets(targets);
    let config = format!("metrics = \"{AT}\"\non-event = \"{}\"\n{group}", program.path().display());
    let rig = Rig { daemon: Daemon::start(topology.host(), &config), topology };
    rig.until_settled();
    rig.until_probed();
    rig
}

/// The rules without the patience that is right for people: what has to hold for minutes fires at once.
fn impatient(rules: &str) -> String {
    rules
        .lines()
        .filter(|line| !line.trim_start().starts_with("for: "))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

/// The names of the alerts.
fn alerts(rules: &str) -> BTreeSet<&str> {
    rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).collect()
}

/// The queries of the dashboard, with its variables as somebody has them who looks at everything.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("the dashboard is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets
        .map(|target| {
            let expression = target["expr"].as_str().expect("a query");
            [("$instance", ".*"), ("$group", ".*"), ("$__rate_interval", "1m"), ("$__range", "1h")]
                .into_iter()
                .fold(expression.to_owned(), |text, (name, value)| text.replace(name, value))
        })
        .collect()
}

/// Lets a member fail and come back, slowly enough that Prometheus sees both.
fn flap(rig: &Rig, prometheus: &Prometheus<'_>, member: usize) {
    let failed = format!("ipmp_member_state{{interface=\"e{member}\",state=\"failed\"}}");
    rig.fail(member);
    prometheus.until(&format!("{failed} == 1"));
    rig.repair(member);
    prometheus.until(&format!("{failed} == 0"));
}

#[test]
fn every_query_of_the_dashboard_gives_data_and_every_alert_fires_in_its_situation() {
    let program = ProgramFile::new("exit 1");
    let mut rig = rig(&program);
    let Some(prometheus) = Prometheus::start(rig.topology.host(), AT, &impatient(RULES)) else { return };
    let mut tried = BTreeSet::new();
    let mut fires = |name: &'static str| {
        prometheus.until_alert(name);
        tried.insert(name);
    };
    fires("IpmpTargetsDead");

    let stream = Stream::start(
        rig.host(),
        plan::data(0)[0],
        rig.peer(),
        SocketAddr::new(plan::peer(0)[0], 9000),
        1000,
    );
    for _ in 0..3 {
        flap(&rig, &prometheus, 0);
    }
    fires("IpmpMemberFlaps");
    fires("IpmpOnEventFails");
    // Lost probes, too.
    rig.silence(1, Silence::Both);
    rig.daemon.until_state("e1", "failed");
    fires("IpmpMemberFailed");
    fires("IpmpGroupDegraded");
    for query in queries() {
        prometheus.until(&query);
    }
    drop(stream);
    rig.end_silence(1, Silence::Both);
    rig.daemon.until_state("e1", "ok");

    let frame = ethernet(Mac { bytes: [2, 9, 9, 9, 9, 9] }, rig.peer().mac("eth0"))
        / ipv4(plan::data_v4(0, 0), plan::peer_v4(0))
        / udp(9, 9)
        / payload(b"foreign");
    let socket = PacketSocket::open(rig.host(), "ipmp0");
    let frame = frame.build();
    for _ in 0..2000 {
        // One that is dropped is answered with an error.
        let _ = socket.try_send(&frame);
    }
    fires("IpmpPacketsDropped");
    let victim = Victim { test: plan::test_v4(0, 0), mac: rig.host().mac("e0"), target: plan::peer_v4(0) };
    let forger = Forger::start(rig.peer(), "eth0", victim);
    fires("IpmpProbesForged");
    drop(forger);

    eventually("the loop is late often enough", SOON, || {
        rig.daemon.freeze();
        pause(Duration::from_millis(300));
        rig.daemon.thaw();
        pause(Duration::from_millis(50));
        let late = prometheus.query("ALERTS{alertname=\"IpmpDaemonLate\",alertstate=\"firing\"}");
        holds(late.as_ref().is_ok_and(|late| !late.is_empty()), || late)
    });
    fires("IpmpDaemonLate");

    for member in 0..3 {
        rig.topology.cut(member);
    }
    fires("IpmpGroupFailed");
    fires("IpmpAddressUnbound");
    for member in 0..3 {
        rig.topology.restore(member);
    }
    for _ in 0..3 {
        rig.daemon.kill9();
        fires("IpmpDaemonDown");
        rig.daemon.restart();
        prometheus.until("up == 1");
    }
    fires("IpmpDaemonRestarts");
    assert_eq!(tried, alerts(RULES), "each alert has its situation here");
}

#[test]
fn promtool_finds_nothing_wrong_with_rules_and_metrics() {
    let program = ProgramFile::new("exit 0");
    let rig = rig(&program);
    let rules = program.beside("rules.yml");
    std::fs::write(&rules, RULES).expect("a file");
    let Some(checked) = promtool(&["check", "rules", rules.to_str().expect("a plain path")], "") else {
        return;
    };
    assert_eq!(checked, Ok(()));
    let answer = rig.host().run(|| {
        let mut stream = TcpStream::connect(AT).expect("it listens");
        write!(stream, "GET /metrics HTTP/1.0\r\n\r\n").expect("it takes the request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    });
    let (head, text) = answer.split_once("\r\n\r\n").expect("head and body");
    assert!(head.contains("version=0.0.4"), "{head}");
    assert_eq!(promtool(&["check", "metrics"], text), Some(Ok(())), "{text}");
}
