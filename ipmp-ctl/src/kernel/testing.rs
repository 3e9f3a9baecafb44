//! Tests in a network namespace of their own: a thread that has left the host's, so nothing reaches it.

pub(crate) mod hosts;

use std::{
    future::Future,
    os::fd::{AsRawFd, OwnedFd},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    net::{AddressFamily, SocketFlags, SocketType, netdevice, socket_with},
    thread::{UnshareFlags, unshare_unsafe},
};

/// Runs a test in a fresh network namespace, which goes when the test returns. Needs root.
pub(crate) fn in_netns<T: Send + 'static>(test: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = thread::spawn(move || {
        // SAFETY: only the network namespace of this thread changes; no file descriptors are involved.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.expect("network namespaces need root");
        ip("link set lo up");
        test()
    });
    match thread.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Runs an asynchronous test in a fresh network namespace.
pub(crate) fn block_in_netns<F: Future>(test: impl FnOnce() -> F + Send + 'static) -> F::Output
where
    F::Output: Send + 'static,
{
    in_netns(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
        runtime.block_on(test())
    })
}

/// Runs `ip`, split at spaces, in the namespace of the calling thread; returns what it prints.
pub(crate) fn ip(arguments: &str) -> String {
    let output = Command::new("ip").args(arguments.split_whitespace()).output().expect("ip of iproute2");
    assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Makes the pair `e0`, `e1`, both up.
pub(crate) fn veth_pair() {
    ip("link add e0 type veth peer name e1");
    ip("link set e0 up");
    ip("link set e1 up");
}

/// A packet socket that hears everything on one interface, and speaks there.
pub(crate) fn packet_socket(ifname: &str) -> OwnedFd {
    let every = (libc::ETH_P_ALL as u16).to_be();
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::PACKET, SocketType::RAW, flags, None).expect("packet socket");
    let index = netdevice::name_to_index(&socket, ifname).expect("index");
    // SAFETY: a sockaddr_ll is plain data, for which all zeros are a valid value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    (address.sll_family, address.sll_protocol) = (libc::AF_PACKET as u16, every);
    address.sll_ifindex = index.cast_signed();
    let length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // SAFETY: the descriptor is open and the address has the stated size.
    let status = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    assert_eq!(status, 0);
    socket
}

/// Looks again and again until there is something, for 15 s at most.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{what}: not within 15 s");
        thread::yield_now();
    }
}

/// Waits for a future, for 15 s at most.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let outcome = tokio::time::timeout(Duration::from_secs(15), future).await;
    outcome.unwrap_or_else(|_| panic!("{what}: not within 15 s"))
}
