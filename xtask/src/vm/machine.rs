//! A virtual machine that does one job.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{emulator::Emulator, guest::Job, initramfs, kernel::Kernel};
use crate::workspace::Workspace;

/// What the names of the runs' directories begin with; the number of the process follows.
const RUN: &str = "run-";
/// How long booting may take; usual are ten seconds.
const BOOT: Duration = Duration::from_mins(2);
/// How long the machine may take to power off after its exit code.
const POWER_OFF: Duration = Duration::from_secs(20);
/// How much of the console is shown when something goes wrong.
const CONSOLE_LINES: usize = 60;

/// What the kernel is told: a panic ends the machine at once, and the console is a file of ours.
const KERNEL_COMMAND_LINE: &str = "console=ttyS0 panic=-1 oops=panic loglevel=5 mitigations=off nokaslr";

/// A machine that is switched off.
#[derive(Debug)]
pub(super) struct Machine<'a> {
    emulator: &'a Emulator,
    kernel: &'a Kernel,
    /// Files of this run; removed with the value.
    directory: PathBuf,
}

/// How a guest is doing, as its channel says.
#[derive(Debug, PartialEq, Eq)]
enum Status {
    Booting,
    Working,
    Ended(u8),
}

impl<'a> Machine<'a> {
    /// A machine with this kernel.
    pub(super) fn new(workspace: &Workspace, emulator: &'a Emulator, kernel: &'a Kernel) -> Result<Self> {
        sweep(&workspace.vm());
        let directory = workspace.vm().join(format!("{RUN}{}", process::id()));
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        Ok(Self { emulator, kernel, directory })
    }

    /// Switches it on, lets it do the job and gives the job's exit code.
    pub(super) fn run(&self, job: &Job, limit: Option<Duration>) -> Result<ExitCode> {
        fs::write(self.initramfs(), initramfs::build(self.emulator, self.kernel, job)?)
            .context("cannot write the initramfs")?;
        let mut child = self.command(job).spawn().context("cannot start QEMU")?;
        let copies = [
            child.stdout.take().map(|output| copy(output, io::stdout())),
            child.stderr.take().map(|errors| copy(errors, io::stderr())),
        ];
        let outcome = self.watch(&mut child, limit);
        // Whatever happened, no machine is left running.
        let _ = child.kill();
        let _ = child.wait();
        for copy in copies.into_iter().flatten() {
            let _ = copy.join();
        }
        match outcome {
            Ok(code) => Ok(ExitCode::from(code)),
            Err(why) => bail!(
                "the guest with kernel {}: {why:#}. The end of its console:\n{}",
                self.kernel.series,
                self.console()
            ),
        }
    }

    /// Waits for the exit code.
    fn watch(&self, child: &mut Child, limit: Option<Duration>) -> Result<u8> {
        let begin = Instant::now();
        let mut ended: Option<(u8, Instant)> = None;
        loop {
            let over = child.try_wait()?.is_some();
            match (self.status(), ended) {
                (Status::Ended(code), _) if over => return Ok(code),
                (Status::Ended(code), Some((_, since))) if since.elapsed() > POWER_OFF => return Ok(code),
                (Status::Ended(code), None) => ended = Some((code, Instant::now())),
                (Status::Ended(_), Some(_)) => {}
                (_, _) if over => bail!("it ended without an exit code"),
                (Status::Booting, _) if begin.elapsed() > BOOT => {
                    bail!("it has not booted within {} s", BOOT.as_secs())
                }
                (Status::Working, _) if limit.is_some_and(|limit| begin.elapsed() > limit) => {
                    bail!(
                        "it has not finished within {} s; `--timeout` gives it longer",
                        begin.elapsed().as_secs()
                    )
                }
                (Status::Booting | Status::Working, _) => {}
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn status(&self) -> Status {
        status(&fs::read_to_string(self.file("status")).unwrap_or_default())
    }

    /// The call of QEMU.
    fn command(&self, job: &Job) -> Command {
        let mut qemu = self.emulator.command();
        if job.is_counted() {
            // Without `sleep=off` an idle guest would wait for this machine's clock.
            qemu.args(["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-smp", "1"]);
        } else {
            qemu.args(["-accel", "tcg,thread=multi", "-smp", "2"]);
        }
        qemu.args(["-cpu", "max", "-m", "2G"])
            .args(["-machine", "q35", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(&self.kernel.image)
            .arg("-initrd")
            .arg(self.initramfs())
            .args(["-append", KERNEL_COMMAND_LINE])
            .args(["-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"])
            .args(["-device", "virtio-9p-pci,fsdev=host,mount_tag=host"])
            .args(["-device", "virtio-rng-pci"])
            .arg("-serial")
            .arg(with_path("file:", &self.file("console")))
            .args(["-device", "virtio-serial-pci"])
            .arg("-chardev")
            .arg(with_path("file,id=status,path=", &self.file("status")))
            .args(["-device", "virtserialport,chardev=status,name=status"]);
        if job.is_interactive() {
            qemu.args([
                "-chardev",
                "stdio,id=terminal,signal=off",
                "-device",
                "virtconsole,chardev=terminal",
            ]);
            return qemu;
        }
        // Both ways are pipes that this program empties; the guest's errors join QEMU's own. The kind `stdio` would not
        // do: to the guest nobody listens there once standard input has ended.
        for (name, end) in [("output", "stdout"), ("errors", "stderr")] {
            qemu.args(["-chardev", &format!("file,id={name},path=/dev/{end},append=on")])
                .args(["-device", &format!("virtserialport,chardev={name},name={name}")]);
        }
        qemu.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        qemu
    }

    fn initramfs(&self) -> PathBuf {
        self.file("initramfs")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The last lines of the console.
    fn console(&self) -> String {
        let console = fs::read(self.file("console")).unwrap_or_default();
        let console = String::from_utf8_lossy(&console).replace('\r', "");
        let lines: Vec<_> = console.lines().collect();
        lines[lines.len().saturating_sub(CONSOLE_LINES)..].join("\n")
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Removes the files of runs that were killed.
fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(RUN));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// What the lines of the status channel mean.
fn status(lines: &str) -> Status {
    // A line that is still being written has no end yet.
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    match whole.lines().next_back() {
        Some(last) => match last.strip_prefix("exit ").and_then(|code| code.parse().ok()) {
            Some(code) => Status::Ended(code),
            None => Status::Working,
        },
        None => Status::Booting,
    }
}

/// An option of QEMU that ends in a path; commas in it are doubled.
fn with_path(option: &str, path: &Path) -> OsString {
    OsString::from(format!("{option}{}", path.to_string_lossy().replace(',', ",,")))
}

/// Copies what comes, as it comes.
fn copy(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..length]).and_then(|()| to.flush()).is_err() {
                return; // nobody listens any more
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{Status, status};

    #[test]
    fn the_exit_code_is_the_last_whole_line() {
        let cases = [
            ("", Status::Booting),
            ("rea", Status::Booting),
            ("ready\n", Status::Working),
            ("ready\nexit 1", Status::Working),
            ("ready\nexit 137\n", Status::Ended(137)),
        ];
        for (lines, expected) in cases {
            assert_eq!(status(lines), expected, "{lines:?}");
        }
    }
}
