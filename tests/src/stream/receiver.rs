//! The receiving half of a stream.

use std::{
    io,
    net::UdpSocket,
    os::fd::AsRawFd,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{Arrival, Shared, now_ns, sender::SIZE};

/// How long the receiver goes on after the sender has stopped and nothing more came.
const DRAIN: Duration = Duration::from_millis(100);

/// Receives until told to stop and the line has been quiet.
pub(super) fn receive(socket: &UdpSocket, shared: &Shared) {
    let stamps = enable_stamps(socket);
    stamps.unwrap_or_else(|error| panic!("receive times of the kernel: {error}"));
    let _ = socket2::SockRef::from(socket).set_recv_buffer_size(4 << 20);
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out above zero");
    let realtime_ahead = realtime_ns() - i128::from(now_ns());
    let mut last = Instant::now();
    loop {
        match receive_one(socket) {
            Some((packet, at)) => {
                last = Instant::now();
                shared.arrivals().push(Arrival {
                    number: u64::from_be_bytes(*packet.first_chunk().expect("a packet holds its number")),
                    received_ns: u64::try_from(at - realtime_ahead).expect("both clocks run"),
                });
                shared.received.fetch_add(1, Ordering::Relaxed);
            }
            None if shared.stop_receiving.load(Ordering::Relaxed) && last.elapsed() > DRAIN => {
                return;
            }
            None => {}
        }
    }
}

fn realtime_ns() -> i128 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)
}

fn enable_stamps(socket: &UdpSocket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option takes an int, whose address and size are given.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            std::ptr::from_ref(&on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A packet and the kernel's time of its arrival (`CLOCK_REALTIME`); `None` if none came within the time-out.
fn receive_one(socket: &UdpSocket) -> Option<([u8; SIZE], i128)> {
    let mut packet = [0_u8; SIZE];
    // As aligned as the control messages in it.
    let mut control = [0_u64; 16];
    let mut part = libc::iovec { iov_base: packet.as_mut_ptr().cast(), iov_len: SIZE };
    // SAFETY: integers and pointers, for which zero is a value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    // SAFETY: the header names two buffers that live until the end of this function, with their sizes.
    let size = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) };
    if size != SIZE.cast_signed() {
        return None;
    }
    // SAFETY: the kernel has filled in the header and its control messages.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(&raw const header).as_ref() };
    while let Some(current) = message {
        if (current.cmsg_level, current.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) {
            // SAFETY: this kind of message holds a timespec.
            let time = unsafe { libc::CMSG_DATA(current).cast::<libc::timespec>().read_unaligned() };
            return Some((packet, i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)));
        }
        // SAFETY: as for the first.
        message = unsafe { libc::CMSG_NXTHDR(&raw const header, current).as_ref() };
    }
    None
}
