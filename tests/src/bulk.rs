//! TCP as fast as it goes.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::{Netns, interrupt};

#[cfg(test)]
mod tests;

/// Bytes of one write and of one read.
const PIECE: usize = 256 << 10;

/// Time in which the windows grow; not measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// How long either end waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection over which nothing has gone yet.
struct Connection {
    sending: TcpStream,
    receiving: TcpStream,
}

/// Sends over `streams` connections at once from the address `source` of `from` to the address `to` of `receiver`, and
/// gives what arrived over all of them in `time`, in bits a second, once they were warm.
pub fn throughput(
    from: &Netns,
    source: IpAddr,
    receiver: &Netns,
    to: IpAddr,
    streams: usize,
    time: Duration,
) -> f64 {
    let connections: Vec<_> = (0..streams).map(|_| Connection::open(from, source, receiver, to)).collect();
    let arrived = AtomicU64::new(0);
    let running = AtomicBool::new(true);
    thread::scope(|scope| {
        let _end = End(&running);
        for Connection { sending, receiving } in connections {
            let (arrived, running) = (&arrived, &running);
            scope.spawn(move || send(sending, running));
            scope.spawn(move || receive(receiving, arrived));
        }
        interrupt::pause(WARM_UP);
        let (before, start) = (arrived.load(Ordering::Relaxed), Instant::now());
        interrupt::pause(time);
        let bytes = arrived.load(Ordering::Relaxed) - before;
        bytes as f64 * 8.0 / start.elapsed().as_secs_f64()
    })
}

/// Ends the senders, also where Ctrl-C unwinds.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Connection {
    fn open(from: &Netns, source: IpAddr, receiver: &Netns, to: IpAddr) -> Self {
        let listener = receiver.run(|| TcpListener::bind(SocketAddr::new(to, 0)));
        let listener = listener.unwrap_or_else(|error| panic!("listening at {to}: {error}"));
        let to = listener.local_addr().expect("a listener has an address");
        let connect = || {
            let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
            socket.bind(&SocketAddr::new(source, 0).into())?;
            socket.connect_timeout(&to.into(), PATIENCE)?;
            io::Result::Ok(TcpStream::from(socket))
        };
        let sending = from.run(connect).unwrap_or_else(|error| panic!("{source} to {to}: {error}"));
        // The connection is there, so this returns at once.
        let (receiving, _) = listener.accept().expect("the connection was accepted by the kernel");
        sending.set_write_timeout(Some(PATIENCE)).expect("a time-out above zero");
        receiving.set_read_timeout(Some(PATIENCE)).expect("a time-out above zero");
        Self { sending, receiving }
    }
}

/// Sends to the end. Closing the connection ends its receiver.
fn send(mut stream: TcpStream, running: &AtomicBool) {
    let piece = vec![0x55; PIECE];
    while running.load(Ordering::Relaxed) {
        if let Err(error) = stream.write_all(&piece) {
            eprintln!("a connection broke: {error}");
            return;
        }
    }
}

fn receive(mut stream: TcpStream, arrived: &AtomicU64) {
    let mut piece = vec![0; PIECE];
    while let Ok(size @ 1..) = stream.read(&mut piece) {
        arrived.fetch_add(size as u64, Ordering::Relaxed);
    }
}
