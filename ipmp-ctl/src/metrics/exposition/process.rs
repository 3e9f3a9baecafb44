//! Series of the process, by the names that every Prometheus client library uses.

use std::{fmt, fs};

use super::out::{Labels, Out};

/// What the kernel says of this process; what it does not say is left out.
#[derive(Debug, Default)]
pub(super) struct Process {
    cpu_seconds: Option<f64>,
    resident_bytes: Option<u64>,
    open_fds: Option<u64>,
}

impl Process {
    /// Of this moment.
    pub(super) fn read() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fds = fs::read_dir("/proc/self/fd").ok();
        // One is the directory that is read.
        Self { open_fds: fds.map(|fds| fds.count().saturating_sub(1) as u64), ..Self::of(&stat) }
    }

    /// From the text of `/proc/self/stat`. The name, in parentheses, may contain anything.
    fn of(stat: &str) -> Self {
        let fields: Vec<&str> =
            stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
        // The first of them is the third field of proc_pid_stat(5).
        let number = |field: usize| fields.get(field - 3).and_then(|text| text.parse::<u64>().ok());
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        Self {
            cpu_seconds: number(14).zip(number(15)).map(|(user, system)| (user + system) as f64 / ticks),
            resident_bytes: number(24).map(|pages| pages * rustix::param::page_size() as u64),
            open_fds: None,
        }
    }

    pub(super) fn encode(&self, out: &mut Out<'_>) -> fmt::Result {
        let row = |value: Option<u64>| value.into_iter().map(|value| (Labels::new(), value));
        let cpu = self.cpu_seconds.into_iter().map(|value| (Labels::new(), value));
        out.counters("process_cpu_seconds", "Processor time of the daemon", cpu)?;
        out.gauges("process_resident_memory_bytes", "Memory of the daemon", row(self.resident_bytes))?;
        out.gauges("process_open_fds", "Open descriptors of the daemon", row(self.open_fds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_line_is_read_whatever_the_name_is() {
        let page = rustix::param::page_size() as u64;
        let stat =
            "7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 4 0 900 1000 3 18446744073709551615";
        let process = Process::of(stat);
        assert_eq!(process.resident_bytes, Some(3 * page));
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        assert!(process.cpu_seconds.is_some_and(|seconds| (seconds - 200.0 / ticks).abs() < 1e-9));
        assert!(Process::of("").cpu_seconds.is_none());
    }

    #[test]
    fn this_process_is_there() {
        let process = Process::read();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 100_000), "{process:?}");
        assert!(process.open_fds.is_some_and(|count| count >= 3), "{process:?}");
    }
}
