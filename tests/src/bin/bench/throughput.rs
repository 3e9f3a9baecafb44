//! `throughput`: what TCP loses by the group interface.

use std::time::Duration;

use clap::Args;
use ipmp_tests::{Daemon, Netns, Ping, Rig, Topology, bulk, interrupt, machine, plan};

mod results;

use results::{Results, Run, System, Way};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Numbers of connections at once
    #[arg(long, value_delimiter = ',', default_value = "1,4,16", value_parser = clap::value_parser!(u16).range(1..=256))]
    streams: Vec<u16>,
    /// How often each system is measured in each way with each number of streams
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Seconds of a measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// Members of each group
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    members: u8,
    /// Nothing but JSON on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints. Progress goes to standard error.
pub(crate) fn run(options: &Options) {
    let what = format!(
        "TCP over the group interface ({} members) against a bare veth of the same switch, IPv4, writes and reads of\n\
         256 KiB, {} s each, one system after the other, {} rounds.",
        options.members, options.seconds, options.rounds
    );
    if !options.json {
        machine::introduce(&what);
    }
    let results = Results::new(what, measure(options));
    if options.json {
        println!("{:#}", results.json());
    } else {
        println!("{results}");
    }
}

/// Every run, in the order in which they were made. Every other round goes backwards, so that a slow drift of the machine
/// favours nobody.
fn measure(options: &Options) -> Vec<Run> {
    let stage = Stage::new(options.members.into());
    let time = Duration::from_secs(options.seconds);
    let mut cases: Vec<_> = options
        .streams
        .iter()
        .flat_map(|&streams| Way::ALL.map(|way| (streams, way)))
        .flat_map(|(streams, way)| System::ALL.map(|system| (streams, way, system)))
        .collect();
    let mut runs = Vec::new();
    for round in 1..=options.rounds {
        for &(streams, way, system) in &cases {
            interrupt::check();
            let gbits = 1e-9 * stage.throughput(system, way, streams.into(), time);
            eprintln!(
                "round {round:>2} of {}: {streams:>2} {}, {:<9} {:<23} {gbits:6.2} Gbit/s",
                options.rounds,
                if streams == 1 { "stream" } else { "streams" },
                way.name(),
                system.name()
            );
            runs.push(Run { streams, way, system, round, gbits });
        }
        cases.reverse();
    }
    runs
}

/// Two groups and a bare veth, each on a host of its own, and a peer that talks with one after the other.
struct Stage {
    /// With `receive = "group"`.
    rig: Rig,
    /// Of the host with `receive = "member"`; it ends before the namespaces go.
    _member: Daemon,
}

impl Stage {
    fn new(members: usize) -> Self {
        let topology = Topology::new().hosts(2).members(members).peers(2).equal_ifindex(true).build();
        let hosts = &topology.hosts;
        let start = |host: usize, receive: &str| {
            let config = hosts[host].group().line(&format!("receive = \"{receive}\""));
            Daemon::start(&hosts[host].netns, &config)
        };
        let (daemon, member) = (start(0, "group"), start(1, "member"));
        let stage = Self { _member: member, rig: Rig { daemon, topology } };
        for system in System::ALL {
            let (netns, address) = stage.end(system);
            Ping::to(plan::peer_v4(0).into()).from(address.into()).until_answered(netns);
        }
        stage
    }

    /// The host that stands for a system, and its address.
    fn end(&self, system: System) -> (&Netns, std::net::Ipv4Addr) {
        let Topology { hosts, peers, .. } = &self.rig.topology;
        match system {
            System::Bare => (&peers[1].netns, plan::peer_v4(1)),
            System::Group => (&hosts[0].netns, plan::data_v4(0, 0)),
            System::Member => (&hosts[1].netns, plan::data_v4(1, 0)),
        }
    }

    /// Bits a second.
    fn throughput(&self, system: System, way: Way, streams: usize, time: Duration) -> f64 {
        let (netns, address) = self.end(system);
        let (peer, far) = (self.rig.peer(), plan::peer_v4(0));
        match way {
            Way::Sending => bulk::throughput(netns, address.into(), peer, far.into(), streams, time),
            Way::Receiving => bulk::throughput(peer, far.into(), netns, address.into(), streams, time),
        }
    }
}
