//! Tests that cannot run here.

use std::{env, fs::File, io::Write, thread};

/// The variable with the file that lists such tests; `cargo xtask test` shows it at the end, since a test that returns
/// early looks like a passed one.
const LOG: &str = "IPMP_SKIP_LOG";

/// Says that the test of this thread is not run, and why. The test returns after it.
pub fn not_run(why: &str) {
    let line = format!("{}: {why}", thread::current().name().unwrap_or("a test"));
    eprintln!("not run: {line}");
    let Some(log) = env::var_os(LOG) else { return };
    let file = File::options().create(true).append(true).open(&log);
    let written = file.and_then(|mut file| writeln!(file, "{line}"));
    written.unwrap_or_else(|error| panic!("{}: {error}", log.display()));
}
