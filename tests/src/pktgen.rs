//! The kernel's packet generator, `/proc/net/pktgen`.

use std::{fs, net::IpAddr, path::PathBuf, time::Duration};

use ipmp_common::member::Mac;

use crate::Netns;

#[cfg(test)]
mod tests;

/// The generator's thread on the first processor.
const THREAD: &str = "kpktgend_0";

/// What starts the generation, and returns when it is over.
const CONTROL: &str = "pgctrl";

/// UDP packets that one interface sends, of random source ports.
#[derive(Clone, Copy, Debug)]
pub struct Packets {
    /// How many.
    pub count: u32,
    /// Length in bytes with the Ethernet header; IPv6 makes them longer if they would not hold their headers.
    pub size: u32,
    /// MAC address that they go to. They come from the interface's own.
    pub to_mac: Mac,
    /// Source address.
    pub from: IpAddr,
    /// Destination address, of the same family.
    pub to: IpAddr,
    /// Destination port.
    pub port: u16,
}

/// What the packets are put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The interface's queueing discipline and the programs at its egress, as a socket's packets.
    Queue,
    /// The interface's driver.
    Driver,
}

/// What a generation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Packets that were sent.
    pub packets: u64,
    /// How long it took.
    pub time: Duration,
}

impl Packets {
    /// Lets `interface` send them and waits until it has. One generation at a time in a namespace.
    pub fn send(&self, netns: &Netns, interface: &str, entry: Entry) -> Generated {
        netns.run(|| {
            write(THREAD, "rem_device_all");
            write(THREAD, &format!("add_device {interface}"));
            for command in self.commands(entry) {
                write(interface, &command);
            }
            write(CONTROL, "start");
            let report = fs::read_to_string(path(interface)).unwrap_or_default();
            write(THREAD, "rem_device_all");
            generated(&report).unwrap_or_else(|| panic!("pktgen on {interface} has not succeeded:\n{report}"))
        })
    }

    fn commands(&self, entry: Entry) -> Vec<String> {
        let Self { count, size, to_mac, from, to, port } = self;
        let mut commands = vec![
            format!("count {count}"),
            format!("pkt_size {size}"),
            "clone_skb 0".to_owned(),
            "delay 0".to_owned(),
            format!("dst_mac {to_mac}"),
            "udp_src_min 1024".to_owned(),
            "udp_src_max 65535".to_owned(),
            "flag UDPSRC_RND".to_owned(),
            format!("udp_dst_min {port}"),
            format!("udp_dst_max {port}"),
        ];
        match to {
            IpAddr::V4(_) => {
                commands.extend([format!("src_min {from}"), format!("src_max {from}"), format!("dst {to}")]);
            }
            // Receivers refuse IPv6 without a checksum.
            IpAddr::V6(_) => {
                commands.extend([format!("src6 {from}"), format!("dst6 {to}"), "flag UDPCSUM".to_owned()]);
            }
        }
        if entry == Entry::Queue {
            commands.push("xmit_mode queue_xmit".to_owned());
        }
        commands
    }
}

/// A file of the generator in the namespace of this thread (`/proc/net` is that of the process).
fn path(name: &str) -> PathBuf {
    PathBuf::from("/proc/thread-self/net/pktgen").join(name)
}

fn write(name: &str, command: &str) {
    // Some of the files take the last character for a line end, whatever it is.
    fs::write(path(name), format!("{command}\n")).unwrap_or_else(|error| {
        panic!("pktgen does not take {command:?} for {name}: {error}; is the module pktgen loaded?")
    });
}

/// Reads `Result: OK: 39190(c39190+d0) usec, 20000 (60byte,0frags)` in an interface's file.
fn generated(report: &str) -> Option<Generated> {
    let result = report.split_once("Result: OK: ")?.1;
    let (micros, rest) = result.split_once('(')?;
    let packets = rest.split_once("usec, ")?.1.split(' ').next()?;
    Some(Generated { packets: packets.parse().ok()?, time: Duration::from_micros(micros.parse().ok()?) })
}
