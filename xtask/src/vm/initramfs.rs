//! The file system that the guest's kernel begins with.

use std::fs;

use anyhow::{Context, Result};

use super::{cpio::Cpio, emulator::Emulator, guest::Job, kernel::Kernel, modules};

/// What the kernel runs first.
const INIT: &[u8] = include_bytes!("guest/init.sh");

/// Builds it for one job.
pub(super) fn build(emulator: &Emulator, kernel: &Kernel, job: &Job) -> Result<Vec<u8>> {
    let busybox =
        fs::read(&emulator.busybox).with_context(|| format!("cannot read {}", emulator.busybox.display()))?;
    let modules = modules::load(&kernel.modules)?;
    let mut archive = Cpio::default();
    for directory in ["bin", "dev", "proc", "sys", "modules", "host", "memory", "root"] {
        archive.directory(directory);
    }
    archive.file("bin/busybox", &busybox);
    archive.file("init", INIT);
    archive.file("job", job.script().as_bytes());
    let mut order = String::new();
    for module in modules {
        archive.file(&format!("modules/{}.ko", module.name), &module.content);
        order.push_str(&module.name);
        order.push('\n');
    }
    archive.file("modules/order", order.as_bytes());
    Ok(archive.finish())
}
