//! Kills a process right before it takes a certain step, by tracing its main thread: without any hook in the program.

use std::{
    io,
    mem::{MaybeUninit, size_of},
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
};

use rustix::process::Pid;

/// System calls by which the daemon changes something outside itself.
const STEPS: [libc::c_long; 7] = [
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_renameat2,
    libc::SYS_renameat,
    libc::SYS_rename,
    libc::SYS_unlinkat,
    libc::SYS_unlink,
];

/// The first type of messages to the kernel about its network.
const RTM_BASE: u16 = 16;

/// Waits for its victim to take a step. Dropping it lets the victim live.
#[derive(Debug)]
pub struct Assassin {
    steps: Arc<AtomicUsize>,
    killed: Arc<AtomicBool>,
    enough: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    victim: Pid,
}

impl Assassin {
    /// Kills (SIGKILL) the process when it is about to take its step number `at` from now on, counted from 0. Nobody else may
    /// wait for the process meanwhile.
    pub fn hire(victim: Pid, at: usize) -> Self {
        let steps: Arc<AtomicUsize> = Arc::default();
        let (killed, enough): (Arc<AtomicBool>, Arc<AtomicBool>) = (Arc::default(), Arc::default());
        let (sender, ready) = mpsc::channel();
        let thread = {
            let (steps, killed, enough) = (Arc::clone(&steps), Arc::clone(&killed), Arc::clone(&enough));
            thread::spawn(move || {
                // The kernel lets only the thread that begins to trace go on.
                let trace = Trace::begin(victim.as_raw_nonzero().get());
                sender.send(()).expect("somebody waits for this");
                while !enough.load(Ordering::Relaxed) {
                    match trace.next_step() {
                        Ok(true) if steps.fetch_add(1, Ordering::Relaxed) == at => {
                            killed.store(true, Ordering::Relaxed);
                            return trace.kill();
                        }
                        Ok(true) => trace.resume(0),
                        Ok(false) => {}
                        Err(_) => return,
                    }
                }
            })
        };
        ready.recv().expect("the process can be traced");
        Self { steps, killed, enough, thread: Some(thread), victim }
    }

    /// Goes, and says whether the victim is dead.
    pub fn dismiss(mut self) -> bool {
        self.end();
        self.killed.load(Ordering::Relaxed)
    }

    /// Steps that the victim has taken so far.
    pub fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            if !thread.is_finished() {
                // It wakes whoever waits for the next stop. An error means that the victim is gone already.
                let _ = rustix::process::kill_process(self.victim, rustix::process::Signal::WINCH);
            }
            let _ = thread.join();
        }
    }
}

impl Drop for Assassin {
    fn drop(&mut self) {
        self.end();
    }
}

struct Trace(libc::pid_t);

impl Trace {
    fn begin(pid: libc::pid_t) -> Self {
        let trace = Self(pid);
        trace.request(libc::PTRACE_SEIZE, 0, libc::PTRACE_O_TRACESYSGOOD as usize).expect("root may trace");
        trace.request(libc::PTRACE_INTERRUPT, 0, 0).expect("the process is traced");
        trace
    }

    /// Waits until the process stops. `true`: before one of the [`STEPS`], where it stays until it is resumed.
    fn next_step(&self) -> io::Result<bool> {
        let signal = match self.wait()? {
            Stop::Call => {
                if self.is_step()? {
                    return Ok(true);
                }
                0
            }
            Stop::Signal(signal) => signal,
            Stop::Other => 0,
        };
        self.resume(signal);
        Ok(false)
    }

    fn resume(&self, signal: libc::c_int) {
        // An error means that the process has been killed meanwhile, which the next wait tells.
        let _ = self.request(libc::PTRACE_SYSCALL, 0, signal.unsigned_abs() as usize);
    }

    fn kill(&self) {
        // SAFETY: a plain system call; the process is a child that nobody has waited for.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }

    /// Leaves what it has seen to others: the exit is for those who started the process.
    fn wait(&self) -> io::Result<Stop> {
        const CALL: libc::c_int = libc::SIGTRAP | 0x80;
        let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
        let flags = libc::WEXITED | libc::WSTOPPED | libc::WNOWAIT | libc::__WALL;
        // SAFETY: the pointer is to memory of the right size.
        if unsafe { libc::waitid(libc::P_PID, self.0.unsigned_abs(), info.as_mut_ptr(), flags) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: filled by the kernel, and zero is valid for every field.
        let (code, status) = unsafe {
            let info = info.assume_init();
            (info.si_code, info.si_status())
        };
        match (code, status) {
            (libc::CLD_TRAPPED, CALL) => Ok(Stop::Call),
            (libc::CLD_TRAPPED, status) if status >> 8 != 0 => Ok(Stop::Other),
            (libc::CLD_TRAPPED | libc::CLD_STOPPED, signal) => Ok(Stop::Signal(signal)),
            _ => Err(io::Error::other("the process has ended")),
        }
    }

    fn is_step(&self) -> io::Result<bool> {
        let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
        let size = size_of::<libc::ptrace_syscall_info>();
        // PTRACE_GET_SYSCALL_INFO takes the size as address and the place as data.
        self.request(libc::PTRACE_GET_SYSCALL_INFO, size, info.as_mut_ptr() as usize)?;
        // SAFETY: filled by the kernel, and zero is valid for every field.
        let info = unsafe { info.assume_init() };
        if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return Ok(false);
        }
        // SAFETY: the kernel has said that this arm is filled.
        let entry = unsafe { info.u.entry };
        let Some(number) = STEPS.iter().copied().find(|number| entry.nr == number.unsigned_abs()) else {
            return Ok(false);
        };
        Ok(number != libc::SYS_sendto || !self.only_asks(entry.args[1]))
    }

    /// Whether a message to the kernel asks for something and changes nothing: every fourth type, counted from `RTM_GETLINK`.
    fn only_asks(&self, message: u64) -> bool {
        let mut header = [0u8; 6];
        let local = libc::iovec { iov_base: header.as_mut_ptr().cast(), iov_len: header.len() };
        let remote =
            libc::iovec { iov_base: ptr::without_provenance_mut(message as usize), iov_len: header.len() };
        // SAFETY: the local part is memory of the stated size, and the remote one is not ours.
        let read = unsafe { libc::process_vm_readv(self.0, &raw const local, 1, &raw const remote, 1, 0) };
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        read == 6 && (RTM_BASE..RTM_BASE + 0x60).contains(&kind) && kind % 4 == 2
    }

    fn request(&self, request: libc::c_uint, address: usize, data: usize) -> io::Result<()> {
        // SAFETY: of the requests made here only one writes, into memory that its caller has made for it.
        if unsafe { libc::ptrace(request, self.0, address, data) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }
}

enum Stop {
    /// Before or after a system call.
    Call,
    /// A signal has come.
    Signal(libc::c_int),
    /// The tracing itself.
    Other,
}
