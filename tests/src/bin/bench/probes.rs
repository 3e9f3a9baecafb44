//! `probes`: what probing costs the daemon.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use clap::Args;
use ipmp_tests::{
    Daemon, GroupConfig, Netns, Topology,
    eventually::{SOON, eventually, holds},
    interrupt, machine, plan,
    usage::Usage,
};
use rustix::time::{ClockId, clock_gettime};
use socket2::{Domain, Protocol, Socket, Type};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Members
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=64))]
    members: u16,
    /// Seconds of a measurement
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

const TARGETS: usize = 5;

/// Without probes, and the failure detection times with the share of a core that the project wants at most.
const CASES: [(&str, Option<f64>); 3] = [("none", None), ("10s", Some(1.0)), ("100ms", Some(10.0))];

/// Measures and prints.
pub(crate) fn run(options: &Options) {
    let Options { members, seconds } = *options;
    machine::introduce(&format!(
        "Processor time and memory of a daemon that probes {TARGETS} targets by each of {members} members, IPv4, for {seconds} s each.\n\
         On veth the processor time of a probe holds all that happens to it: switch, target, and the way of its reply. The last\n\
         line says what as many sends cost a program that does nothing else."
    ));
    let topology = Topology::new().members(members.into()).peers(TARGETS).build();
    println!("{:<8} {:>10} {:>10} {:>12} {:>10}", "FDT", "probes/s", "% of core", "us a probe", "MiB");
    let mut idle = 0.0;
    for (time, goal) in CASES {
        let (rate, share, resident) = measure(&topology, time, Duration::from_secs(seconds));
        let each = if rate > 0.0 { format!("{:.1}", (share - idle) * 1e4 / rate) } else { "-".to_owned() };
        let goal = goal.map_or_else(String::new, |goal| format!("  (goal: {goal} %, 30 MiB)"));
        println!("{time:<8} {rate:>10.0} {share:>10.2} {each:>12} {resident:>10.1}{goal}");
        if time == "none" {
            idle = share;
        }
    }
    let bare = bare_send(topology.host(), &topology.hosts[0].members[0]);
    println!("{:<8} {:>10} {:>10} {bare:>12.1}", "bare", "", "");
}

/// Probes a second, processor time in hundredths of a core, MiB.
fn measure(topology: &Topology, time: &str, length: Duration) -> (f64, f64, f64) {
    let members = &topology.hosts[0].members;
    let group = GroupConfig::new("ipmp0").addresses([format!("{}/24", plan::data_v4(0, 0))]);
    let group = members.iter().enumerate().fold(group, |group, (index, member)| {
        let test = Ipv4Addr::from(u32::from(plan::peer_v4(29)) + index as u32);
        let lines = if time == "none" {
            "test-addresses = []".to_owned()
        } else {
            format!("test-addresses = [\"{test}\"]")
        };
        group.member(member, &[&lines])
    });
    let group = if time == "none" {
        group
    } else {
        group.line(&format!("failure-detection-time = \"{time}\"")).targets((0..TARGETS).map(plan::peer_v4))
    };
    let daemon = Daemon::start(topology.host(), &group);
    let sent = || daemon.status("ipmp0").members.iter().map(|member| member.probes.sent).sum::<u64>();
    eventually("every member is probed", SOON, || {
        let status = daemon.status("ipmp0");
        let ready = status
            .members
            .iter()
            .all(|member| member.state == "ok" && (time == "none" || member.probes.answered > 0));
        holds(ready, || status)
    });
    let (start, before, probes) = (Instant::now(), Usage::of(daemon.pid()), sent());
    interrupt::pause(length);
    let (after, probes) = (Usage::of(daemon.pid()), sent() - probes);
    let elapsed = start.elapsed().as_secs_f64();
    let lost: u64 = daemon.status("ipmp0").members.iter().map(|member| member.probes.lost).sum();
    if lost > 0 {
        println!("{lost} probes were lost");
    }
    let processor = (after.processor - before.processor).as_secs_f64();
    (probes as f64 / elapsed, processor / elapsed * 100.0, after.resident as f64 / 1024.0)
}

/// Microseconds of processor time that an echo request takes which a plain raw socket sends by `member`.
fn bare_send(host: &Netns, member: &str) -> f64 {
    const COUNT: u32 = 20_000;
    host.ip(&format!("addr add {}/24 dev {member}", plan::peer_v4(20)));
    host.run(|| {
        let socket =
            Socket::new(Domain::IPV4, Type::RAW, Some(Protocol::ICMPV4)).expect("root may open raw sockets");
        socket.bind_device(Some(member.as_bytes())).expect("the member is there");
        // Nothing that comes back is read.
        socket.set_recv_buffer_size(1).expect("a buffer can be small");
        let to = SocketAddr::from((plan::peer_v4(0), 0)).into();
        let message = [8, 0, 0xf7, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let processor = || {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec as u32)
        };
        let before = processor();
        for _ in 0..COUNT {
            socket.send_to(&message, &to).expect("the member is up");
            std::thread::yield_now();
        }
        (processor() - before).as_secs_f64() * 1e6 / f64::from(COUNT)
    })
}
