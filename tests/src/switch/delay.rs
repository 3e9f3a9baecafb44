//! A longer cable: what passes a port takes its time, both ways. By hand, where the kernel has no netem.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use super::Switch;
use crate::packet_socket::{Direction, PacketSocket};

/// The delay of a port. It ends, and with it the connection, when the value goes.
#[derive(Debug)]
pub struct Delay {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Switch {
    /// Delays all that passes `port`. IPv4 datagrams come through without their checksum, which the sender leaves to
    /// hardware that is not there; nothing else that needs one does.
    pub fn delay(&self, port: &str, time: Duration) -> Delay {
        let (near, far) = (format!("{port}n"), format!("{port}f"));
        self.netns.ip_batch(&format!(
            "link set {port} nomaster promisc on\nlink add {near} type veth peer name {far}\n\
             link set {near} promisc on up\nlink set {far} master sw up\n"
        ));
        self.notice(&far);
        let stop = Arc::new(AtomicBool::new(false));
        let way = |from: &str, to: &str| {
            let (from, to) = (PacketSocket::open(&self.netns, from), PacketSocket::open(&self.netns, to));
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || relay(&from, &to, time, &stop))
        };
        Delay { threads: vec![way(port, &near), way(&near, port)], stop }
    }
}

/// Passes frames on, each `time` after it came.
fn relay(from: &PacketSocket, to: &PacketSocket, time: Duration, stop: &AtomicBool) {
    let mut waiting: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
    let mut buffer = vec![0; 1 << 16];
    while !stop.load(Ordering::Relaxed) {
        while let Some((_, mut frame)) = waiting.pop_front_if(|(due, _)| *due <= Instant::now()) {
            forget_checksum(&mut frame);
            // A cable that is pulled at its other end loses what is in it.
            let _ = to.try_send(&frame);
        }
        let next = waiting.front().map_or(time, |(due, _)| due.saturating_duration_since(Instant::now()));
        // A time-out of zero would be none.
        let wait = next.clamp(Duration::from_micros(100), Duration::from_millis(20));
        if let Some((size, Direction::In)) = from.receive(&mut buffer, wait) {
            waiting.push_back((Instant::now() + time, buffer[..size].to_vec()));
        }
    }
}

/// Makes the checksum of an IPv4 datagram zero, which means that it has none.
fn forget_checksum(frame: &mut [u8]) {
    const UDP: u8 = 17;
    if let [0x08, 0x00, 0x45] = frame[12..15]
        && frame[23] == UDP
        && let Some(checksum) = frame.get_mut(40..42)
    {
        checksum.fill(0);
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
