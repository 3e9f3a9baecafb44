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

/// Whether the processor is QEMU's emulation: ten times slower than a real one, and more on a loaded machine.
pub fn is_emulated() -> bool {
    fs::read_to_string("/proc/cpuinfo").is_ok_and(|processors| processors.contains("QEMU TCG CPU"))
}

/// Prints what is measured, on what machine and by which command.
pub fn introduce(what: &str) {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    println!("{what}");
    println!("machine: {}", describe());
    println!("command: cargo xtask bench {}", arguments.join(" "));
    println!("The figures are of this machine, in network namespaces; another one has others.\n");
}
