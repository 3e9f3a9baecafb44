//! `outage`: cut, look, restore, look, many times.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use clap::{Args, ValueEnum};
use ipmp_common::flow::protocol;
use ipmp_tests::{
    Figures, Reaction, Rig, Topology,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    interrupt, machine, plan,
    reaction::{Watch, window_since},
    stream::{Outage, Report, Stream, now_ns},
    usable::UsableWord,
};

use crate::veth::Veth;

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Cuts for each kind of veth pair; a 99th percentile is shown from 100 on
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5000))]
    trials: u32,
    /// Family of the streams
    #[arg(long, value_enum, default_value = "v4")]
    family: Family,
    /// Kind of veth pairs; both without it
    #[arg(long, value_enum)]
    veth: Option<Veth>,
}

/// Family of the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Family {
    V4,
    V6,
}

const GROUP: &str = "ipmp0";
const RATE: u32 = 10_000;
const PORT: u16 = 9000;

/// The member that is cut: the home of the first data address.
const VICTIM: usize = 0;

/// How long the streams are looked at after an event.
const LOOK: Duration = Duration::from_millis(250);

/// What a cut or a repair cost.
struct Trial {
    reaction: Reaction,
    out: Outage,
    into: Outage,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) {
    machine::introduce(&format!(
        "Outage of a numbered stream of {RATE} packets/s each way, by the kernel's time stamps, in ms.\n\
         3 members; the cut member carries both streams; 16 TCP connections run along; link-ups-per-minute = 0.\n\
         detected: from the command that cuts to the daemon's write of the usable word. outage: longest time that\n\
         packets had been sent and nothing arrived. gap: longest time without an arrival, a late sender included."
    ));
    println!("{:<10} {:<8} {:<13} {} {:>9}", "ifindexes", "event", "", Figures::HEADINGS, "lost");
    for veth in options.veth.map_or(Veth::BOTH.to_vec(), |veth| vec![veth]) {
        measure(veth, options);
    }
}

fn measure(veth: Veth, options: &Options) {
    let rig = Rig::with(Topology::new().equal_ifindex(veth.is_equal()), |group| {
        group.line("link-ups-per-minute = 0")
    });
    rig.until_reachable();
    let mut bench = Bench::new(rig, options.family);
    let (mut cuts, mut repairs) = (Vec::new(), Vec::new());
    for number in 0..options.trials {
        // Not in step with any timer of the kernel or the daemon.
        interrupt::pause(Duration::from_millis(100 + u64::from(number * 37 % 300)));
        cuts.push(bench.trial(Watch::cut));
        repairs.push(bench.trial(Watch::restore));
        bench.until_repaired();
        bench.aim();
    }
    print(veth, "cut", &cuts);
    print(veth, "restore", &repairs);
    bench.report(veth);
}

fn print(veth: Veth, event: &str, trials: &[Trial]) {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let line = |what: &str, figures: Figures, lost: &str| {
        println!("{:<10} {event:<8} {what:<13} {figures} {lost:>9}", veth.name());
    };
    let detected: Figures = trials.iter().filter_map(|trial| trial.reaction.acted.map(ms)).collect();
    line("detected", detected, "");
    let out: Vec<_> = trials.iter().map(|trial| trial.out).collect();
    let into: Vec<_> = trials.iter().map(|trial| trial.into).collect();
    for (way, outages) in [("out", out), ("in", into)] {
        let lost: u64 = outages.iter().map(|outage| outage.lost).sum();
        let standstill = outages.iter().map(|outage| ms(outage.standstill)).collect();
        line(&format!("outage {way}"), standstill, &lost.to_string());
        line(&format!("gap {way}"), outages.iter().map(|outage| ms(outage.gap)).collect(), "");
    }
    let unnoticed = trials.iter().filter(|trial| trial.reaction.acted.is_none()).count();
    if unnoticed > 0 {
        println!("{unnoticed} of {} were not acted upon within seconds", trials.len());
    }
}

/// Everything that runs; dropped in order.
struct Bench {
    out: Stream,
    into: Stream,
    /// Source and destination of the stream out.
    flow: (SocketAddr, SocketAddr),
    /// What became of earlier streams out.
    earlier: Total,
    connections: Vec<Connections>,
    _servers: Vec<EchoServer>,
    watch: Watch,
    rig: Rig,
}

impl Bench {
    fn new(rig: Rig, family: Family) -> Self {
        let index = usize::from(family == Family::V6);
        let (data, peer) = (plan::data(VICTIM)[index], plan::peer(0)[index]);
        let to = SocketAddr::new(peer, PORT);
        let from = port_by(&rig, data, to);
        let (mut servers, mut connections) = (Vec::new(), Vec::new());
        for (data, peer) in rig.data().into_iter().zip(plan::peer(0)) {
            let here = EchoServer::start(rig.host(), SocketAddr::new(data, 7));
            let there = EchoServer::start(rig.peer(), SocketAddr::new(peer, 7));
            connections.push(Connections::open(rig.peer(), here.address(), 4));
            connections.push(Connections::open(rig.host(), there.address(), 4));
            servers.extend([here, there]);
        }
        let watch = Watch::new(&rig.topology, UsableWord::open(&rig.daemon, GROUP));
        let out = Stream::start_at(rig.host(), from, rig.peer(), to, RATE);
        let into = Stream::start(rig.peer(), peer, rig.host(), SocketAddr::new(data, PORT), RATE);
        out.until_received(100);
        into.until_received(100);
        let earlier = Total::default();
        let bench = Self { out, into, flow: (from, to), earlier, connections, _servers: servers, watch, rig };
        bench.until_repaired();
        bench
    }

    fn trial(&self, act: fn(&Watch, &Topology, &[usize]) -> Reaction) -> Trial {
        let start = now_ns();
        let reaction = act(&self.watch, &self.rig.topology, &[VICTIM]);
        interrupt::pause(LOOK);
        let window = window_since(start);
        Trial { reaction, out: self.out.outage(&window), into: self.into.outage(&window) }
    }

    /// Waits until all members work, and the victim receives the stream in again.
    fn until_repaired(&self) {
        let victim = format!("e{VICTIM}");
        eventually("the stream in is back on its member", SOON, || {
            let status = self.rig.daemon.status(GROUP);
            let working = status.members.iter().all(|member| member.state == "ok");
            let bound = status.addresses.iter().find(|row| row.address == self.flow.0.ip());
            let bound = bound.and_then(|row| row.inbound.as_ref()) == Some(&victim);
            holds(working && bound, || status)
        });
    }

    /// Sends the stream out by the victim again: on a repair as many flows return as must, not the very same ones.
    fn aim(&mut self) {
        let (from, to) = self.flow;
        if carried(&self.rig, from, to) {
            return;
        }
        // The old stream has its port until it has ended.
        let to = SocketAddr::new(to.ip(), if to.port() == PORT { PORT + 1 } else { PORT });
        let from = port_by(&self.rig, from.ip(), to);
        let next = Stream::start_at(self.rig.host(), from, self.rig.peer(), to, RATE);
        next.until_received(100);
        self.earlier.add(&std::mem::replace(&mut self.out, next).finish());
        self.flow = (from, to);
    }

    /// Says what became of the connections and the streams.
    fn report(self, veth: Veth) {
        let before: Vec<_> = self.connections.iter().flat_map(Connections::exchanges).collect();
        interrupt::pause(Duration::from_secs(2));
        let after = self.connections.iter().flat_map(Connections::exchanges);
        let silent = after.zip(&before).filter(|(after, before)| after <= before).count();
        println!("{:<10} {silent} of {} TCP connections lost", veth.name(), before.len());
        let (mut out, mut into) = (self.earlier, Total::default());
        out.add(&self.out.finish());
        into.add(&self.into.finish());
        println!("{:<10} out altogether: {out}", veth.name());
        println!("{:<10} in altogether:  {into}\n", veth.name());
    }
}

/// What became of several streams.
#[derive(Default)]
struct Total {
    sent: u64,
    lost: u64,
    reordered: u64,
    duplicates: u64,
}

impl Total {
    fn add(&mut self, report: &Report) {
        self.sent += report.sent;
        self.lost += report.lost;
        self.reordered += report.reordered;
        self.duplicates += report.duplicates;
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, lost, reordered, duplicates } = self;
        write!(f, "{sent} packets sent, {lost} lost, {reordered} out of order, {duplicates} doubled")
    }
}

/// Whether the victim carries a flow of the host.
fn carried(rig: &Rig, from: SocketAddr, to: SocketAddr) -> bool {
    rig.daemon.carrier(GROUP, protocol::UDP, from, to) == Some(format!("e{VICTIM}"))
}

/// A source port whose flow to `to` the victim carries. One in three is, so a hundred are plenty.
fn port_by(rig: &Rig, source: IpAddr, to: SocketAddr) -> SocketAddr {
    (21_000..21_100)
        .map(|port| SocketAddr::new(source, port))
        .find(|&from| carried(rig, from, to))
        .unwrap_or_else(|| panic!("e{VICTIM} carries none of a hundred flows to {to}"))
}
