//! Network namespaces: going into one, and telling them apart.

use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::MetadataExt},
    path::{Path, PathBuf},
    thread,
};

use rustix::{
    net::{AddressFamily, SocketType, socket},
    thread::{LinkNameSpaceType, move_into_link_name_space},
};
use std::os::fd::AsFd;

/// Where `ip netns` keeps named namespaces.
const NAMED: &str = "/run/netns";

/// A setting that is global, and for that reason shown in the initial network namespace only. (Neither the cookie
/// nor the inode of the initial namespace is the same on all kernels.)
const GLOBAL_SYSCTL: &str = "/proc/sys/net/core/netdev_max_backlog";

/// Why a network namespace could not be entered or looked at.
#[derive(Debug, thiserror::Error)]
pub enum NetnsError {
    /// There is no such namespace.
    #[error(
        "network namespace \"{name}\" does not exist ({path} is absent): create it with `ip netns add {name}`, or give \
         the path of a namespace file such as /proc/PID/ns/net", path = path.display()
    )]
    Absent {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file could not be opened.
    #[error("cannot open network namespace {path}: {source}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel refused to switch.
    #[error(
        "cannot enter network namespace {path}: {source}; this needs root, and the file must be that of a network \
         namespace", path = path.display()
    )]
    Enter {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// The kernel did not tell which namespace this is.
    #[error("cannot find out which network namespace this is: {0}")]
    Identity(io::Error),
}

/// Which network namespace this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetnsId {
    /// `SO_NETNS_COOKIE`: unique since boot, never used again.
    pub cookie: u64,
    /// Inode of the namespace file; used again after the namespace has gone.
    pub inode: u64,
    /// Whether it is the namespace that the host started with.
    pub initial: bool,
}

/// The namespace file that a `--netns` argument means: one with a slash is a path, another a name of `ip netns`.
pub fn path_of(name_or_path: &str) -> PathBuf {
    if name_or_path.contains('/') { PathBuf::from(name_or_path) } else { Path::new(NAMED).join(name_or_path) }
}

/// Moves the calling thread, and every thread that it starts later, into a network namespace.
pub fn enter(name_or_path: &str) -> Result<(), NetnsError> {
    let path = path_of(name_or_path);
    let file = File::open(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => NetnsError::Absent { name: name_or_path.to_owned(), path: path.clone() },
        _ => NetnsError::Open { path: path.clone(), source },
    })?;
    move_into_link_name_space(file.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(|error| NetnsError::Enter { path, source: error.into() })
}

/// Which namespace the calling thread is in.
pub fn identity() -> Result<NetnsId, NetnsError> {
    let inode = fs::metadata("/proc/thread-self/ns/net").map_err(NetnsError::Identity)?.ino();
    let cookie = cookie().map_err(NetnsError::Identity)?;
    Ok(NetnsId { cookie, inode, initial: Path::new(GLOBAL_SYSCTL).exists() })
}

/// Whether the network namespace of this inode and cookie is alive: named, or that of a process.
///
/// A namespace that only an open file descriptor or a bind mount elsewhere keeps alive is not found. One that cannot be
/// asked for its cookie is taken for the one meant.
pub fn exists(inode: u64, cookie: u64) -> bool {
    let same = |path: PathBuf| {
        fs::metadata(&path).is_ok_and(|file| file.ino() == inode)
            && cookie_of(&path).is_none_or(|found| found == cookie)
    };
    let entries = |directory: &str| fs::read_dir(directory).into_iter().flatten().flatten();
    entries(NAMED).any(|entry| same(entry.path()))
        || entries("/proc").any(|entry| same(entry.path().join("ns/net")))
}

/// The cookie of a namespace, asked for inside.
fn cookie_of(path: &Path) -> Option<u64> {
    let path = path.to_str()?;
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            enter(path).ok()?;
            cookie().ok()
        });
        asked.join().ok().flatten()
    })
}

fn cookie() -> io::Result<u64> {
    let any_socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    let mut cookie = 0_u64;
    let mut length = size_of::<u64>() as libc::socklen_t;
    // SAFETY: the descriptor is open, and `cookie` and `length` live, and have the stated size, through the call.
    let status = unsafe {
        libc::getsockopt(
            any_socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut length,
        )
    };
    if status == 0 { Ok(cookie) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests;
