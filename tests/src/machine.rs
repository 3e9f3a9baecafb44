//! What a bench has to say about where its figures come from.

use std::{fs, thread};

/// The variable that names the kernel series in a virtual machine whose clock counts instructions.
pub const COUNTED: &str = "IPMP_COUNTED";

/// Whether the clock counts instructions: then the speed of the processor does not matter, but all takes much longer.
pub fn is_counted() -> bool {
    std::env::var_os(COUNTED).is_some()
}

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
    if is_counted() {
        return format!("a virtual machine with Linux {}, in which an instruction takes 1 ns", kernel.trim());
    }
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

/// The command that the user gave.
pub fn command() -> String {
    let mut words = vec!["cargo xtask bench".to_owned()];
    words.extend(std::env::args().skip(1));
    if let Ok(kernel) = std::env::var(COUNTED) {
        words.push(format!("--kernel {kernel}"));
    }
    words.join(" ")
}

/// Prints what is measured, on what machine and by which command.
pub fn introduce(what: &str) {
    println!("{what}");
    println!("machine: {}", describe());
    println!("command: {}", command());
    if is_counted() {
        println!(
            "The figures are of network namespaces, in guest time: they do not depend on the machine.\n"
        );
    } else {
        println!("The figures are of this machine, in network namespaces; another one has others.\n");
    }
}
