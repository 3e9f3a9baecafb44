//! The interface of a pinned link, which aya does not tell.

use std::{
    ffi::CString,
    os::{
        fd::{AsRawFd as _, FromRawFd as _, OwnedFd},
        unix::ffi::OsStrExt as _,
    },
    path::Path,
};

const BPF_OBJ_GET: libc::c_int = 7;
const BPF_OBJ_GET_INFO_BY_FD: libc::c_int = 15;

/// `BPF_LINK_TYPE_XDP` and `BPF_LINK_TYPE_TCX`, whose information begins in the same way.
const XDP_AND_TCX: [u32; 2] = [6, 11];

#[repr(C)]
struct ObjGet {
    path: u64,
    fd: u32,
    flags: u32,
}

#[repr(C)]
struct InfoByFd {
    fd: u32,
    length: u32,
    info: u64,
}

/// The beginning of `struct bpf_link_info` for a TCX or XDP link; only the former has an attach type.
#[repr(C)]
#[derive(Default)]
struct LinkInfo {
    kind: u32,
    id: u32,
    program_id: u32,
    padding: u32,
    ifindex: u32,
    attach_type: u32,
    rest: [u64; 8],
}

/// A pinned TCX or XDP link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinnedAt {
    /// Its number, which no other link gets.
    pub id: u32,
    /// Its interface; 0 if that is gone.
    pub ifindex: u32,
}

/// The TCX or XDP link pinned at `path`; `None` if there is no such link.
///
/// Waits for the lock of the network stack, as long as somebody deletes an interface: keep it off the event loop.
pub fn pinned(path: &Path) -> Option<PinnedAt> {
    let path = CString::new(path.as_os_str().as_bytes()).ok()?;
    let get = ObjGet { path: path.as_ptr() as u64, fd: 0, flags: 0 };
    // SAFETY: bpf(2) reads the attribute, whose size is given, and the path it points to.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, BPF_OBJ_GET, &raw const get, size_of::<ObjGet>()) };
    let fd = i32::try_from(fd).ok().filter(|&fd| fd >= 0)?;
    // SAFETY: the kernel has just made this descriptor for us.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    let mut info = LinkInfo::default();
    let query = InfoByFd {
        fd: fd.as_raw_fd().cast_unsigned(),
        length: size_of::<LinkInfo>() as u32,
        info: (&raw mut info) as u64,
    };
    // SAFETY: bpf(2) writes at most the given length to `info`, which outlives the call.
    let result = unsafe {
        libc::syscall(libc::SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &raw const query, size_of::<InfoByFd>())
    };
    (result == 0 && XDP_AND_TCX.contains(&info.kind))
        .then_some(PinnedAt { id: info.id, ifindex: info.ifindex })
}
