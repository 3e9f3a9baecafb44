//! Long-lived TCP connections with a small request every few milliseconds.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

use crate::{
    Netns,
    eventually::{SOON, eventually, holds},
};

/// A server that sends back what it gets. Dropping it closes its connections.
#[derive(Debug)]
pub struct EchoServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    accepted: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl EchoServer {
    /// Listens at `address` of `netns`.
    pub fn start(netns: &Netns, address: SocketAddr) -> Self {
        let listener = netns.run(|| TcpListener::bind(address));
        let listener = listener.unwrap_or_else(|error| panic!("listening at {address}: {error}"));
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let stop = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let (stopped, into) = (Arc::clone(&stop), Arc::clone(&accepted));
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        if let Ok(copy) = stream.try_clone() {
                            into.lock().expect("no panic while it is held").push(copy);
                        }
                        thread::spawn(move || echo(stream));
                    }
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self { address, stop, accepted, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 1 << 14];
    let _ = stream.set_nonblocking(false);
    let _ = stream.set_nodelay(true);
    while let Ok(size) = stream.read(&mut buffer) {
        if size == 0 || stream.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for stream in self.accepted.lock().expect("no panic while it is held").drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Connections to an [`EchoServer`]. Dropping the value closes them.
#[derive(Debug)]
pub struct Connections {
    connections: Vec<Connection>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Connection {
    local: SocketAddr,
    exchanges: Arc<AtomicU64>,
    broken: Arc<Mutex<Option<String>>>,
    thread: Option<JoinHandle<()>>,
}

/// Time between two requests of a connection.
const PAUSE: Duration = Duration::from_millis(20);

/// How long an answer may take before the connection counts as broken: more than any outage that a test makes.
const PATIENCE: Duration = Duration::from_mins(1);

impl Connections {
    /// Opens `count` connections from `netns` to `server`.
    pub fn open(netns: &Netns, server: SocketAddr, count: usize) -> Self {
        Self::open_with(netns, server, count, |_| Ok(()))
    }

    /// Opens `count` connections on sockets that `prepare` has set up (bound to an address or an interface).
    pub fn open_with(
        netns: &Netns,
        server: SocketAddr,
        count: usize,
        prepare: impl Fn(&Socket) -> io::Result<()> + Sync,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let connect = || {
            let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
            prepare(&socket)?;
            socket.connect_timeout(&server.into(), Duration::from_secs(2))?;
            io::Result::Ok(TcpStream::from(socket))
        };
        let connections = (0..count)
            .map(|_| {
                let what = format!("connection from {} to {server}", netns.name());
                let stream = eventually(&what, SOON, || netns.run(connect));
                Connection::new(stream, &stop)
            })
            .collect();
        Self { connections, stop }
    }

    /// Requests answered so far, of each connection.
    pub fn exchanges(&self) -> Vec<u64> {
        self.connections.iter().map(|connection| connection.exchanges.load(Ordering::Relaxed)).collect()
    }

    /// What broke the connections that are broken.
    pub fn broken(&self) -> Vec<String> {
        let broken = |connection: &Connection| {
            let cause = connection.broken.lock().expect("no panic while it is held").clone()?;
            Some(format!("{}: {cause}", connection.local))
        };
        self.connections.iter().filter_map(broken).collect()
    }

    /// Their local addresses.
    pub fn local(&self) -> Vec<SocketAddr> {
        self.connections.iter().map(|connection| connection.local).collect()
    }

    /// Waits until each connection has had three more requests answered after this call, and none is broken.
    pub fn until_all_progress(&self) {
        let before = self.exchanges();
        eventually("progress of every connection", SOON, || {
            let now = self.exchanges();
            let progress = now.iter().zip(&before).all(|(now, before)| now >= &(before + 3));
            holds(progress && self.broken().is_empty(), || (before.clone(), now, self.broken()))
        });
    }
}

impl Connection {
    fn new(stream: TcpStream, stop: &Arc<AtomicBool>) -> Self {
        let exchanges = Arc::new(AtomicU64::new(0));
        let broken = Arc::new(Mutex::new(None));
        let local = stream.local_addr().expect("a connected socket has an address");
        let (count, cause, stopped) = (Arc::clone(&exchanges), Arc::clone(&broken), Arc::clone(stop));
        let thread = thread::spawn(move || {
            if let Err(error) = converse(&stream, &count, &stopped) {
                *cause.lock().expect("no panic while it is held") = Some(error.to_string());
            }
        });
        Self { local, exchanges, broken, thread: Some(thread) }
    }
}

fn converse(mut stream: &TcpStream, exchanges: &AtomicU64, stop: &AtomicBool) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    while !stop.load(Ordering::Relaxed) {
        let number = exchanges.load(Ordering::Relaxed).to_be_bytes();
        stream.write_all(&number)?;
        let mut answer = [0; 8];
        if !read_patiently(stream, &mut answer, stop)? {
            return Ok(());
        }
        if answer != number {
            return Err(io::Error::other(format!("{answer:?} came back instead of {number:?}")));
        }
        exchanges.fetch_add(1, Ordering::Relaxed);
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Fills `answer`; `false` if told to stop before it was full.
fn read_patiently(mut stream: &TcpStream, answer: &mut [u8], stop: &AtomicBool) -> io::Result<bool> {
    let asked = std::time::Instant::now();
    let mut filled = 0;
    while filled < answer.len() {
        match stream.read(&mut answer[filled..]) {
            Ok(0) => return Err(io::Error::other("closed by the server")),
            Ok(size) => filled += size,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && asked.elapsed() < PATIENCE => {
                if stop.load(Ordering::Relaxed) {
                    return Ok(false);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for connection in &mut self.connections {
            if let Some(thread) = connection.thread.take() {
                let _ = thread.join();
            }
        }
    }
}
