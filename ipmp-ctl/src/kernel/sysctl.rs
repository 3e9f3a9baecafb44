//! Settings under `/proc/sys/net`: those of the calling thread's network namespace.

use std::{fs, io};

/// Reads a number.
pub fn read(path: &str) -> io::Result<u32> {
    let text = fs::read_to_string(format!("/proc/sys/net/{path}"))?;
    text.trim()
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, format!("not a number: {text:?}")))
}

/// Writes a number.
pub fn write(path: &str, value: u32) -> io::Result<()> {
    fs::write(format!("/proc/sys/net/{path}"), value.to_string())
}

/// Path of a setting of an interface. A dot in the name of an interface (`eth0.100`) needs no care here, since the path
/// is made of slashes.
pub fn of_interface(family: &str, ifname: &str, setting: &str) -> String {
    format!("{family}/conf/{ifname}/{setting}")
}

/// Whether packets are forwarded between interfaces for IPv6 at this one: then it speaks as a router in neighbour
/// discovery. `false` where IPv6 is absent.
pub fn is_ipv6_router(ifname: &str) -> bool {
    read(&of_interface("ipv6", ifname, "forwarding")).is_ok_and(|value| value != 0)
}
