//! The supplementary groups of whoever is at the other end of a Unix socket, as they were when he connected.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _},
};

/// Asks the kernel for them.
///
/// # Errors
/// What the kernel says, in particular for a socket that is not connected.
pub fn peer_groups(socket: impl AsFd) -> io::Result<Vec<u32>> {
    const USUAL: usize = 64;
    match ask(&socket, USUAL) {
        // Their number does not change: the second answer is the last.
        Err((error, needed)) if error.raw_os_error() == Some(libc::ERANGE) => ask(&socket, needed),
        answer => answer,
    }
    .map_err(|(error, _)| error)
}

/// Asks with room for so many; when they do not fit, for how many there must be.
fn ask(socket: &impl AsFd, room: usize) -> Result<Vec<u32>, (io::Error, usize)> {
    let mut groups = vec![0_u32; room];
    let mut length = size_of_val(groups.as_slice()) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into the vector, which is that long, and the number of them into
    // `length`; any bytes make a `u32`.
    let outcome = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERGROUPS,
            groups.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let count = length as usize / size_of::<u32>();
    if outcome != 0 {
        return Err((io::Error::last_os_error(), count));
    }
    groups.truncate(count);
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn own() -> Vec<u32> {
        let mut own: Vec<_> = rustix::process::getgroups()
            .expect("groups")
            .into_iter()
            .map(rustix::process::Gid::as_raw)
            .collect();
        own.sort_unstable();
        own
    }

    #[test]
    fn the_peer_has_the_groups_of_its_process() {
        let (near, _far) = UnixStream::pair().expect("a pair of sockets");
        let mut groups = peer_groups(&near).expect("groups");
        groups.sort_unstable();
        assert_eq!(groups, own());
    }

    #[test]
    fn room_that_does_not_suffice_is_an_error_that_says_how_much_does() {
        let (near, _far) = UnixStream::pair().expect("a pair of sockets");
        match ask(&near, 0) {
            Ok(groups) => assert!(groups.is_empty() && own().is_empty(), "{groups:?}"),
            Err((error, needed)) => {
                assert_eq!(error.raw_os_error(), Some(libc::ERANGE));
                assert_eq!(needed, own().len());
            }
        }
    }
}
