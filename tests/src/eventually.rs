//! Waiting for something to become true.

use std::{
    fmt::Debug,
    thread,
    time::{Duration, Instant},
};

use crate::interrupt;

/// Budget for whatever should happen soon: generous, because a loaded machine is not a failure.
pub const SOON: Duration = Duration::from_secs(20);

/// How long to look at something that must stay as it is.
pub const A_WHILE: Duration = Duration::from_millis(600);

/// Looks every few milliseconds until `look` gives `Ok`, and panics with its last `Err` when `budget` is used up.
pub fn eventually<T, E: Debug>(what: &str, budget: Duration, mut look: impl FnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        interrupt::check();
        match look() {
            Ok(seen) => return seen,
            Err(last) if start.elapsed() >= budget => {
                panic!("{what}: not within {budget:?}; last seen: {last:#?}")
            }
            Err(_) => thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}

/// Looks for the whole of `time`, and panics as soon as `look` gives an `Err`.
pub fn always<E: Debug>(what: &str, time: Duration, mut look: impl FnMut() -> Result<(), E>) {
    let start = Instant::now();
    while start.elapsed() < time {
        if let Err(seen) = look() {
            panic!("{what}: no longer after {:?}: {seen:#?}", start.elapsed());
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// `Ok(())` if `condition` holds, else `state`: for looks at a plain truth.
pub fn holds<E>(condition: bool, state: impl FnOnce() -> E) -> Result<(), E> {
    if condition { Ok(()) } else { Err(state()) }
}
