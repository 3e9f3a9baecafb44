//! Another program on an interface: what a firewall or a container network puts there.

use std::{
    io,
    os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
};

use crate::Netns;

const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_LINK_CREATE: libc::c_int = 28;
const BPF_PROG_TYPE_SCHED_CLS: u32 = 3;
const BPF_PROG_TYPE_XDP: u32 = 6;
const BPF_XDP: u32 = 37;
const BPF_TCX_EGRESS: u32 = 47;
/// Before all others, where no other is named.
const BPF_F_BEFORE: u32 = 1 << 3;

/// `r0 = 0; exit`: `TC_ACT_OK`, "let it pass, and ask nobody else".
const PASS: [u64; 2] = [0xb7, 0x95];

/// `r0 = 2; exit`: `XDP_PASS`.
const PASS_ON: [u64; 2] = [2 << 32 | 0xb7, 0x95];

/// Where to attach a program.
struct Place {
    kind: u32,
    instructions: &'static [u64; 2],
    hook: u32,
    flags: u32,
}

/// A program that lets every packet pass. Dropping the value takes it away.
#[derive(Debug)]
pub struct PassingProgram {
    _link: OwnedFd,
}

/// What `BPF_PROG_LOAD` reads, as far as we use it.
#[repr(C)]
struct Load {
    kind: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
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
    /// Puts it before all other programs at the egress of `interface`: those after it never see a packet.
    pub fn at_egress(netns: &Netns, interface: &str) -> Self {
        let place = Place {
            kind: BPF_PROG_TYPE_SCHED_CLS,
            instructions: &PASS,
            hook: BPF_TCX_EGRESS,
            flags: BPF_F_BEFORE,
        };
        Self::at(netns, interface, &place)
    }

    /// Puts it at the driver of `interface` (XDP).
    pub fn at_driver(netns: &Netns, interface: &str) -> Self {
        Self::at(
            netns,
            interface,
            &Place { kind: BPF_PROG_TYPE_XDP, instructions: &PASS_ON, hook: BPF_XDP, flags: 0 },
        )
    }

    fn at(netns: &Netns, interface: &str, place: &Place) -> Self {
        let ifindex =
            netns.ifindex(interface).unwrap_or_else(|| panic!("no {interface} in {}", netns.name()));
        let load = Load {
            kind: place.kind,
            instruction_count: place.instructions.len() as u32,
            instructions: place.instructions.as_ptr() as u64,
            license: c"GPL".as_ptr() as u64,
        };
        let program = bpf(BPF_PROG_LOAD, &load).expect("the kernel takes a program of two instructions");
        let link = Link {
            program: program.as_raw_fd().cast_unsigned(),
            ifindex,
            hook: place.hook,
            flags: place.flags,
        };
        let link = netns.run(|| bpf(BPF_LINK_CREATE, &link));
        Self { _link: link.unwrap_or_else(|error| panic!("a program at {interface}: {error}")) }
    }
}

fn bpf<T>(command: libc::c_int, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: the kernel reads as many bytes as it is told, and takes those that follow for zero; what they point to
    // lives through the call.
    let result = unsafe {
        libc::syscall(libc::SYS_bpf, command, std::ptr::from_ref(attributes), size_of::<T>() as libc::c_uint)
    };
    match i32::try_from(result) {
        // SAFETY: both commands give a new descriptor.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}
