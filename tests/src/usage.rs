//! What a process uses: processor time and memory.

use std::{fs, time::Duration};

use rustix::process::Pid;

/// Processor time and memory of a process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Time in user and kernel mode together, of all its threads.
    pub processor: Duration,
    /// Resident memory in KiB.
    pub resident: u64,
}

impl Usage {
    /// Of this process, now.
    pub fn of(pid: Pid) -> Self {
        let path = format!("/proc/{}", pid.as_raw_nonzero());
        let read = |name: &str| fs::read_to_string(format!("{path}/{name}")).unwrap_or_default();
        let tasks = fs::read_dir(format!("{path}/task")).into_iter().flatten().flatten();
        // The first number is nanoseconds on a processor.
        let time = |text: String| text.split(' ').next().and_then(|number| number.parse::<u64>().ok());
        let nanoseconds =
            tasks.filter_map(|task| time(fs::read_to_string(task.path().join("schedstat")).ok()?)).sum();
        let status = read("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        Self {
            processor: Duration::from_nanos(nanoseconds),
            resident: resident.trim().trim_end_matches(" kB").parse().unwrap_or_default(),
        }
    }
}
