//! Many sockets, of which one or two have something to say now and then.

use std::{
    collections::BTreeMap,
    io,
    os::fd::{AsFd, OwnedFd},
};

use rustix::event::{Timespec, epoll};
use tokio::io::{Interest, unix::AsyncFd};

use super::{Answer, ProbeSocket};

/// Sockets asked in one go.
const AT_ONCE: usize = 64;

/// Probe sockets, each known by a key. One descriptor of the runtime stands for all of them.
#[derive(Debug)]
pub struct Listening<K> {
    ready: AsyncFd<OwnedFd>,
    sockets: BTreeMap<K, (u64, ProbeSocket)>,
    keys: BTreeMap<u64, K>,
    added: u64,
}

impl<K: Ord + Copy> Listening<K> {
    /// No sockets. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// No descriptor can be had.
    pub fn new() -> io::Result<Self> {
        let ready = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        // SAFETY: an `OwnedFd` stays the same and open until the `AsyncFd` drops it.
        let ready = unsafe { AsyncFd::register_with_interest(ready, Interest::READABLE) }?;
        Ok(Self { ready, sockets: BTreeMap::new(), keys: BTreeMap::new(), added: 0 })
    }

    /// Takes a socket, in place of an earlier one of the same key.
    ///
    /// # Errors
    /// The kernel has no memory left.
    pub fn add(&mut self, key: K, socket: ProbeSocket) -> io::Result<()> {
        self.remove(key);
        self.added += 1;
        epoll::add(
            self.ready.get_ref(),
            socket.as_fd(),
            epoll::EventData::new_u64(self.added),
            epoll::EventFlags::IN,
        )?;
        self.keys.insert(self.added, key);
        self.sockets.insert(key, (self.added, socket));
        Ok(())
    }

    /// Closes a socket.
    pub fn remove(&mut self, key: K) {
        if let Some((number, _)) = self.sockets.remove(&key) {
            self.keys.remove(&number);
        }
    }

    /// Closes those whose key does not fit.
    pub fn retain(&mut self, fits: impl Fn(K) -> bool) {
        self.sockets.retain(|key, _| fits(*key));
        self.keys.retain(|_, key| fits(*key));
    }

    /// The socket of this key.
    pub fn get(&self, key: K) -> Option<&ProbeSocket> {
        self.sockets.get(&key).map(|(_, socket)| socket)
    }

    /// Waits until answers have arrived, and takes them, a bounded number of them. Nothing is lost if the future is
    /// dropped.
    ///
    /// # Errors
    /// The runtime is ending.
    pub async fn answers(&mut self) -> io::Result<Vec<(K, Answer)>> {
        loop {
            let mut ready = self.ready.readable().await?;
            let mut events = [const { std::mem::MaybeUninit::uninit() }; AT_ONCE];
            let now = Timespec { tv_sec: 0, tv_nsec: 0 };
            let (said, _) = epoll::wait(ready.get_inner(), &mut events, Some(&now))?;
            if said.is_empty() {
                ready.clear_ready();
                continue;
            }
            let mut found = Vec::new();
            for event in said.iter() {
                let Some(key) = self.keys.get(&event.data.u64()) else { continue };
                let answers = self.sockets.get(key).map(|(_, socket)| socket.answers()).unwrap_or_default();
                found.extend(answers.into_iter().map(|answer| (*key, answer)));
            }
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
}
