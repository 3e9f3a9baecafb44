//! The numbered streams: 10,000 packets a second each way, IPv4 and IPv6.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use ipmp_tests::{
    plan,
    stream::{Outage, Report, Stream},
};

use crate::stage::Stage;

/// Packets a second of each stream.
pub(crate) const RATE: u32 = 10_000;

/// What the four streams are called, in their order.
pub(crate) const NAMES: [&str; 4] = ["IPv4 out", "IPv4 in", "IPv6 out", "IPv6 in"];

/// Four running streams that one member carries at first.
pub(crate) struct Rides {
    rides: [Ride; 4],
}

struct Ride {
    stream: Stream,
    from: SocketAddr,
    to: SocketAddr,
    outbound: bool,
}

impl Rides {
    /// Starts the streams so that `member` carries all of them: into the group by a data address that is bound to it,
    /// out of the group from a port whose flow it carries. `scene` tells ports of one call from those of another.
    pub(crate) fn aim(stage: &Stage, member: usize, scene: u16) -> Self {
        let ride = |number: usize| {
            let (v6, outbound) = (number >= 2, number.is_multiple_of(2));
            let peer = &stage.rig.topology.peers[usize::from(v6)].netns;
            let peer_address = plan::peer(usize::from(v6))[usize::from(v6)];
            let data = plan::data(member)[usize::from(v6)];
            let port = 9000 + 10 * scene + number as u16;
            if outbound {
                let to = SocketAddr::new(peer_address, port);
                let from = port_by(stage, data, to, member);
                let stream = Stream::start_at(stage.rig.host(), from, peer, to, RATE);
                Ride { stream, from, to, outbound }
            } else {
                let (from, to) = (SocketAddr::new(peer_address, 0), SocketAddr::new(data, port));
                let stream = Stream::start_at(peer, from, stage.rig.host(), to, RATE);
                Ride { stream, from, to, outbound }
            }
        };
        let rides = Self { rides: [0, 1, 2, 3].map(ride) };
        rides.rides.iter().for_each(|ride| ride.stream.until_received(100));
        rides
    }

    /// The member that carries each stream at this moment.
    pub(crate) fn carriers(&self, stage: &Stage) -> [Option<usize>; 4] {
        self.rides.each_ref().map(|ride| {
            if ride.outbound { stage.carrier(ride.from, ride.to) } else { stage.bound(ride.to.ip()) }
        })
    }

    /// What each stream suffered within a window.
    pub(crate) fn outages(&self, window: &Range<u64>) -> [Outage; 4] {
        self.rides.each_ref().map(|ride| ride.stream.outage(window))
    }

    /// Waits until each stream has received something new.
    pub(crate) fn until_flowing(&self) {
        self.rides.iter().for_each(|ride| ride.stream.until_received(100));
    }

    /// Ends the streams and reports on each.
    pub(crate) fn finish(self) -> [Report; 4] {
        self.rides.map(|ride| ride.stream.finish())
    }
}

/// A source port whose flow to `to` is carried by `member`. One in three is, so a hundred are plenty.
fn port_by(stage: &Stage, source: IpAddr, to: SocketAddr, member: usize) -> SocketAddr {
    (21_000..21_100)
        .map(|port| SocketAddr::new(source, port))
        .find(|&from| stage.carrier(from, to) == Some(member))
        .unwrap_or_else(|| panic!("e{member} carries none of a hundred flows to {to}"))
}
