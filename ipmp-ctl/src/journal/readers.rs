//! Those who follow the journal.

use tokio::sync::mpsc;

use super::Entry;

/// Entries that may wait for a reader. One that reads no faster misses some, and is told how many.
const BACKLOG: usize = 1024;

/// Readers served at once.
const MOST: usize = 32;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Readers(Vec<Reader>);

#[derive(Debug)]
struct Reader {
    entries: mpsc::Sender<Entry>,
    missed: u64,
}

impl Readers {
    /// One more; `None` if there are too many.
    pub(super) fn add(&mut self) -> Option<mpsc::Receiver<Entry>> {
        self.0.retain(|reader| !reader.entries.is_closed());
        let (entries, receiver) = mpsc::channel(BACKLOG);
        (self.0.len() < MOST).then(|| self.0.push(Reader { entries, missed: 0 })).map(|()| receiver)
    }

    /// Tells them; whoever has gone away is forgotten.
    pub(super) fn tell(&mut self, entry: &Entry) {
        self.0.retain_mut(|reader| reader.tell(entry));
    }
}

impl Reader {
    fn tell(&mut self, entry: &Entry) -> bool {
        if self.missed > 0 && self.entries.capacity() > 1 {
            let text = format!("{} events were left out: they come faster than they are read", self.missed);
            self.missed = 0;
            drop(self.entries.try_send(Entry::now("more", text)));
        }
        match self.entries.try_send(entry.clone()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.missed += 1;
                true
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}
