//! `outage`: cut, look, restore, look, many times.

use std::{net::SocketAddr, time::Duration};

use clap::{Args, ValueEnum};
use ipmp_common::flow::protocol;
use ipmp_tests::{
    Figures, Reaction, Rig, Topology,
    echo::{Connections, EchoServer},
    eventually::{SOON, eventually, holds},
    interrupt, machine, plan,
    reaction::{Watch, window_since},
    stream::{Outage, Stream, now_ns},
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
    let bench = Bench::new(rig, options.family);
    let (mut cuts, mut repairs) = (Vec::new(), Vec::new());
    for number in 0..options.trials {
        // Not in step with any timer of the kernel or the daemon.
        interrupt::pause(Duration::from_millis(100 + u64::from(number * 37 % 300)));
        cuts.push(bench.trial(Watch::cut));
        repairs.push(bench.trial(Watch::restore));
        bench.until_at_home();
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
    let ways: [(&str, fn(&Trial) -> &Outage); 2] = [("out", |trial| &trial.out), ("in", |trial| &trial.into)];
    for (way, of) in ways {
        let lost: u64 = trials.iter().map(|trial| of(trial).lost).sum();
        let standstill = trials.iter().map(|trial| ms(of(trial).standstill)).collect();
        line(&format!("outage {way}"), standstill, &lost.to_string());
        line(&format!("gap {way}"), trials.iter().map(|trial| ms(of(trial).gap)).collect(), "");
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
    flow: (SocketAddr, SocketAddr),
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
        let carried = |from: &SocketAddr| {
            rig.daemon.carrier(GROUP, protocol::UDP, *from, to) == Some(format!("e{VICTIM}"))
        };
        let from = (21_000..21_100).map(|port| SocketAddr::new(data, port)).find(carried);
        let from = from.unwrap_or_else(|| panic!("e{VICTIM} carries none of a hundred flows"));
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
        let bench = Self { out, into, flow: (from, to), connections, _servers: servers, watch, rig };
        bench.until_at_home();
        bench
    }

    fn trial(&self, act: fn(&Watch, &Topology, &[usize]) -> Reaction) -> Trial {
        let start = now_ns();
        let reaction = act(&self.watch, &self.rig.topology, &[VICTIM]);
        interrupt::pause(LOOK);
        let window = window_since(start);
        Trial { reaction, out: self.out.outage(&window), into: self.into.outage(&window) }
    }

    /// Waits until all members work, and the victim carries both streams again.
    fn until_at_home(&self) {
        let victim = format!("e{VICTIM}");
        let (from, to) = self.flow;
        eventually("both streams are back on the member", SOON, || {
            let status = self.rig.daemon.status(GROUP);
            let working = status.members.iter().all(|member| member.state == "ok");
            let bound = status.addresses.iter().find(|row| row.address == from.ip());
            let bound = bound.and_then(|row| row.inbound.as_ref()) == Some(&victim);
            let carried = self.rig.daemon.carrier(GROUP, protocol::UDP, from, to).as_ref() == Some(&victim);
            holds(working && bound && carried, || status)
        });
    }

    /// Says what became of the connections and the streams.
    fn report(self, veth: Veth) {
        let before: Vec<_> = self.connections.iter().flat_map(Connections::exchanges).collect();
        interrupt::pause(Duration::from_secs(2));
        let after = self.connections.iter().flat_map(Connections::exchanges);
        let silent = after.zip(&before).filter(|(after, before)| after <= before).count();
        println!("{:<10} {silent} of {} TCP connections lost", veth.name(), before.len());
        println!("{:<10} stream out: {}", veth.name(), self.out.finish());
        println!("{:<10} stream in:  {}\n", veth.name(), self.into.finish());
    }
}
