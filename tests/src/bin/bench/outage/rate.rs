//! The highest rate that a bare path carries.

use std::{net::SocketAddr, time::Duration};

use ipmp_tests::{
    Ping, Topology, interrupt, plan,
    stream::{Report, Stream},
};

/// What is tried, the highest first.
const RATES: [u32; 11] = [10_000, 8_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_500, 1_000, 500, 200];

/// How long each is tried.
const TIME: Duration = Duration::from_millis(500);

/// Share of the packets that a sender which keeps up has sent by then.
const ON_TIME: f64 = 0.98;

/// Finds the highest rate of [`RATES`] at which two ordinary hosts of one switch exchange both families' streams both
/// ways without a loss and without falling behind. Says what it tries.
pub(super) fn search(mut say: impl FnMut(&str)) -> u32 {
    let topology = Topology::new().hosts(0).peers(2).build();
    for (near, far) in plan::peer(1).into_iter().zip(plan::peer(0)) {
        Ping::to(far).from(near).until_answered(&topology.peers[1].netns);
    }
    for rate in RATES {
        let reports = exchange(&topology, rate);
        let lost: u64 = reports.iter().map(|report| report.lost).sum();
        let behind = reports.iter().any(|report| !keeps_up(report, rate));
        let verdict = match (lost, behind) {
            (0, false) => "carried without loss",
            (0, true) => "the senders fall behind",
            (_, _) => "packets are lost",
        };
        say(&format!("{rate} packets/s of each stream over a bare path: {verdict}"));
        if lost == 0 && !behind {
            return rate;
        }
    }
    let least = RATES[RATES.len() - 1];
    say(&format!("no rate is carried without loss; {least} is taken"));
    least
}

fn exchange(topology: &Topology, rate: u32) -> Vec<Report> {
    let [far, near] = [&topology.peers[0].netns, &topology.peers[1].netns];
    let mut streams = Vec::new();
    for (there, here) in plan::peer(0).into_iter().zip(plan::peer(1)) {
        streams.push(Stream::start(near, here, far, SocketAddr::new(there, 9000), rate));
        streams.push(Stream::start(far, there, near, SocketAddr::new(here, 9000), rate));
    }
    interrupt::pause(TIME);
    streams.into_iter().map(Stream::finish).collect()
}

/// Whether the packets of a report left as fast as they should.
fn keeps_up(report: &Report, rate: u32) -> bool {
    let (Some(&first), Some(&last)) = (report.sent_ns.first(), report.sent_ns.last()) else { return false };
    let due = (last - first) as f64 * 1e-9 * f64::from(rate);
    // A sender that is behind sends without a pause: what counts is how many have been sent since the first.
    report.sent as f64 >= due * ON_TIME && (last - first) as f64 >= TIME.as_nanos() as f64 * ON_TIME
}
