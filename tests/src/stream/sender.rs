//! The sending half of a stream.

use std::{net::UdpSocket, sync::atomic::Ordering};

use rustix::{
    thread::clock_nanosleep_absolute,
    time::{ClockId, Timespec},
};

use super::{Shared, now_ns};

/// Bytes of a packet: its number and its time of sending, and nothing else.
pub(super) const SIZE: usize = 16;

/// Sends until told to stop. Gives the times of sending, indexed by packet number.
pub(super) fn send(socket: &UdpSocket, rate: u32, shared: &Shared) -> Vec<u64> {
    let interval = 1_000_000_000 / u64::from(rate);
    let start = now_ns();
    let mut times = Vec::new();
    while !shared.stop_sending.load(Ordering::Relaxed) {
        let number = times.len() as u64;
        let due = start + number * interval;
        if now_ns() < due {
            // A signal that interrupts the sleep makes one packet early, nothing worse.
            let _ = clock_nanosleep_absolute(ClockId::Monotonic, &timespec(due));
        }
        let now = now_ns();
        let mut packet = [0; SIZE];
        packet[..8].copy_from_slice(&number.to_be_bytes());
        packet[8..].copy_from_slice(&now.to_be_bytes());
        // A refused packet (no route, no carrier, a full queue) is a lost one.
        let _ = socket.send(&packet);
        times.push(now);
        shared.sent.store(number + 1, Ordering::Relaxed);
    }
    times
}

fn timespec(ns: u64) -> Timespec {
    Timespec { tv_sec: (ns / 1_000_000_000).cast_signed(), tv_nsec: (ns % 1_000_000_000).cast_signed() }
}
