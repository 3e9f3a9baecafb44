//! Names of addresses, as far as the resolver tells them in time.
//!
//! Threads ask it. Nobody waits for one longer than he wants to: a name that has not come is shown as its address, and
//! appears in a view that is shown again.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

#[cfg(test)]
mod tests;

/// How long a view waits for names, altogether.
pub(super) const PATIENCE: Duration = Duration::from_millis(300);

/// Questions at the same time. A resolver whose server is silent blocks each for many seconds.
const THREADS: usize = 16;

/// Who knows the name of an address.
type Resolver = fn(IpAddr) -> Option<String>;

/// What is known.
pub(super) struct Names(Option<RefCell<Asked>>);

struct Asked {
    resolver: Resolver,
    /// Every address that was asked for; `None` as long as there is no name.
    known: BTreeMap<IpAddr, Option<String>>,
    /// How many answers are still to come.
    awaited: usize,
    threads: usize,
    questions: Sender<IpAddr>,
    queue: Arc<Mutex<Receiver<IpAddr>>>,
    answers: Receiver<(IpAddr, Option<String>)>,
    answer: Sender<(IpAddr, Option<String>)>,
}

impl Names {
    /// No names: every address is shown as it is.
    pub(super) const fn numeric() -> Self {
        Self(None)
    }

    /// Names of this host's resolver.
    pub(super) fn resolved() -> Self {
        Self::with(|address| dns_lookup::lookup_addr(&address).ok())
    }

    fn with(resolver: Resolver) -> Self {
        let (questions, queue) = channel();
        let (answer, answers) = channel();
        Self(Some(RefCell::new(Asked {
            resolver,
            known: BTreeMap::new(),
            awaited: 0,
            threads: 0,
            questions,
            queue: Arc::new(Mutex::new(queue)),
            answers,
            answer,
        })))
    }

    /// Asks for the names of those that are new, and waits a while for what is asked.
    pub(super) fn ask(&self, addresses: impl IntoIterator<Item = IpAddr>, patience: Duration) {
        let Some(asked) = &self.0 else { return };
        let mut asked = asked.borrow_mut();
        for address in addresses {
            asked.ask(address);
        }
        asked.listen(patience);
    }

    /// The short name of an address, or the address.
    pub(super) fn of(&self, address: IpAddr) -> String {
        let name = self.0.as_ref().and_then(|asked| asked.borrow().known.get(&address).cloned().flatten());
        name.unwrap_or_else(|| address.to_string())
    }
}

impl Asked {
    fn ask(&mut self, address: IpAddr) {
        if self.known.contains_key(&address) {
            return;
        }
        self.known.insert(address, None);
        self.awaited += 1;
        if self.threads < THREADS {
            self.threads += 1;
            self.start();
        }
        // The queue lives as long as its sender.
        let _ = self.questions.send(address);
    }

    /// One thread more. It ends with the program, whatever it waits for.
    fn start(&self) {
        let (queue, answer, resolver) = (Arc::clone(&self.queue), self.answer.clone(), self.resolver);
        thread::spawn(move || {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(address) = next else { return };
                let name = resolver(address).and_then(|name| short(&name, address));
                if answer.send((address, name)).is_err() {
                    return;
                }
            }
        });
    }

    fn listen(&mut self, patience: Duration) {
        let end = Instant::now() + patience;
        while self.awaited > 0 {
            let left = end.saturating_duration_since(Instant::now());
            let Ok((address, name)) = self.answers.recv_timeout(left) else { return };
            self.awaited -= 1;
            self.known.insert(address, name);
        }
    }
}

/// The host's part of a name, as ipmpstat shows it; nothing if the name is only the address again.
fn short(name: &str, address: IpAddr) -> Option<String> {
    if name.parse() == Ok(address) {
        return None;
    }
    name.split('.').next().filter(|host| !host.is_empty()).map(str::to_owned)
}
