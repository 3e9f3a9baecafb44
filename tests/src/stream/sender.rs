//! The sending half of a stream.

use std::{
    net::UdpSocket,
    sync::atomic::{AtomicUsize, Ordering},
};

use rustix::{
    thread::{CpuSet, clock_nanosleep_absolute, sched_getaffinity, sched_setaffinity},
    time::{ClockId, Timespec},
};

use super::{Shared, now_ns};

/// Bytes of a packet: its number and its time of sending, and nothing else.
pub(super) const SIZE: usize = 16;

/// Sends until told to stop, and notes the times of sending.
pub(super) fn send(socket: &UdpSocket, rate: u32, shared: &Shared) {
    stay();
    let interval = 1_000_000_000 / u64::from(rate);
    let start = now_ns();
    let mut number = 0;
    while !shared.stop_sending.load(Ordering::Relaxed) {
        let due = start + number * interval;
        if now_ns() < due {
            // A signal that interrupts the sleep makes one packet early, nothing worse.
            let _ = clock_nanosleep_absolute(ClockId::Monotonic, &timespec(due));
        }
        let now = now_ns();
        let mut packet = [0; SIZE];
        packet[..8].copy_from_slice(&u64::to_be_bytes(number));
        packet[8..].copy_from_slice(&now.to_be_bytes());
        // A refused packet (no route, no carrier, a full queue) is a lost one.
        let _ = socket.send(&packet);
        shared.sent_ns().push(now);
        number += 1;
        shared.sent.store(number, Ordering::Relaxed);
    }
}

/// Keeps this thread on one processor, the next one for each stream.
///
/// A veth pair queues packets on the processor that sends them. A sender that moves to another one while the queue of its
/// old one waits would overtake itself, and that would look like the group's reordering.
fn stay() {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % allowed.count().max(1) as usize;
    let one = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu)).nth(number);
    let set = one.into_iter().fold(CpuSet::new(), |mut set, cpu| {
        set.set(cpu);
        set
    });
    // Where that is refused the stream is as good as it was.
    let _ = sched_setaffinity(None, &set);
}

fn timespec(ns: u64) -> Timespec {
    Timespec { tv_sec: (ns / 1_000_000_000).cast_signed(), tv_nsec: (ns % 1_000_000_000).cast_signed() }
}
