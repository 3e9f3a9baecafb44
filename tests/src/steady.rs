//! What must not cost a packet.

use std::net::SocketAddr;

use crate::{Daemon, Rig, machine, plan, stream::Stream};

impl Rig {
    /// Streams in both directions of both families, at a rate that leaves an emulated processor time for the daemon.
    pub fn streams(&self) -> Vec<Stream> {
        let rate = if machine::is_emulated() { 200 } else { 1000 };
        let mut streams = Vec::new();
        for (data, peer) in plan::data(0).into_iter().zip(plan::peer(0)) {
            streams.push(Stream::start(self.host(), data, self.peer(), SocketAddr::new(peer, 5000), rate));
            streams.push(Stream::start(self.peer(), peer, self.host(), SocketAddr::new(data, 5000), rate));
        }
        streams
    }

    /// `event` happens while packets flow, and none is lost, doubled or overtaken.
    pub fn without_loss<T>(&mut self, event: impl FnOnce(&mut Daemon) -> T) -> T {
        self.until_reachable();
        let streams = self.streams();
        for stream in &streams {
            stream.until_received(200);
        }
        let result = event(&mut self.daemon);
        for stream in &streams {
            stream.until_received(500);
        }
        for report in streams.into_iter().map(Stream::finish) {
            assert_eq!((report.lost, report.duplicates, report.reordered), (0, 0, 0), "{report}");
        }
        result
    }
}
