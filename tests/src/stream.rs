//! A numbered UDP stream: what was lost, doubled or late, and for how long nothing arrived.
//!
//! The sender keeps to absolute times, so a late packet does not delay the next. Each packet carries its number and
//! the time it was sent; the receiver notes the kernel's time of arrival, so that scheduling of the receiving thread
//! does not look like an outage. All times are nanoseconds of `CLOCK_MONOTONIC`.

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use crate::{
    Netns,
    eventually::{SOON, eventually, holds},
};

mod receiver;
mod report;
mod sender;

pub use self::report::{Arrival, Report};

/// A running stream. Dropping it stops it.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    sender: Option<JoinHandle<Vec<u64>>>,
    receiver: Option<JoinHandle<Vec<Arrival>>>,
}

/// What the threads of a stream share.
#[derive(Debug, Default)]
struct Shared {
    stop_sending: AtomicBool,
    stop_receiving: AtomicBool,
    sent: AtomicU64,
    received: AtomicU64,
}

/// `CLOCK_MONOTONIC` in nanoseconds: the time that a [`Report`] speaks of.
pub fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

impl Stream {
    /// Starts a stream of `rate` packets a second from the address `source` of `from` to `to`, an address and port of
    /// `receiver`.
    pub fn start(from: &Netns, source: IpAddr, receiver: &Netns, to: SocketAddr, rate: u32) -> Self {
        let listening =
            receiver.run(|| UdpSocket::bind(to)).unwrap_or_else(|error| panic!("receiving at {to}: {error}"));
        let sending = from.run(|| UdpSocket::bind(SocketAddr::new(source, 0)));
        let sending = sending.unwrap_or_else(|error| panic!("sending from {source}: {error}"));
        sending.connect(to).unwrap_or_else(|error| panic!("{source} to {to}: {error}"));
        let shared = Arc::new(Shared::default());
        let (sender, receiver) = (Arc::clone(&shared), Arc::clone(&shared));
        Self {
            receiver: Some(std::thread::spawn(move || receiver::receive(&listening, &receiver))),
            sender: Some(std::thread::spawn(move || sender::send(&sending, rate, &sender))),
            shared,
        }
    }

    /// Packets sent so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Packets received so far.
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// Waits until `more` packets have arrived after this call.
    pub fn until_received(&self, more: u64) {
        let before = self.received();
        eventually(&format!("{more} more packets of a stream"), SOON, || {
            holds(self.received() >= before + more, || {
                format!("{} sent, {} received", self.sent(), self.received() - before)
            })
        });
    }

    /// Stops sending, waits until nothing more arrives, and reports.
    pub fn finish(mut self) -> Report {
        self.shared.stop_sending.store(true, Ordering::Relaxed);
        let sent = self.sender.take().map(join).unwrap_or_default();
        self.shared.stop_receiving.store(true, Ordering::Relaxed);
        let arrivals = self.receiver.take().map(join).unwrap_or_default();
        Report::new(sent, arrivals)
    }
}

fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause))
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.stop_sending.store(true, Ordering::Relaxed);
        self.shared.stop_receiving.store(true, Ordering::Relaxed);
        if let Some(thread) = self.sender.take() {
            let _ = thread.join();
        }
        if let Some(thread) = self.receiver.take() {
            let _ = thread.join();
        }
    }
}
