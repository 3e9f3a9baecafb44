//! A numbered UDP stream: what was lost, doubled or late, and for how long nothing arrived.
//!
//! The sender keeps to absolute times, so a late packet does not delay the next. Each packet carries its number and
//! the time it was sent; the receiver notes the kernel's time of arrival, so that scheduling of the receiving thread
//! does not look like an outage. All times are nanoseconds of `CLOCK_MONOTONIC`.

use std::{
    mem,
    net::{IpAddr, SocketAddr, UdpSocket},
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use crate::{
    Netns,
    eventually::{SOON, eventually, holds},
};

mod outage;
mod receiver;
mod report;
mod sender;

pub use self::{
    outage::Outage,
    report::{Arrival, Report},
};

/// A running stream. Dropping it stops it.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    sender: Option<JoinHandle<()>>,
    receiver: Option<JoinHandle<()>>,
}

/// What the threads of a stream share.
#[derive(Debug, Default)]
struct Shared {
    stop_sending: AtomicBool,
    stop_receiving: AtomicBool,
    sent: AtomicU64,
    received: AtomicU64,
    /// When each packet was sent, by number. Locked for a moment per packet and for a copy of the last few seconds.
    sent_ns: Mutex<Vec<u64>>,
    /// What arrived, in order; locked as briefly.
    arrivals: Mutex<Vec<Arrival>>,
}

impl Shared {
    fn sent_ns(&self) -> MutexGuard<'_, Vec<u64>> {
        self.sent_ns.lock().expect("no panic while it is held")
    }

    fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().expect("no panic while it is held")
    }
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
        Self::start_at(from, SocketAddr::new(source, 0), receiver, to, rate)
    }

    /// The same from a port of choice, which decides the member that carries it.
    pub fn start_at(from: &Netns, source: SocketAddr, receiver: &Netns, to: SocketAddr, rate: u32) -> Self {
        let listening =
            receiver.run(|| UdpSocket::bind(to)).unwrap_or_else(|error| panic!("receiving at {to}: {error}"));
        let sending = from.run(|| UdpSocket::bind(source));
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
        self.sender.take().map(join);
        self.shared.stop_receiving.store(true, Ordering::Relaxed);
        self.receiver.take().map(join);
        Report::new(mem::take(&mut *self.shared.sent_ns()), mem::take(&mut *self.shared.arrivals()))
    }

    /// What the stream has suffered within `window` (nanoseconds of [`now_ns`]), while it goes on. Packets that are
    /// still on their way count as lost: let the window end a little before now.
    pub fn outage(&self, window: &Range<u64>) -> Outage {
        let (first, sent_ns) = {
            let all = self.shared.sent_ns();
            let first = all.partition_point(|&at| at < window.start);
            (first as u64, all[first..].to_vec())
        };
        let arrivals = {
            let all = self.shared.arrivals();
            let first = all.partition_point(|arrival| arrival.received_ns < window.start);
            all[first.saturating_sub(1)..].to_vec()
        };
        Outage::find(first, &sent_ns, &arrivals, window)
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
