//! A host on the link that answers probes with lies.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::JoinHandle,
};

use ipmp_common::member::Mac;

use crate::{
    Capture, Netns,
    packet_socket::PacketSocket,
    packets::{Packet, ethernet, icmpv4, ipv4, payload},
};

/// Sequences that are lied about: those of some seconds to come.
const SEQUENCES: u16 = 512;

/// Sends replies to the probes of one test address, as fast as it can: with the right source, identifier and sequence, and
/// a wrong cookie. Dropping the value ends it.
#[derive(Debug)]
pub struct Forger {
    sent: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What the forger has to know.
#[derive(Clone, Copy, Debug)]
pub struct Victim {
    /// The test address.
    pub test: Ipv4Addr,
    /// Its MAC address.
    pub mac: Mac,
    /// The target that the lies come from.
    pub target: Ipv4Addr,
}

impl Forger {
    /// Listens on `interface` of `netns`, where `target` is, for a probe; then begins.
    pub fn start(netns: &Netns, interface: &str, victim: Victim) -> Self {
        let Victim { test, target, mac } = victim;
        let probes = Capture::start(netns, interface, move |packet: &Packet| {
            let addresses = packet.ipv4().map(|ip| (ip.source, ip.destination));
            addresses == Some((test, target)) && packet.control().is_some_and(|echo| echo.kind == 8)
        });
        let probe = probes.until("a probe", |_| true);
        let echo = probe.control().expect("an echo request").rest;
        let (identifier, newest) = ([echo[0], echo[1]], u16::from_be_bytes([echo[2], echo[3]]));
        let kind = probe.payload()[8..].to_vec();
        let lie = |sequence: u16| {
            let [a, b] = sequence.to_be_bytes();
            let header = icmpv4(0, 0).rest([identifier[0], identifier[1], a, b]);
            let cookie = [&0x1bad_c00c_1e00_0000_u64.to_be_bytes()[..], &kind].concat();
            let packet = ethernet(netns.mac(interface), mac) / ipv4(target, test) / header / payload(&cookie);
            packet.build()
        };
        let lies: Vec<_> = (0..SEQUENCES).map(|ahead| lie(newest.wrapping_add(ahead))).collect();
        let socket = PacketSocket::open(netns, interface);
        let (sent, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, stopped) = (Arc::clone(&sent), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for lie in lies.iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A queue that is full for a moment takes the next one.
                if socket.try_send(lie).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self { sent, stop, thread: Some(thread) }
    }

    /// Lies told.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Forger {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
