//! TCP as fast as it goes.

use std::{
    io::{Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

use crate::Netns;

/// Bytes of one write and of one read.
const PIECE: usize = 256 << 10;

/// Time in which the window grows; not measured.
const WARM_UP: Duration = Duration::from_millis(300);

/// How long either end waits for the other.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends from the address `source` of `from` to the address `to` of `receiver` for `time`, and gives what arrived, in
/// bits a second, once the connection was warm.
pub fn throughput(from: &Netns, source: IpAddr, receiver: &Netns, to: IpAddr, time: Duration) -> f64 {
    let listener = receiver.run(|| TcpListener::bind(SocketAddr::new(to, 0)));
    let listener = listener.unwrap_or_else(|error| panic!("listening at {to}: {error}"));
    let to = listener.local_addr().expect("a listener has an address");
    let connect = || {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.bind(&SocketAddr::new(source, 0).into())?;
        socket.connect_timeout(&to.into(), PATIENCE)?;
        std::io::Result::Ok(TcpStream::from(socket))
    };
    let sending = from.run(connect).unwrap_or_else(|error| panic!("{source} to {to}: {error}"));
    // The connection is there, so this returns at once.
    let (receiving, _) = listener.accept().expect("the connection was accepted by the kernel");
    sending.set_write_timeout(Some(PATIENCE)).expect("a time-out above zero");
    receiving.set_read_timeout(Some(PATIENCE)).expect("a time-out above zero");
    thread::scope(|scope| {
        scope.spawn(move || send(sending, WARM_UP + time));
        receive(receiving)
    })
}

fn send(mut stream: TcpStream, time: Duration) {
    let piece = vec![0x55; PIECE];
    let start = Instant::now();
    while start.elapsed() < time {
        if let Err(error) = stream.write_all(&piece) {
            eprintln!("the connection broke: {error}");
            return;
        }
    }
}

/// Reads to the end and gives the rate after the warm-up.
fn receive(mut stream: TcpStream) -> f64 {
    let mut piece = vec![0; PIECE];
    let start = Instant::now();
    let mut warm: Option<Instant> = None;
    let mut bytes = 0_u64;
    let mut last = start;
    while let Ok(size @ 1..) = stream.read(&mut piece) {
        last = Instant::now();
        match warm {
            Some(_) => bytes += size as u64,
            None if start.elapsed() >= WARM_UP => warm = Some(last),
            None => {}
        }
    }
    let time = warm.map_or(0.0, |warm| (last - warm).as_secs_f64());
    if time > 0.0 { bytes as f64 * 8.0 / time } else { 0.0 }
}
