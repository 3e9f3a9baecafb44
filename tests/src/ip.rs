//! ip(8) and bridge(8) in a namespace.

use std::{
    io::Write,
    net::IpAddr,
    process::{Output, Stdio},
};

use ipmp_common::member::Mac;
use serde_json::Value;

use crate::Netns;

impl Netns {
    /// Runs `ip ARGUMENTS` (split at blanks) and gives what it printed.
    pub fn ip(&self, arguments: &str) -> String {
        let output = self.try_ip(arguments);
        assert!(
            output.status.success(),
            "ip {arguments} in {}: {}",
            self.name(),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `ip ARGUMENTS`, which may fail.
    pub fn try_ip(&self, arguments: &str) -> Output {
        self.command("ip").args(arguments.split_whitespace()).output().expect("ip is installed")
    }

    /// Runs `ip -j -d ARGUMENTS` and gives the objects that it printed.
    pub fn ip_json(&self, arguments: &str) -> Vec<Value> {
        let text = self.ip(&format!("-j -d {arguments}"));
        if text.trim().is_empty() {
            return Vec::new();
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("ip -j {arguments}: {error}: {text}"))
    }

    /// Runs many `ip` commands, one a line, in one process.
    pub fn ip_batch(&self, lines: &str) {
        let mut child = self
            .command("ip")
            .args(["-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ip is installed");
        child
            .stdin
            .take()
            .expect("it is piped")
            .write_all(lines.as_bytes())
            .expect("ip reads its standard input");
        let output = child.wait_with_output().expect("ip ends");
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ip -batch in {}:\n{lines}{message}", self.name());
    }

    /// What `ip link show` tells about an interface.
    pub fn link(&self, name: &str) -> Value {
        self.ip_json(&format!("link show dev {name}")).swap_remove(0)
    }

    /// The neighbour cache's entry for `address` on `interface`: its MAC, if it has one that may be used.
    pub fn neighbour(&self, interface: &str, address: IpAddr) -> Option<Mac> {
        let entries = self.ip_json(&format!("neigh show {address} dev {interface}"));
        let entry = entries.first()?;
        let failed =
            entry["state"].as_array().is_some_and(|states| states.iter().any(|state| state == "FAILED"));
        entry["lladdr"].as_str().filter(|_| !failed).map(parse_mac)
    }

    /// The link-local address of an interface, once duplicate address detection is through with it.
    pub fn link_local(&self, interface: &str) -> Option<std::net::Ipv6Addr> {
        self.ip_json(&format!("-6 addr show dev {interface} scope link -tentative"))
            .iter()
            .flat_map(|link| link["addr_info"].as_array().into_iter().flatten())
            .find_map(|address| address["local"].as_str()?.parse().ok())
    }
}

/// A MAC address from its usual text.
pub fn parse_mac(text: &str) -> Mac {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = parts
            .next()
            .and_then(|part| u8::from_str_radix(part, 16).ok())
            .unwrap_or_else(|| panic!("{text} is not a MAC address"));
    }
    Mac { bytes }
}
