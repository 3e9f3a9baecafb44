//! A machine that has something else to do.

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// Twice as many busy threads as there are processors. Dropping the value ends them.
#[derive(Debug)]
pub struct Busy {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    /// Starts them.
    pub fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let processors = thread::available_parallelism().map_or(2, usize::from);
        let spin = |_| {
            let stopped = Arc::clone(&stop);
            thread::spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    spin_loop();
                }
            })
        };
        Self { threads: (0..2 * processors).map(spin).collect(), stop }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
