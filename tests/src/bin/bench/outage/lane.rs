//! One of the four ways that traffic takes.

use std::{fmt, net::SocketAddr};

use ipmp_tests::{Netns, Topology, plan, stream::Stream};
use serde::{Deserialize, Serialize};

use super::system::{System, VICTIM};

/// As seen from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// From the host to the peer.
    Out,
    /// From the peer to the host.
    In,
}

/// Family of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Family {
    /// IPv4.
    IPv4,
    /// IPv6.
    IPv6,
}

/// Direction and family of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lane {
    /// Its direction.
    pub(crate) direction: Direction,
    /// Its family.
    pub(crate) family: Family,
}

/// Where the streams arrive.
const PORT: u16 = 9000;

/// Source ports to choose from: with three members one flow in three takes the victim, so a hundred are plenty.
const SOURCES: std::ops::Range<u16> = 21_000..21_100;

impl Lane {
    /// All four.
    pub(crate) const ALL: [Self; 4] = [
        Self { direction: Direction::Out, family: Family::IPv4 },
        Self { direction: Direction::Out, family: Family::IPv6 },
        Self { direction: Direction::In, family: Family::IPv4 },
        Self { direction: Direction::In, family: Family::IPv6 },
    ];

    /// Starts a stream on a way that the victim carries; an error if it seems to carry none.
    pub(super) fn start(self, system: &dyn System, rate: u32) -> Result<Stream, String> {
        let Topology { hosts, peers, .. } = system.topology();
        let index = usize::from(self.family == Family::IPv6);
        let host: (&Netns, _) = (&hosts[0].netns, plan::data(VICTIM)[index]);
        let peer = (&peers[0].netns, plan::peer(0)[index]);
        let (from, to) = if self.direction == Direction::Out { (host, peer) } else { (peer, host) };
        let destination = SocketAddr::new(to.1, PORT);
        let source = SOURCES
            .map(|port| SocketAddr::new(from.1, port))
            .find(|&source| system.carries(self.direction, source, destination))
            .ok_or_else(|| format!("e{VICTIM} carries none of a hundred flows to {destination}"))?;
        Ok(Stream::start_at(from.0, source, to.0, destination, rate))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(if *self == Self::Out { "out" } else { "in" })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(if *self == Self::IPv4 { "IPv4" } else { "IPv6" })
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:<3} {}", self.direction, self.family)
    }
}
