//! Ctrl-C: whoever waits is unwound, and what it holds is dropped, so nothing stays behind.
//!
//! Without [`listen`] nothing here has an effect: a test dies of the signal as any program does.

use std::{
    panic,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// What [`check`] unwinds with.
#[derive(Clone, Copy, Debug)]
pub struct Interrupted;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// How long a pause is blind.
const SLICE: Duration = Duration::from_millis(20);

/// From now on SIGINT, SIGTERM and SIGHUP are requests to clean up and end.
pub fn listen() {
    extern "C" fn note(_signal: libc::c_int) {
        request();
    }
    // SAFETY: integers and a null pointer, for which zero is a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = note as *const () as usize;
    action.sa_flags = libc::SA_RESTART;
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: the handler only stores to an atomic, which is allowed in any handler.
        let result = unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        assert!(result == 0, "signal {signal}: {}", std::io::Error::last_os_error());
    }
}

/// Asks for the end as a signal does.
pub fn request() {
    REQUESTED.store(true, Ordering::Relaxed);
}

/// Whether the end was asked for.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// Unwinds the calling thread if the end was asked for, without a word. Not while it is unwinding already: clean-up
/// may wait too.
pub fn check() {
    if requested() && !thread::panicking() {
        panic::resume_unwind(Box::new(Interrupted));
    }
}

/// Sleeps; unwinds if the end is asked for meanwhile.
pub fn pause(time: Duration) {
    let end = Instant::now() + time;
    loop {
        check();
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(SLICE));
    }
}
