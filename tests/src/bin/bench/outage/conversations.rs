//! TCP connections that should survive.

use std::{net::SocketAddr, time::Duration};

use ipmp_tests::{
    Topology,
    echo::{Connections, EchoServer},
    interrupt, plan,
};

/// Long-lived connections of both families, opened from both sides.
pub(super) struct Conversations {
    connections: Vec<Connections>,
    _servers: Vec<EchoServer>,
}

/// How long a connection may take to go on when all is well again: TCP has doubled its waiting time meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

impl Conversations {
    /// Opens `each` connections for each family and side between the first host and the first peer.
    pub(super) fn open(topology: &Topology, each: usize) -> Self {
        let (mut servers, mut connections) = (Vec::new(), Vec::new());
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            let here = EchoServer::start(topology.host(), SocketAddr::new(data, 7));
            let there = EchoServer::start(topology.peer(), SocketAddr::new(peer, 7));
            connections.push(Connections::open(topology.peer(), here.address(), each));
            connections.push(Connections::open(topology.host(), there.address(), each));
            servers.extend([here, there]);
        }
        Self { connections, _servers: servers }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.exchanges().len()
    }

    /// How many do not go on, now that all is well again.
    pub(super) fn lost(&self) -> usize {
        const SLICE: Duration = Duration::from_millis(100);
        let before = self.exchanges();
        let mut waited = Duration::ZERO;
        loop {
            let now = self.exchanges();
            let silent = now.iter().zip(&before).filter(|(now, before)| now <= before).count();
            if silent == 0 || waited >= PATIENCE {
                return silent;
            }
            interrupt::pause(SLICE);
            waited += SLICE;
        }
    }

    fn exchanges(&self) -> Vec<u64> {
        self.connections.iter().flat_map(Connections::exchanges).collect()
    }
}
