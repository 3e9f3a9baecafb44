//! `ioctl` requests about one interface: flags, multicast filter, ethtool.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use ipmp_common::member::Mac;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// `SIOCETHTOOL` of `linux/sockios.h`.
const SIOCETHTOOL: libc::Ioctl = 0x8946;

/// Any socket will do: it only says which network namespace is meant.
fn control_socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?)
}

fn request_for(ifname: &str) -> io::Result<libc::ifreq> {
    // SAFETY: an ifreq is plain data, for which all zeros are a valid value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if ifname.len() >= request.ifr_name.len() || ifname.contains('\0') {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not an interface name"));
    }
    for (slot, byte) in request.ifr_name.iter_mut().zip(ifname.bytes()) {
        *slot = byte.cast_signed();
    }
    Ok(request)
}

fn ioctl(code: libc::Ioctl, request: &mut libc::ifreq) -> io::Result<()> {
    let socket = control_socket()?;
    // SAFETY: the descriptor is open; every code used in this module takes an ifreq, and what an ifreq points to
    // outlives the call (`ethtool` borrows it mutably).
    let status = unsafe { libc::ioctl(socket.as_raw_fd(), code, std::ptr::from_mut(request)) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Runs an ethtool command on a structure that begins with its number.
///
/// # Safety
/// `command` must be the structure that its command number stands for, with room for all that the kernel writes.
pub(super) unsafe fn ethtool<T>(ifname: &str, command: &mut T) -> io::Result<()> {
    let mut request = request_for(ifname)?;
    request.ifr_ifru.ifru_data = std::ptr::from_mut(command).cast::<libc::c_char>();
    ioctl(SIOCETHTOOL, &mut request)
}

/// The `IFF_` flags of an interface. `IFF_ALLMULTI` is set if an administrator set it, not if a program counts on it.
pub fn flags(ifname: &str) -> io::Result<i32> {
    let mut request = request_for(ifname)?;
    ioctl(libc::SIOCGIFFLAGS, &mut request)?;
    // SAFETY: SIOCGIFFLAGS filled this arm of the union.
    Ok(i32::from(unsafe { request.ifr_ifru.ifru_flags }))
}

/// The MTU of an interface.
pub fn mtu(ifname: &str) -> io::Result<u32> {
    let mut request = request_for(ifname)?;
    ioctl(libc::SIOCGIFMTU, &mut request)?;
    // SAFETY: SIOCGIFMTU filled this arm of the union.
    Ok(unsafe { request.ifr_ifru.ifru_mtu }.cast_unsigned())
}

/// Whether an administrator (or we) made the interface receive all multicast.
pub fn all_multicast(ifname: &str) -> io::Result<bool> {
    Ok(flags(ifname)? & libc::IFF_ALLMULTI != 0)
}

/// Makes the interface receive all multicast, or not. What programs ask for by themselves is counted apart.
pub fn set_all_multicast(ifname: &str, on: bool) -> io::Result<()> {
    set_flag(ifname, libc::IFF_ALLMULTI, on)
}

/// Whether the interface is administratively up.
pub fn admin_up(ifname: &str) -> io::Result<bool> {
    Ok(flags(ifname)? & libc::IFF_UP != 0)
}

/// Brings the interface up or down.
pub fn set_admin_up(ifname: &str, up: bool) -> io::Result<()> {
    set_flag(ifname, libc::IFF_UP, up)
}

fn set_flag(ifname: &str, flag: i32, on: bool) -> io::Result<()> {
    let before = flags(ifname)?;
    let wanted = if on { before | flag } else { before & !flag };
    let mut request = request_for(ifname)?;
    request.ifr_ifru.ifru_flags = wanted as libc::c_short;
    ioctl(libc::SIOCSIFFLAGS, &mut request)
}

/// Adds a multicast MAC address to the filter of an interface; nothing happens if it was added this way before.
pub fn add_multicast(ifname: &str, mac: Mac) -> io::Result<()> {
    change_multicast(libc::SIOCADDMULTI, ifname, mac, libc::EEXIST)
}

/// Takes away what [`add_multicast`] added; nothing happens if there is nothing to take away.
pub fn remove_multicast(ifname: &str, mac: Mac) -> io::Result<()> {
    change_multicast(libc::SIOCDELMULTI, ifname, mac, libc::ENOENT)
}

fn change_multicast(code: libc::Ioctl, ifname: &str, mac: Mac, harmless: i32) -> io::Result<()> {
    let mut request = request_for(ifname)?;
    let mut address = libc::sockaddr { sa_family: libc::AF_UNSPEC as libc::sa_family_t, sa_data: [0; 14] };
    for (slot, byte) in address.sa_data.iter_mut().zip(mac.bytes) {
        *slot = byte.cast_signed();
    }
    request.ifr_ifru.ifru_hwaddr = address;
    match ioctl(code, &mut request) {
        Err(error) if error.raw_os_error() == Some(harmless) => Ok(()),
        other => other,
    }
}

/// The index of an interface, if there is one of this name.
pub fn index_of(ifname: &str) -> io::Result<u32> {
    let mut request = request_for(ifname)?;
    ioctl(libc::SIOCGIFINDEX, &mut request)?;
    // SAFETY: SIOCGIFINDEX filled this arm of the union.
    Ok(unsafe { request.ifr_ifru.ifru_ifindex }.cast_unsigned())
}
