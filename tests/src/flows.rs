//! Many small UDP flows: questions of the host that a peer answers.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::Netns;

/// Running flows. Dropping the value ends them.
#[derive(Debug)]
pub struct Flows {
    /// Source and destination of each.
    pub endpoints: Vec<(SocketAddr, SocketAddr)>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// Time between two bursts.
const BEAT: Duration = Duration::from_millis(5);

impl Flows {
    /// Starts `count` flows from `sources` of `host` in turn to `to`, an address and port of `peer`, with `rate`
    /// questions a second altogether.
    pub fn start(
        host: &Netns,
        sources: &[IpAddr],
        peer: &Netns,
        to: SocketAddr,
        count: usize,
        rate: u32,
    ) -> Self {
        let server =
            peer.run(|| UdpSocket::bind(to)).unwrap_or_else(|error| panic!("answering at {to}: {error}"));
        server.set_read_timeout(Some(Duration::from_millis(50))).expect("a time-out above zero");
        let open = |source: &IpAddr| -> io::Result<UdpSocket> {
            let socket = UdpSocket::bind(SocketAddr::new(*source, 0))?;
            socket.connect(to)?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let sockets: io::Result<Vec<_>> = host.run(|| sources.iter().cycle().take(count).map(open).collect());
        let sockets = sockets.unwrap_or_else(|error| panic!("flows to {to}: {error}"));
        let local = |socket: &UdpSocket| socket.local_addr().expect("a bound socket has an address");
        let endpoints = sockets.iter().map(|socket| (local(socket), to)).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let burst = (rate as usize * BEAT.as_millis() as usize).div_ceil(1000).max(1);
        let (asking, answering) = (Arc::clone(&stop), Arc::clone(&stop));
        let threads = vec![
            std::thread::spawn(move || ask(&sockets, burst, &asking)),
            std::thread::spawn(move || answer(&server, &answering)),
        ];
        Self { endpoints, stop, threads }
    }
}

/// Asks on one socket after another.
fn ask(sockets: &[UdpSocket], burst: usize, stop: &AtomicBool) {
    let mut buffer = [0; 16];
    let mut due = Instant::now();
    let mut turn = sockets.iter().cycle();
    while !stop.load(Ordering::Relaxed) {
        for socket in turn.by_ref().take(burst) {
            while socket.recv(&mut buffer).is_ok() {} // the answers to earlier questions
            // What cannot be sent now is lost, as on any link.
            let _ = socket.send(b"who is there?");
        }
        due += BEAT;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn answer(server: &UdpSocket, stop: &AtomicBool) {
    let mut buffer = [0; 16];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((size, from)) = server.recv_from(&mut buffer) {
            let _ = server.send_to(&buffer[..size], from);
        }
    }
}

impl Drop for Flows {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
