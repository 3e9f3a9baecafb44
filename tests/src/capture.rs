//! What goes by on an interface.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::{
    Netns,
    eventually::{SOON, eventually},
    packet_socket::{Direction, PacketSocket},
    packets::Packet,
};

/// A frame that went by.
#[derive(Clone, Debug)]
pub struct Captured {
    /// When it was read.
    pub at: Instant,
    /// Which way it went, as the interface sees it.
    pub direction: Direction,
    /// The frame. A VLAN tag that the kernel has taken out is not there.
    pub packet: Packet,
}

/// A running capture; it ends when the value is dropped.
#[derive(Debug)]
pub struct Capture {
    seen: Arc<Mutex<Vec<Captured>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Capture {
    /// Captures the frames on `interface` that `keep` takes. The capture is running when this returns.
    pub fn start(
        netns: &Netns,
        interface: &str,
        mut keep: impl FnMut(&Packet) -> bool + Send + 'static,
    ) -> Self {
        let socket = PacketSocket::open(netns, interface);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (into, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 17];
            while !stopped.load(Ordering::Relaxed) {
                let Some((size, direction)) = socket.receive(&mut buffer, Duration::from_millis(20)) else {
                    continue;
                };
                let packet = Packet::parse(&buffer[..size]);
                if keep(&packet) {
                    let captured = Captured { at: Instant::now(), direction, packet };
                    into.lock().expect("no panic while it is held").push(captured);
                }
            }
        });
        Self { seen, stop, thread: Some(thread) }
    }

    /// Everything captured so far.
    pub fn seen(&self) -> Vec<Captured> {
        self.seen.lock().expect("no panic while it is held").clone()
    }

    /// How many of the captured frames `pick` takes.
    pub fn count(&self, pick: impl Fn(&Packet) -> bool) -> usize {
        self.seen().iter().filter(|captured| pick(&captured.packet)).count()
    }

    /// Waits for a frame that `pick` takes.
    pub fn until(&self, what: &str, pick: impl Fn(&Packet) -> bool) -> Packet {
        eventually(what, SOON, || {
            let seen = self.seen();
            let found =
                seen.iter().find(|captured| pick(&captured.packet)).map(|captured| captured.packet.clone());
            found.ok_or_else(|| seen.iter().map(|captured| captured.packet.to_string()).collect::<Vec<_>>())
        })
    }

    /// Forgets everything captured so far.
    pub fn clear(&self) {
        self.seen.lock().expect("no panic while it is held").clear();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
