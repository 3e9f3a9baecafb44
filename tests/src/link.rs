//! Interfaces of a namespace, without starting a process: fast enough to be the fault of a measurement.

use std::os::fd::AsRawFd;

use ipmp_common::member::Mac;

use crate::Netns;

impl Netns {
    /// Index of the interface; `None` if there is none of that name.
    pub fn ifindex(&self, name: &str) -> Option<u32> {
        rustix::net::netdevice::name_to_index(self.socket(), name).ok()
    }

    /// Whether there is an interface of that name.
    pub fn has(&self, name: &str) -> bool {
        self.ifindex(name).is_some()
    }

    /// Sets the interface administratively up or down.
    pub fn set_up(&self, name: &str, up: bool) {
        let mut flags = self.flags(name);
        if up {
            flags |= libc::IFF_UP;
        } else {
            flags &= !libc::IFF_UP;
        }
        let mut request = request(name);
        request.ifr_ifru.ifru_flags = flags as libc::c_short;
        self.ioctl(name, libc::SIOCSIFFLAGS, &mut request);
    }

    /// Its flags, `IFF_*`; the low 16 bits.
    pub fn flags(&self, name: &str) -> libc::c_int {
        let mut request = request(name);
        self.ioctl(name, libc::SIOCGIFFLAGS, &mut request);
        // SAFETY: the kernel has filled in the flags.
        unsafe { request.ifr_ifru.ifru_flags }.into()
    }

    /// Whether the interface is up and has carrier. The kernel may take a second to notice a change.
    pub fn is_running(&self, name: &str) -> bool {
        self.flags(name) & (libc::IFF_RUNNING | libc::IFF_UP) == libc::IFF_RUNNING | libc::IFF_UP
    }

    /// Its MAC address.
    pub fn mac(&self, name: &str) -> Mac {
        let mut request = request(name);
        self.ioctl(name, libc::SIOCGIFHWADDR, &mut request);
        // SAFETY: the kernel has filled in the hardware address.
        let data = unsafe { request.ifr_ifru.ifru_hwaddr.sa_data };
        let mut bytes = [0; 6];
        for (to, from) in bytes.iter_mut().zip(data) {
            *to = from.cast_unsigned();
        }
        Mac { bytes }
    }

    fn ioctl(&self, name: &str, number: libc::Ioctl, request: &mut libc::ifreq) {
        // SAFETY: `request` is a whole `ifreq`, which is what each of these numbers reads and writes.
        let result = unsafe { libc::ioctl(self.socket().as_raw_fd(), number, std::ptr::from_mut(request)) };
        assert!(result == 0, "interface {name} in {}: {}", self.name(), std::io::Error::last_os_error());
    }
}

fn request(name: &str) -> libc::ifreq {
    // SAFETY: integers and arrays of them, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    assert!(name.len() < request.ifr_name.len(), "{name} is too long for an interface");
    for (to, from) in request.ifr_name.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    request
}
