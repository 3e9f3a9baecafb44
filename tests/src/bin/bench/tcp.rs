//! `tcp`: what the group interface costs.

use std::{net::IpAddr, time::Duration};

use clap::{Args, ValueEnum};
use ipmp_tests::{
    Daemon, Figures, GroupConfig, Netns, Ping, Rig, Topology, bulk::throughput, interrupt, machine, plan,
};

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How often each of the six is measured
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Seconds of a measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// The group's `receive` key
    #[arg(long, value_enum, default_value = "group")]
    receive: Receive,
}

/// The group's `receive` key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Receive {
    Group,
    Member,
}

/// Shares of the bare veth that the project wants at least.
const TARGETS: [(&str, f64); 2] = [("sending", 0.95), ("receiving", 0.88)];

/// Who talks to the first peer.
struct Host<'a> {
    name: &'static str,
    netns: &'a Netns,
    address: IpAddr,
}

/// Measures and prints.
pub(crate) fn run(options: &Options) {
    let receive = if options.receive == Receive::Group { "group" } else { "member" };
    machine::introduce(&format!(
        "One TCP connection over the group interface against one over a bare veth of the same switch, Gbit/s,\n\
         IPv4, writes and reads of 256 KiB, {} s each, one after the other; receive = \"{receive}\".",
        options.seconds
    ));
    let line = format!("receive = \"{receive}\"");
    let rig = Rig::with(Topology::new().hosts(2).peers(2).equal_ifindex(true), |group| group.line(&line));
    let single = &rig.topology.hosts[1].netns;
    let address = plan::data_v4(1, 0);
    let config = GroupConfig::new("ipmp0").line(&line).addresses([format!("{address}/24")]).members(["e0"]);
    let _second = Daemon::start(single, &config);
    let hosts = [
        Host { name: "bare veth", netns: &rig.topology.peers[1].netns, address: plan::peer_v4(1).into() },
        Host { name: "3 members", netns: rig.host(), address: rig.data()[0] },
        Host { name: "1 member", netns: single, address: address.into() },
    ];
    for host in &hosts {
        Ping::to(plan::peer_v4(0).into()).from(host.address).until_answered(host.netns);
    }
    let measured = measure(&hosts, rig.peer(), options);
    println!(
        "\n{:<10} {:<10} {:>7} {:>7}  ratio to bare: of each round; of the best runs; median (wanted)",
        "", "", "median", "max"
    );
    for (way, (name, target)) in TARGETS.into_iter().enumerate() {
        for (number, host) in hosts.iter().enumerate() {
            let runs: Vec<_> = measured.iter().map(|round| round[number][way]).collect();
            let figures: Figures = runs.iter().copied().collect();
            print!("{name:<10} {:<10} {:7.2} {:7.2}", host.name, figures.median(), figures.max());
            if number > 0 {
                let ratios: Vec<_> =
                    measured.iter().map(|round| round[number][way] / round[0][way]).collect();
                let each: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
                let median = ratios.iter().copied().collect::<Figures>().median();
                // What disturbs a run only slows it down: the best ones were disturbed least.
                let best =
                    figures.max() / measured.iter().map(|round| round[0][way]).collect::<Figures>().max();
                print!("  {}; best {best:.3}; median {median:.3} ({target:.2})", each.join(" "));
            }
            println!();
        }
    }
}

/// Gbit/s of each round, host and way (sending, receiving). Every other round goes backwards, so that a slow drift of the
/// machine favours nobody.
fn measure(hosts: &[Host<'_>; 3], peer: &Netns, options: &Options) -> Vec<[[f64; 2]; 3]> {
    let time = Duration::from_secs(options.seconds);
    let far = plan::peer_v4(0).into();
    let mut rounds = Vec::new();
    for round in 0..options.rounds {
        let mut rates = [[0.0; 2]; 3];
        for way in [0, 1] {
            let mut order = [0, 1, 2];
            if round % 2 == 1 {
                order.reverse();
            }
            for number in order {
                interrupt::check();
                let Host { netns, address, .. } = hosts[number];
                rates[number][way] = 1e-9
                    * if way == 0 {
                        throughput(netns, address, peer, far, time)
                    } else {
                        throughput(peer, far, netns, address, time)
                    };
            }
        }
        let show = |way: usize| {
            let shown: Vec<_> = hosts
                .iter()
                .zip(&rates)
                .map(|(host, rate)| format!("{} {:6.2}", host.name, rate[way]))
                .collect();
            shown.join(", ")
        };
        println!("round {:>2}   sending: {}   receiving: {}", round + 1, show(0), show(1));
        rounds.push(rates);
    }
    rounds
}
