//! Another program on an interface: what a firewall or a container network puts there.

use std::{
    ffi::CString,
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
    process::Command,
};

use crate::{Netns, ctl, residue};

const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_OBJ_PIN: libc::c_int = 6;
const BPF_LINK_CREATE: libc::c_int = 28;
const BPF_OBJ_GET_INFO_BY_FD: libc::c_int = 15;
const BPF_PROG_TYPE_SCHED_CLS: u32 = 3;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_XDP: u32 = 37;
const BPF_TCX_INGRESS: u32 = 46;
const BPF_TCX_EGRESS: u32 = 47;
/// Before all others, where no other is named.
const BPF_F_BEFORE: u32 = 1 << 3;
/// After all others, where no other is named.
const BPF_F_AFTER: u32 = 1 << 4;
/// By the driver of the NIC, or not at all.
const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;

/// `TC_ACT_OK`: "let it pass, and ask nobody else".
const TC_ACT_OK: u32 = 0;
/// `TCX_NEXT`: "ask the next one".
const TCX_NEXT: u32 = u32::MAX;
const XDP_PASS: u32 = 2;

/// A program that lets every packet pass. Dropping the value takes it away.
#[derive(Debug)]
pub enum PassingProgram {
    /// It goes with its link.
    Link(OwnedFd),
    /// This command removes it.
    Filter(Command),
}

/// What `BPF_PROG_LOAD` reads, as far as we use it.
#[repr(C)]
struct Load {
    kind: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
}

/// Which place among the programs at a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Before all that are there.
    First,
    /// After all that are there.
    Last,
}

/// The beginning of what `BPF_OBJ_GET_INFO_BY_FD` tells of a link, whose fifth number is the interface.
#[repr(C)]
#[derive(Default)]
struct LinkInfo {
    head: [u32; 4],
    ifindex: u32,
    rest: [u32; 19],
}

/// What `BPF_OBJ_PIN` reads.
#[repr(C)]
struct Pin {
    path: u64,
    program: u32,
    flags: u32,
}

/// What `BPF_OBJ_GET_INFO_BY_FD` reads.
#[repr(C)]
struct InfoByFd {
    fd: u32,
    length: u32,
    info: u64,
}

/// What `BPF_LINK_CREATE` reads, as far as we use it.
#[repr(C)]
struct Link {
    program: u32,
    ifindex: u32,
    hook: u32,
    flags: u32,
}

impl PassingProgram {
    /// Puts it before all other programs, so that they never see a packet, at the egress of `interface`: on its TCX hook, or as a filter where the kernel
    /// has none.
    pub fn at_egress(netns: &Netns, interface: &str) -> Self {
        let program = load(BPF_PROG_TYPE_SCHED_CLS, TC_ACT_OK);
        match attach(&program, netns, interface, BPF_TCX_EGRESS, BPF_F_BEFORE) {
            Ok(link) => Self::Link(link),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Self::filter(netns, interface),
            Err(error) => panic!("a program at {interface}: {error}"),
        }
    }

    /// Puts a program that leaves everything to the next one on the TCX hook at the ingress of `interface`. `None` where the
    /// kernel has none.
    pub fn at_ingress(netns: &Netns, interface: &str, order: Order) -> Option<Self> {
        let program = load(BPF_PROG_TYPE_SCHED_CLS, TCX_NEXT);
        let flags = if order == Order::First { BPF_F_BEFORE } else { BPF_F_AFTER };
        match attach(&program, netns, interface, BPF_TCX_INGRESS, flags) {
            Ok(link) => Some(Self::Link(link)),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => None,
            Err(error) => panic!("a program at {interface}: {error}"),
        }
    }

    /// Makes a filter of clsact of it, which leaves everything to the next one and stays for good.
    pub fn filter_at_ingress(netns: &Netns, interface: &str, priority: &str) {
        let program = load(BPF_PROG_TYPE_SCHED_CLS, TCX_NEXT);
        let pin = format!("/sys/fs/bpf/{}", residue::unique("foreign"));
        let path = CString::new(pin.clone()).expect("a path without zeros");
        let attributes =
            Pin { path: path.as_ptr() as u64, program: program.as_raw_fd().cast_unsigned(), flags: 0 };
        let result = call(BPF_OBJ_PIN, &attributes);
        assert!(result == 0, "{pin}: {}", io::Error::last_os_error());
        for arguments in [
            format!("qdisc replace dev {interface} clsact"),
            format!("filter add dev {interface} ingress prio {priority} bpf da pinned {pin}"),
        ] {
            let output = ctl::run(netns.command("tc").args(arguments.split(' ')));
            assert!(output.status.success(), "tc {arguments}: {}", ctl::describe(&output));
        }
        std::fs::remove_file(&pin).expect("it was made just now");
    }

    /// Whether it is still where it was put.
    pub fn is_attached(&self) -> bool {
        let Self::Link(link) = self else { return true };
        let mut info = LinkInfo::default();
        let query = InfoByFd {
            fd: link.as_raw_fd().cast_unsigned(),
            length: size_of::<LinkInfo>() as u32,
            info: (&raw mut info) as u64,
        };
        let result = call(BPF_OBJ_GET_INFO_BY_FD, &query);
        assert!(result == 0, "asking for a link: {}", io::Error::last_os_error());
        info.ifindex != 0
    }

    /// Lets the driver of `interface` run it on every packet that arrives (native XDP).
    pub fn at_driver(netns: &Netns, interface: &str) -> Self {
        let program = load(BPF_PROG_TYPE_XDP, XDP_PASS);
        let link = attach(&program, netns, interface, BPF_XDP, XDP_FLAGS_DRV_MODE);
        Self::Link(link.unwrap_or_else(|error| panic!("native XDP at {interface}: {error}")))
    }

    fn filter(netns: &Netns, interface: &str) -> Self {
        let tc = |verb: &str| {
            let mut command = netns.command("tc");
            command.args(["filter", verb, "dev", interface, "egress", "prio", "1"]);
            command
        };
        let output = ctl::run(tc("add").args(["matchall", "action", "ok"]));
        assert!(output.status.success(), "a filter at {interface}: {}", ctl::describe(&output));
        Self::Filter(tc("del"))
    }
}

impl Drop for PassingProgram {
    fn drop(&mut self) {
        if let Self::Filter(remove) = self {
            // The interface may be gone, and the filter with it.
            let _ = ctl::run(remove);
        }
    }
}

/// Loads `r0 = result; exit`.
fn load(kind: u32, result: u32) -> OwnedFd {
    let instructions = [0xb7 | u64::from(result) << 32, 0x95];
    let load = Load {
        kind,
        instruction_count: instructions.len() as u32,
        instructions: instructions.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
    };
    bpf(BPF_PROG_LOAD, &load).expect("the kernel takes a program of two instructions")
}

fn attach(program: &OwnedFd, netns: &Netns, interface: &str, hook: u32, flags: u32) -> io::Result<OwnedFd> {
    let ifindex = netns.ifindex(interface).unwrap_or_else(|| panic!("no {interface} in {}", netns.name()));
    let link = Link { program: program.as_raw_fd().cast_unsigned(), ifindex, hook, flags };
    netns.run(|| bpf(BPF_LINK_CREATE, &link))
}

fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    match i32::try_from(call(command, attributes)) {
        // SAFETY: both commands give a new descriptor.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

fn call<T>(command: libc::c_int, attributes: &T) -> libc::c_long {
    // SAFETY: the kernel reads as many bytes as it is told, and takes those that follow for zero; what they point to
    // lives, and has the sizes given, through the call.
    unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>() as libc::c_uint)
    }
}
