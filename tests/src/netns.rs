//! Network namespaces that live as long as their value.

use std::{
    fs::{self, File},
    net::UdpSocket,
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd},
        unix::process::CommandExt,
    },
    panic,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
};

use rustix::{
    mount::{UnmountFlags, mount_bind, unmount},
    process::Signal,
    thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe},
};

use crate::residue;

/// A named network namespace (`/run/netns/NAME`), with `lo` up. Dropping the value deletes the name; the kernel removes
/// the namespace once its last process and socket are gone.
#[derive(Debug)]
pub struct Netns {
    name: String,
    path: PathBuf,
    handle: Arc<File>,
    /// A socket that belongs to the namespace: ioctls on it act there, from any thread.
    socket: UdpSocket,
}

impl Netns {
    /// A new namespace whose name ends in `tag`.
    pub fn new(tag: &str) -> Self {
        residue::sweep();
        let name = residue::unique(tag);
        let directory = Path::new("/run/netns");
        fs::create_dir_all(directory).expect("/run/netns can be made (root is needed)");
        let path = directory.join(&name);
        File::create(&path).expect("a file for the namespace can be made (root is needed)");
        let socket = thread::scope(|scope| {
            scope
                .spawn(|| {
                    // SAFETY: a network namespace of its own does not touch file descriptors or memory of this process,
                    // and the thread ends here.
                    unsafe { unshare_unsafe(UnshareFlags::NEWNET) }
                        .expect("root may make network namespaces");
                    mount_bind("/proc/thread-self/ns/net", &path).expect("the namespace can be given a name");
                    UdpSocket::bind("0.0.0.0:0").expect("a socket in the new namespace")
                })
                .join()
        })
        .unwrap_or_else(|cause| panic::resume_unwind(cause));
        let handle = Arc::new(File::open(&path).expect("the new namespace can be opened"));
        let netns = Self { name, path, handle, socket };
        netns.set_up("lo", true);
        netns
    }

    /// Its name, as `ip netns` and `ipmp-ctl daemon --netns` take it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` on a thread inside the namespace. Sockets made there stay in it wherever they are used.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        thread::scope(|scope| {
            scope
                .spawn(|| {
                    self.enter();
                    work()
                })
                .join()
        })
        .unwrap_or_else(|cause| panic::resume_unwind(cause))
    }

    /// Starts a thread inside the namespace.
    pub fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> thread::JoinHandle<T> {
        let handle = Arc::clone(&self.handle);
        thread::spawn(move || {
            enter(handle.as_fd());
            work()
        })
    }

    /// A command that runs `program` inside the namespace. Only the network namespace changes: the process keeps the
    /// mounts, `/sys/fs/bpf` among them, which `ip netns exec` would hide. It is killed when the thread that starts it
    /// ends.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let handle = Arc::clone(&self.handle);
        let mut command = Command::new(program);
        command.process_group(0); // Ctrl-C is not for it, but for who started it
        // SAFETY: between fork and exec only two system calls are made, nothing is allocated or locked.
        unsafe {
            command.pre_exec(move || {
                move_into_link_name_space(handle.as_fd(), Some(LinkNameSpaceType::Network))?;
                rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
                Ok(())
            });
        }
        command
    }

    /// Text of a kernel setting below `/proc/sys/net`, such as `ipv4/conf/e0/rp_filter`.
    pub fn setting(&self, name: &str) -> String {
        let path = format!("/proc/sys/net/{name}");
        self.run(|| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")))
            .trim()
            .to_owned()
    }

    /// Writes a kernel setting below `/proc/sys/net`.
    pub fn set(&self, name: &str, value: &str) {
        let path = format!("/proc/sys/net/{name}");
        self.run(|| fs::write(&path, value).unwrap_or_else(|error| panic!("{path}: {error}")));
    }

    /// A socket of the namespace, for ioctls.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn enter(&self) {
        enter(self.handle.as_fd());
    }
}

fn enter(handle: BorrowedFd) {
    move_into_link_name_space(handle, Some(LinkNameSpaceType::Network))
        .unwrap_or_else(|error| panic!("namespace {}: {error}", handle.as_raw_fd()));
}

impl Drop for Netns {
    fn drop(&mut self) {
        let unmounted = unmount(&self.path, UnmountFlags::DETACH);
        let removed = fs::remove_file(&self.path);
        if let (Err(error), _) | (_, Err(error)) = (unmounted.map_err(Into::into), removed) {
            eprintln!("namespace {} stays behind: {error}", self.name);
        }
    }
}

#[cfg(test)]
mod tests;
