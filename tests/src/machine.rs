//! What a bench has to say about where its figures come from.

use std::{fs, thread};

/// Processor, kernel and load, in one line.
pub fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown processor", |(_, model)| model.trim());
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    format!(
        "{} x {model}, Linux {}, load {} at the start",
        thread::available_parallelism().map_or(0, usize::from),
        kernel.trim(),
        load.split(' ').next().unwrap_or_default()
    )
}

/// The command that the user gave.
pub fn command() -> String {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    format!("cargo xtask bench {}", arguments.join(" "))
}

/// Prints what is measured, on what machine and by which command.
pub fn introduce(what: &str) {
    println!("{what}");
    println!("machine: {}", describe());
    println!("command: {}", command());
    println!("The figures are of this machine, in network namespaces; another one has others.\n");
}
