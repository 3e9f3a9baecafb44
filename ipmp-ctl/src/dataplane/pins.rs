//! Where a group's maps and links are pinned, and how they are tidied up.
//!
//! `ROOT/GROUP/` for the initial network namespace, `ROOT/netns-COOKIE/GROUP/` for others: two hosts in two namespaces
//! may both have a group `ipmp0`, and the BPF file system is one for all of them.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rustix::fs::statfs;

use super::{link_info, tables::Tables};
use crate::kernel::{
    lock,
    netns::{self, NetnsId},
};

/// `f_type` of the BPF file system.
const BPF_FS_MAGIC: i64 = 0xcafe_4a11;

/// Where the BPF file system belongs.
const BPF_FS: &str = "/sys/fs/bpf";

/// Where pins go unless told otherwise.
pub const DEFAULT_ROOT: &str = "/sys/fs/bpf/ipmp";

/// Why a pin directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// Not on a BPF file system.
    #[error(
        "{}: not on a BPF file system; mount one with `mount -t bpf bpf {BPF_FS}` or name a directory below one with --pins",
        path.display()
    )]
    NotBpf {
        /// The directory.
        path: PathBuf,
    },
    /// The BPF file system is not mounted and could not be mounted.
    #[error("{BPF_FS}: mounting the BPF file system: {source}; mount it with `mount -t bpf bpf {BPF_FS}`")]
    Mount {
        /// What the kernel says.
        source: io::Error,
    },
    /// Another daemon has the group.
    #[error(
        "group {group}: another daemon already runs it (it holds {}); stop that one first, or give this one another group",
        path.display()
    )]
    Busy {
        /// The group.
        group: String,
        /// Its pin directory.
        path: PathBuf,
    },
    /// Anything else.
    #[error("{}: {what}: {source}", path.display())]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the kernel says.
        source: io::Error,
    },
}

fn io_error(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> PinError {
    move |source| PinError::Io { path: path.to_owned(), what, source }
}

/// Whether `path` (or its nearest parent that exists) is on a BPF file system.
fn on_bpf_fs(path: &Path) -> bool {
    path.ancestors().find_map(|path| statfs(path).ok()).is_some_and(|stat| stat.f_type == BPF_FS_MAGIC)
}

/// Makes sure that `root` lies on a BPF file system, mounting the usual one if it is that which is missing.
pub fn ensure_bpf_fs(root: &Path) -> Result<(), PinError> {
    if on_bpf_fs(root) {
        return Ok(());
    }
    if !root.starts_with(BPF_FS) {
        return Err(PinError::NotBpf { path: root.to_owned() });
    }
    rustix::mount::mount("bpf", BPF_FS, "bpf", rustix::mount::MountFlags::empty(), None)
        .map_err(|source| PinError::Mount { source: source.into() })?;
    tracing::info!(path = BPF_FS, "mounted the BPF file system");
    Ok(())
}

/// The pin directory of one group.
#[derive(Debug)]
pub struct GroupPins {
    group: String,
    path: PathBuf,
    /// Held while the daemon has the group; the kernel lets go of it with the process.
    lock: Option<File>,
}

impl GroupPins {
    /// The directory of `group` in the network namespace `netns`. Nothing is made yet.
    pub fn new(root: &Path, netns: &NetnsId, group: &str) -> Self {
        let parent =
            if netns.initial { root.to_owned() } else { root.join(format!("netns-{}", netns.cookie)) };
        Self { group: group.to_owned(), path: parent.join(group), lock: None }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it exists.
    pub fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// Makes the directory if need be and takes it for this process.
    pub fn lock(&mut self) -> Result<(), PinError> {
        if !on_bpf_fs(&self.path) {
            return Err(PinError::NotBpf { path: self.path.clone() });
        }
        fs::create_dir_all(&self.path).map_err(io_error(&self.path, "making the pin directory"))?;
        let directory = File::open(&self.path).map_err(io_error(&self.path, "opening the pin directory"))?;
        if !lock::take(&directory).map_err(io_error(&self.path, "locking the pin directory"))? {
            return Err(PinError::Busy { group: self.group.clone(), path: self.path.clone() });
        }
        self.lock = Some(directory);
        Ok(())
    }

    /// Removes everything that is pinned; links that nobody else holds are detached by that.
    pub fn clear(&self) -> Result<(), PinError> {
        clear(&self.path)
    }

    /// Removes what is pinned under `name`, if anything is.
    pub fn remove_pin(&self, name: &str) -> Result<(), PinError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error(&path, "removing a pin")(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the directory if nothing is pinned in it.
    pub fn remove_if_empty(&self) {
        // It fails if something is pinned there, which is the point.
        drop(fs::remove_dir(&self.path));
    }

    /// Removes everything that is pinned, and the directory.
    pub fn remove(&self) -> Result<(), PinError> {
        remove(&self.path)
    }
}

fn clear(path: &Path) -> Result<(), PinError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error(path, "reading the pin directory")(error)),
    };
    // Whatever the path came from: on any other file system these would be somebody's files.
    if !on_bpf_fs(path) {
        return Err(PinError::NotBpf { path: path.to_owned() });
    }
    for entry in entries {
        let path = entry.map_err(io_error(path, "reading the pin directory"))?.path();
        fs::remove_file(&path).map_err(io_error(&path, "removing a pin"))?;
    }
    Ok(())
}

/// Removes the pin directory of a group with everything in it, and those above it that are empty then.
pub fn remove(path: &Path) -> Result<(), PinError> {
    clear(path)?;
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error(path, "removing the pin directory")(error)),
        Ok(()) => {}
    }
    // The directories above, as far as they are ours. It fails while another group has pins there: then they are needed.
    if let Some(parent) = path.parent() {
        drop(fs::remove_dir(parent));
        if let Some(root) = parent.parent().filter(|_| netns_cookie(parent).is_some()) {
            drop(fs::remove_dir(root));
        }
    }
    Ok(())
}

/// The cookie of the namespace that a directory of pins is for.
fn netns_cookie(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("netns-")?.parse().ok()
}

/// Removes the pins of network namespaces that are gone. What cannot be read is left alone.
pub fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else { return };
    for namespace in entries.flatten().map(|entry| entry.path()) {
        let Some(cookie) = netns_cookie(&namespace) else { continue };
        let Ok(groups) = fs::read_dir(&namespace) else { continue };
        for path in groups.flatten().map(|entry| entry.path()) {
            if !is_dead(&path, cookie) {
                continue;
            }
            match remove(&path) {
                Ok(()) => {
                    tracing::info!(path = %path.display(), "removed the pins of a namespace that is gone");
                }
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }
}

/// Whether the pins at `path` belong to a network namespace that is gone: it is not found any more, and no pinned link has
/// an interface left.
fn is_dead(path: &Path, cookie: u64) -> bool {
    let Ok(meta) = Tables::peek_meta(path) else { return false };
    if netns::exists(meta.netns_inode, cookie) {
        return false;
    }
    let Ok(entries) = fs::read_dir(path) else { return false };
    !entries.flatten().any(|entry| link_info::pinned(&entry.path()).is_some_and(|link| link.ifindex != 0))
}
