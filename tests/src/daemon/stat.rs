//! Rows of the status views.

use std::net::IpAddr;

use serde_json::Value;

use super::Daemon;

/// The row of a group in `stat -g`.
pub fn group(daemon: &Daemon, group: &str) -> Option<Value> {
    row(daemon, "-g", "groups", "group", group)
}

/// The row of an interface in `stat -i`.
pub fn interface(daemon: &Daemon, interface: &str) -> Option<Value> {
    row(daemon, "-i", "interfaces", "interface", interface)
}

/// The row of an address in `stat -a`.
pub fn address(daemon: &Daemon, address: IpAddr) -> Option<Value> {
    row(daemon, "-a", "addresses", "address", &address.to_string())
}

/// The flags of an interface in `stat -i`; empty if it is not shown.
pub fn flags(daemon: &Daemon, name: &str) -> String {
    interface(daemon, name).and_then(|row| row["flags"].as_str().map(str::to_owned)).unwrap_or_default()
}

/// The member that is nominated for IPv4 broadcasts (flag `b`) in `stat -i`.
pub fn nominee(daemon: &Daemon) -> Option<String> {
    let all = daemon.json(&["stat", "-i"]);
    let row = all["interfaces"]
        .as_array()?
        .iter()
        .find(|row| row["flags"].as_str().is_some_and(|flags| flags.contains('b')))?;
    row["interface"].as_str().map(str::to_owned)
}

fn row(daemon: &Daemon, view: &str, list: &str, key: &str, value: &str) -> Option<Value> {
    let all = daemon.json(&["stat", view]);
    all[list].as_array()?.iter().find(|row| row[key] == value).cloned()
}
