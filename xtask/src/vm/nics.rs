//! NICs of the guest on one hub of the emulator, and their cables, which a program in the guest may have pulled.
//!
//! The guest sees real carrier: it changes when the emulator is told so (`set_link`). A line `NIC off` or `NIC on`, written
//! to the guest's `/dev/cables`, is passed on and answered by a line `ok` or `error: ..`; nothing else is.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::machine::with_path;

#[cfg(test)]
mod tests;

/// How long QEMU may take to make its sockets.
const PATIENCE: Duration = Duration::from_secs(10);

/// The NICs of a guest: `nic0`, `nic1`, .. and `peer`. Their MAC addresses end in `c0`, `c1`, .. and `ff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Nics {
    count: u8,
}

impl Nics {
    /// How many there may be beside the peer's.
    pub(super) const MOST: u8 = 8;

    /// So many NICs, and one more for a peer; no hub at all for none.
    pub(super) const fn new(count: u8) -> Self {
        Self { count }
    }

    /// What the emulator is told. Sockets are made in `directory`.
    pub(super) fn arguments(self, directory: &Path) -> Vec<OsString> {
        if self.count == 0 {
            return Vec::new();
        }
        let mut arguments = Vec::new();
        for (name, last) in self.names() {
            arguments.push("-netdev".into());
            arguments.push(format!("hubport,id=port-{name},hubid=0").into());
            arguments.push("-device".into());
            let mac = format!("52:54:00:1b:00:{last:02x}");
            // Without a boot ROM, which would cost time and is one file more.
            let device = format!("virtio-net-pci,id={name},netdev=port-{name},mac={mac},romfile=");
            arguments.push(device.into());
        }
        for channel in [MONITOR, CABLES] {
            arguments.push("-chardev".into());
            let socket = format!("socket,id={channel},server=on,wait=off,path=");
            arguments.push(with_path(&socket, &directory.join(channel)));
        }
        let rest = [
            "-mon",
            &format!("chardev={MONITOR},mode=control"),
            "-device",
            &format!("virtserialport,chardev={CABLES},name={CABLES}"),
        ];
        arguments.extend(rest.map(OsString::from));
        arguments
    }

    /// Pulls cables as the guest says, until the emulator ends.
    pub(super) fn attend(self, directory: &Path) {
        if self.count == 0 {
            return;
        }
        let (monitor, guest) = (directory.join(MONITOR), directory.join(CABLES));
        thread::spawn(move || {
            if let Err(why) = self.relay(&monitor, &guest) {
                eprintln!("the cables of the virtual machine cannot be pulled any more: {why}");
            }
        });
    }

    fn relay(self, monitor: &Path, guest: &Path) -> io::Result<()> {
        let mut monitor = Monitor::open(connect(monitor)?)?;
        let guest = connect(guest)?;
        for line in BufReader::new(guest.try_clone()?).lines() {
            let Ok(line) = line else { break };
            let answer = match self.order(&line) {
                Some(order) => monitor.ask(&order)?,
                None => format!("error: not `NIC on` or `NIC off`: {line}"),
            };
            if writeln!(&guest, "{answer}").is_err() {
                break; // the emulator has ended
            }
        }
        Ok(())
    }

    /// The monitor's command for a line of the guest.
    fn order(self, line: &str) -> Option<Value> {
        let (nic, state) = line.trim().split_once(' ')?;
        let (name, _) = self.names().find(|(name, _)| name == nic)?;
        let up = match state {
            "on" => true,
            "off" => false,
            _ => return None,
        };
        Some(json!({ "execute": "set_link", "arguments": { "name": name, "up": up } }))
    }

    /// The name of each NIC, and the last byte of its MAC address.
    fn names(self) -> impl Iterator<Item = (String, u8)> {
        (0..self.count)
            .map(|number| (format!("nic{number}"), 0xc0 + number))
            .chain([("peer".to_owned(), 0xff)])
    }
}

const MONITOR: &str = "monitor";
/// The channel's name in the guest, too.
const CABLES: &str = "cables";

/// The emulator's control channel: JSON, a line each way.
struct Monitor {
    stream: UnixStream,
    lines: io::Lines<BufReader<UnixStream>>,
}

impl Monitor {
    fn open(stream: UnixStream) -> io::Result<Self> {
        let lines = BufReader::new(stream.try_clone()?).lines();
        let mut monitor = Self { stream, lines };
        monitor.ask(&json!({ "execute": "qmp_capabilities" }))?;
        Ok(monitor)
    }

    /// Says `ok` or what the emulator objects to.
    fn ask(&mut self, command: &Value) -> io::Result<String> {
        writeln!(self.stream, "{command}")?;
        loop {
            let line = self.lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
            if let Some(answer) = answer(&line) {
                return Ok(answer);
            }
        }
    }
}

/// What a line of the monitor answers; nothing if it is an event or the greeting.
fn answer(line: &str) -> Option<String> {
    let said: Value = serde_json::from_str(line).ok()?;
    if let Some(error) = said.get("error") {
        return Some(format!("error: {}", error["desc"].as_str().unwrap_or("refused")));
    }
    said.get("return").map(|_| "ok".to_owned())
}

/// Connects as soon as somebody listens.
fn connect(path: &Path) -> io::Result<UnixStream> {
    let begin = Instant::now();
    loop {
        match UnixStream::connect(path) {
            Err(_) if begin.elapsed() < PATIENCE && path.as_os_str().len() < 108 => {
                thread::sleep(Duration::from_millis(20));
            }
            outcome => return outcome,
        }
    }
}
