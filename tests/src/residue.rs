//! What killed test processes left behind.

use std::{fs, path::Path, sync::Once};

use rustix::mount::{UnmountFlags, unmount};

/// What the names of everything that the harness makes in shared places begin with.
pub const PREFIX: &str = "ipmp-test-";

/// A name for something in a shared place: no other process and no other call gets the same.
pub fn unique(tag: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{PREFIX}{}-{}-{tag}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Removes namespaces and pins of processes that are gone; once per process.
pub fn sweep() {
    static SWEEP: Once = Once::new();
    SWEEP.call_once(|| {
        for path in abandoned(Path::new("/run/netns")) {
            // Best effort: another process may be sweeping too.
            let _ = unmount(&path, UnmountFlags::DETACH);
            let _ = fs::remove_file(&path);
        }
        for path in abandoned(Path::new("/sys/fs/bpf")) {
            let _ = fs::remove_dir_all(&path);
        }
    });
}

fn abandoned(directory: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        owner.is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists())
    })
}
